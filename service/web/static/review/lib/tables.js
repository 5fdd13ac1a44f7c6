// Tables, and the site chooser that most pages begin with. For the pages beside the queue.

import { el } from "./dom.js";
import { say } from "./language.js";

/** @import { Child } from "./dom.js" */

/**
 * A table. `heads` are [name, class]; `rows` are lists of nodes or strings.
 *
 * @param {[name: string, kind?: string][]} heads
 * @param {Child[][]} rows
 * @param {string} [caption]
 */
export function table(heads, rows, caption = "") {
  /**
   * @param {Child} content
   * @param {number} index
   */
  const cell = (content, index) => el("td", { class: heads[index][1] ?? null }, content);
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption || heads.map(([name]) => name).join(", ") },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map(([name, kind]) => el("th", { scope: "col", class: kind ?? null, text: name })),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) => el("tr", {}, row.map(cell))),
      ),
    ),
  );
}

/**
 * A chooser of a site; `all`: what choosing none is called, "" when one must be chosen.
 *
 * @param {string[]} sites
 * @param {string} chosen
 * @param {(site: string) => unknown} change
 * @param {string} [all]
 */
export function siteChooser(sites, chosen, change, all = say("All sites")) {
  /** @type {HTMLSelectElement} */
  const select = el(
    "select",
    { "aria-label": say("Site"), on: { change: () => change(select.value) } },
    all ? new Option(all, "") : null,
    sites.map((site) => new Option(site, site, false, site === chosen)),
  );
  select.value = chosen;
  return select;
}

/**
 * A page's head: title, and what stands right of it.
 *
 * @param {string} title
 * @param {(Node | null)[]} tools
 */
export function sheetHead(title, ...tools) {
  return el(
    "div",
    { class: "sheet-head" },
    el("h1", { tabindex: "-1", text: title }),
    el("div", { class: "row-of" }, tools),
  );
}
