// The lists with their counts, and saved views. For the queue page.

import { el, icon, put } from "./dom.js";
import { LIST_GROUPS, count, listName } from "./words.js";

const ICONS = {
  flagged: "inbox", escalated: "up", snoozed: "clock", reported: "flag", appealed: "scale", later: "eye", teaches: "pin", audit: "hidden",
  decided: "person", approved: "check", rejected: "ban",
}; // prettier-ignore

/** The rail. `href(filters)` makes an address; `forget(view)` takes a saved view away. */
export class Rail {
  constructor({ href, forget }) {
    this.href = href;
    this.forget = forget;
    this.node = el("nav", { class: "rail", "aria-label": "Lists" });
  }

  show(filters, counts, views) {
    const viewed = views.find((view) => same(view.query, filters));
    put(
      this.node,
      LIST_GROUPS.map((group) => el("ul", {}, group.map((list) => this.item(list, filters.list === list && !viewed, counts[list])))),
      views.length ? el("h2", { text: "Saved views" }) : null,
      views.length ? el("ul", {}, views.map((view) => this.view(view, view === viewed))) : null,
    );
  }

  item(list, current, number) {
    return el("li", {}, el("a", { href: this.href({ list }), "aria-current": current ? "page" : null }, icon(ICONS[list]), el("span", { class: "rail-name", text: listName(list) }), number ? el("span", { class: "count", text: count(number) }) : null));
  }

  view(view, current) {
    return el(
      "li",
      { class: "saved" },
      el("a", { href: this.href(view.query), "aria-current": current ? "page" : null }, icon("pin"), el("span", { class: "rail-name", text: view.name })),
      el("button", { type: "button", class: "plain icon-only", "aria-label": `Remove the view ${view.name}`, on: { click: () => this.forget(view) } }, icon("cross")),
    );
  }
}

function same(query, filters) {
  const one = Object.entries({ list: "flagged", ...query }).filter(([, value]) => value);
  return one.length === Object.keys(filters).length && one.every(([name, value]) => filters[name] === value);
}
