// A list of many rows of one height, of which only those in sight are in the page. For the queue.

import { el } from "./dom.js";

const BEYOND = 8; // rows kept on either side of what is in sight

/**
 * A windowed list. `draw(item, index)` makes a row's content; `near` is called when the end comes into sight. Rows are as
 * high as the style sheet's `--row` says, which follows the reader's font size.
 */
export class Rows {
  constructor({ label, draw, near, pick }) {
    this.items = [];
    this.total = 0;
    this.current = -1;
    this.draw = draw;
    this.near = near;
    this.list = el("ul", { class: "rows", "aria-label": label });
    this.node = el("div", { class: "rows-scroll", tabindex: "-1" }, this.list);
    this.node.addEventListener("scroll", () => this.later(), { passive: true });
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row && !event.target.closest("input, label")) pick(Number(row.dataset.index));
    });
    this.observer = new ResizeObserver(() => this.later());
    this.observer.observe(this.node);
  }

  /** Show other items, or the same ones changed. */
  show(items, total, current) {
    Object.assign(this, { items, total, current });
    this.paint();
  }

  /** Bring a row into sight, moving as little as it takes. */
  reveal(index) {
    const height = this.height();
    const top = index * height;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + height > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = top + height - this.node.clientHeight;
  }

  /** Keep what is in sight in its place when rows were put in or taken out above it. */
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
    const focused = document.activeElement?.closest?.(".rows li")?.dataset.id;
    const rows = [];
    for (let index = first; index < last; index += 1) rows.push(this.row(index));
    this.list.style.paddingTop = `${first * height}px`;
    this.list.style.paddingBottom = `${(this.items.length - last) * height}px`;
    this.list.replaceChildren(...rows);
    if (focused) this.list.querySelector(`li[data-id="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
    if (last >= this.items.length - BEYOND && this.items.length) this.near();
  }

  row(index) {
    const item = this.items[index];
    const options = { "aria-setsize": Math.max(this.total, this.items.length), "aria-posinset": index + 1, data: { index, id: item.id } };
    return el("li", { class: index === this.current ? "row current" : "row", ...options }, this.draw(item, index));
  }

  height() {
    return this.measured || (this.measured = Number.parseFloat(getComputedStyle(this.list).getPropertyValue("--row")) * Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  }
}
