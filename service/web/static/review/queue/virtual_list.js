// A list of many rows of one height, of which only those in sight are in the page. For the queue.

import { el } from "../lib/dom.js";

/** @import { Child } from "../lib/dom.js" */

const BEYOND = 8; // rows kept on either side of what is in sight

/**
 * A windowed list. `draw(item)` makes a row's content, and is asked again only when `signOf(item)` says that it would look otherwise;
 * `near` is called when the end comes into sight. Rows are as high as the style sheet's `--row` says, which follows the reader's
 * font size.
 *
 * @template {{ id: string }} Item
 */
export class VirtualList {
  /**
   * @param {{
   *   label: string, draw: (item: Item) => Child, signOf: (item: Item) => string, near: () => void
   * }} options
   */
  constructor({ label, draw, signOf, near }) {
    /** @type {Item[]} */
    this.items = [];
    this.total = 0;
    this.current = -1;
    this.frame = 0;
    this.measured = 0;
    /** @type {Map<string, { node: HTMLElement, sign: string }>} */
    this.drawn = new Map(); // what is in the page, by its id
    this.draw = draw;
    this.signOf = signOf;
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

  /** How far down one is; at the current row, while the list is not on the screen. */
  get top() {
    return this.node.clientHeight ? this.node.scrollTop : Math.max(0, this.current) * this.height();
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
    const before = this.drawn;
    this.drawn = new Map();
    const rows = [];
    for (let index = first; index < last; index += 1) rows.push(this.row(index, before));
    this.list.style.paddingTop = `${first * height}px`;
    this.list.style.paddingBottom = `${(this.items.length - last) * height}px`;
    this.place(rows);
    if (held && focused && !this.list.contains(document.activeElement)) {
      const place = `li[data-id="${CSS.escape(focused)}"] ${held.tagName}`;
      /** @type {HTMLElement | null} */
      const same = this.list.querySelector(place) ?? this.list.querySelector("li.current a"); // it has left the list
      same?.focus({ preventScroll: true });
    }
    if (last >= this.items.length - BEYOND && this.items.length) this.near();
  }

  /**
   * Have these rows in the page, in this order, and touch no others: whatever is taken out and put in again is laid out anew.
   *
   * @param {HTMLElement[]} rows
   */
  place(rows) {
    const wanted = new Set(rows);
    for (const one of this.list.querySelectorAll("li")) if (!wanted.has(one)) one.remove();
    let at = this.list.firstElementChild;
    for (const row of rows) {
      if (row === at) at = at.nextElementSibling;
      else this.list.insertBefore(row, at);
    }
  }

  /**
   * @param {number} index
   * @param {Map<string, { node: HTMLElement, sign: string }>} before what was in the page
   */
  row(index, before) {
    const item = this.items[index];
    const sign = this.signOf(item);
    const known = before.get(item.id);
    const node = known?.sign === sign ? known.node : el("li", { data: { id: item.id } }, this.draw(item));
    this.drawn.set(item.id, { node, sign });
    node.className = index === this.current ? "row current" : "row";
    node.dataset.index = String(index);
    node.ariaSetSize = String(Math.max(this.total, this.items.length));
    node.ariaPosInSet = String(index + 1);
    return node;
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
