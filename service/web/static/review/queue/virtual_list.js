// A list of many rows of one height, of which only those in sight are in the page. For the queue.

import { el } from "../lib/dom.js";

/** @import { Child } from "../lib/dom.js" */

const BEYOND = 8; // rows kept on either side of what is in sight

/**
 * A windowed list. `draw(item, index)` makes a row's content; `near` is called when the end comes into sight. Rows are as
 * high as the style sheet's `--row` says, which follows the reader's font size.
 *
 * @template {{ id: string }} Item
 */
export class VirtualList {
  /** @param {{ label: string, draw: (item: Item, index: number) => Child, near: () => void }} options */
  constructor({ label, draw, near }) {
    /** @type {Item[]} */
    this.items = [];
    this.total = 0;
    this.current = -1;
    this.frame = 0;
    this.measured = 0;
    this.draw = draw;
    this.near = near;
    this.list = el("ul", { class: "rows", "aria-label": label });
    this.node = el("div", { class: "rows-scroll", tabindex: "-1" }, this.list);
    this.node.addEventListener("scroll", () => this.later(), { passive: true });
    this.observer = new ResizeObserver(() => this.later());
    this.observer.observe(this.node);
  }

  /**
   * Show other items, or the same ones changed.
   *
   * @param {Item[]} items
   * @param {number} total
   * @param {number} current
   */
  show(items, total, current) {
    this.items = items;
    this.total = total;
    this.current = current;
    this.paint();
  }

  /**
   * Bring a row into sight, moving as little as it takes.
   *
   * @param {number} index
   */
  reveal(index) {
    const height = this.height();
    const top = index * height;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + height > this.node.scrollTop + this.node.clientHeight)
      this.node.scrollTop = top + height - this.node.clientHeight;
  }

  /**
   * Keep what is in sight in its place when rows were put in or taken out above it.
   *
   * @param {number} rows
   */
  shift(rows) {
    this.node.scrollTop += rows * this.height();
  }

  later() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  paint() {
    const height = this.height();
    const { scrollTop: top, clientHeight: tall } = this.node;
    const first = Math.max(0, Math.floor(top / height) - BEYOND);
    const last = Math.min(this.items.length, Math.ceil((top + tall) / height) + BEYOND);
    const held = document.activeElement?.closest(".rows li") ? document.activeElement : null;
    const focused = /** @type {HTMLElement | null} */ (held?.closest("li") ?? null)?.dataset.id;
    const rows = [];
    for (let index = first; index < last; index += 1) rows.push(this.row(index));
    this.list.style.paddingTop = `${first * height}px`;
    this.list.style.paddingBottom = `${(this.items.length - last) * height}px`;
    this.list.replaceChildren(...rows);
    if (held && focused) {
      const place = `li[data-id="${CSS.escape(focused)}"] ${held.tagName}`;
      /** @type {HTMLElement | null} */
      const same = this.list.querySelector(place) ?? this.list.querySelector("li.current a"); // it has left the list
      same?.focus({ preventScroll: true });
    }
    if (last >= this.items.length - BEYOND && this.items.length) this.near();
  }

  /** @param {number} index */
  row(index) {
    const item = this.items[index];
    const options = {
      "aria-setsize": Math.max(this.total, this.items.length),
      "aria-posinset": index + 1,
      data: { index, id: item.id },
    };
    return el("li", { class: index === this.current ? "row current" : "row", ...options }, this.draw(item, index));
  }

  height() {
    return (
      this.measured ||
      (this.measured =
        Number.parseFloat(getComputedStyle(this.list).getPropertyValue("--row")) *
        Number.parseFloat(getComputedStyle(document.documentElement).fontSize))
    );
  }
}
