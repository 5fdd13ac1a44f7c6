// The lists with their counts, and saved views. For the queue page.
import { el, icon, put, renew, unfolder } from "../lib/dom.js";
import { LIST_GROUPS, listName } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { count } from "../lib/numbers.js";

/** @import { Picture } from "../lib/dom.js" */

/** @type {Record<Exclude<keyof Api.ListCounts, "mine">, Picture>} */
const ICONS = {
  flagged: "inbox",
  escalated: "up",
  snoozed: "clock",
  reported: "flag",
  appealed: "scale",
  later: "eye",
  audit: "hidden",
  decided: "person",
  approved: "check",
  rejected: "ban",
};

/** The sidebar. `href(filters)` makes an address; `forget(view)` takes a saved view away. */
export class Sidebar {
  /** @param {{ href: (filters: Api.Query) => string, forget: (view: Api.View) => void }} options */
  constructor({ href, forget }) {
    this.href = href;
    this.forget = forget;
    this.lists = el("nav", { "aria-label": say("Lists") });
    this.button = unfolder(this.lists);
    this.node = el("div", { class: "sidebar" }, this.button, this.lists);
  }

  /**
   * @param {Api.Query} filters
   * @param {Partial<Api.ListCounts>} counts
   * @param {Api.View[]} views
   */
  show(filters, counts, views) {
    const viewed = views.find((view) => same(view.query, filters));
    renew(
      this.lists,
      LIST_GROUPS.map((group) =>
        el(
          "ul",
          {},
          group.map((list) => {
            const mine = list === "escalated" && filters.handed === "me";
            return [
              this.item(list, filters.list === list && !mine && !viewed, counts[list]),
              list === "escalated" ? this.mine(mine && !viewed, counts.mine) : null,
            ];
          }),
        ),
      ),
      views.length ? el("h2", { text: say("Saved views") }) : null,
      views.length
        ? el(
            "ul",
            {},
            views.map((view) => this.view(view, view === viewed)),
          )
        : null,
    );
    const current = this.lists.querySelector("[aria-current]");
    put(
      this.button,
      ...(current ? [...current.cloneNode(true).childNodes] : [listName(filters.list ?? "")]),
      icon("down"),
    );
  }

  /**
   * @param {Exclude<keyof Api.ListCounts, "mine">} list
   * @param {boolean} current
   * @param {number} [number]
   */
  item(list, current, number) {
    return this.link({ href: this.href({ list }), picture: ICONS[list], name: listName(list), current, number });
  }

  /** @param {{ href: string, picture: Picture, name: string, current: boolean, number?: number }} link */
  link({ href, picture, name, current, number }) {
    return el(
      "li",
      {},
      el(
        "a",
        { href, "aria-current": current ? "page" : null, data: { name } },
        icon(picture),
        el("span", { class: "sidebar-name", text: name }),
        number ? el("span", { class: "count", text: count(number) }) : null,
      ),
    );
  }

  /**
   * What was handed to whoever looks: a part of what is escalated.
   *
   * @param {boolean} current
   * @param {number} [number]
   */
  mine(current, number) {
    const href = this.href({ list: "escalated", handed: "me" });
    return this.link({ href, picture: "person", name: say("Mine"), current, number });
  }

  /**
   * @param {Api.View} view
   * @param {boolean} current
   */
  view(view, current) {
    return el(
      "li",
      { class: "saved" },
      el(
        "a",
        { href: this.href(view.query), "aria-current": current ? "page" : null },
        icon("pin"),
        el("span", { class: "sidebar-name", text: view.name }),
      ),
      el(
        "button",
        {
          type: "button",
          class: "plain icon-only",
          "aria-label": say("Remove the view {name}", { name: view.name }),
          on: { click: () => this.forget(view) },
        },
        icon("cross"),
      ),
    );
  }
}

/**
 * @param {Api.Query} query
 * @param {Api.Query} filters
 */
function same(query, filters) {
  const one = Object.entries({ list: "flagged", ...query }).filter(([, value]) => value);
  return (
    one.length === Object.keys(filters).length &&
    one.every(([name, value]) => /** @type {Record<string, unknown>} */ (filters)[name] === value)
  );
}
