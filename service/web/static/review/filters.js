// Search, facets and chips of what is filtered. For the queue page.

import { calm } from "./characters.js";
import { el, icon, put } from "./dom.js";
import { keyHint } from "./keys.js";
import { preference } from "./preferences.js";
import { count, labelName, reasonName, sentence } from "./words.js";

const FACETS = {
  site: "Site", label: "Score", reason: "Reason", signal: "Evidence", rule: "Rule", author: "Author", campaign: "Campaign",
  language: "Language", model: "Model",
}; // prettier-ignore
const SPANS = { "": "Any time", 1: "Last day", 7: "Last 7 days", 30: "Last 30 days" };
const FEW = 6; // values of a facet shown at first

/** How a filter's value is called. */
export function valueName(facet, value) {
  if (facet === "label") return labelName(value);
  if (facet === "reason") return reasonName(value);
  if (facet === "signal") return sentence(value);
  if (facet === "language") return language(value);
  return facet === "author" ? `${value.slice(0, 3)}…${value.slice(-6)}` : value;
}

/** The head of the queue. `change(filters)` is called with what is wanted; `open(true)` when facets come into sight. */
export class Filters {
  constructor({ change, open, saveView, decideAll }) {
    this.change = change;
    this.open = open;
    this.filters = {};
    this.search = el("input", { type: "search", placeholder: "Search text and names", "aria-label": "Search text and names", autocomplete: "off", spellcheck: "false", maxlength: "200" });
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      if (!this.search.value) this.search.blur();
      this.search.value = "";
      this.set({ q: "" });
    });
    this.button = el("button", { type: "button", class: "quiet", "aria-expanded": "false", "aria-controls": "facets", on: { click: () => this.toggle() } }, icon("filter"), "Filters", keyHint("filters"));
    this.chips = el("div", { class: "chips" });
    this.panel = el("div", { id: "facets", class: "facets", hidden: true, role: "group", "aria-label": "Filters" });
    this.node = el(
      "div",
      { class: "queue-head" },
      el("form", { class: "search", role: "search", on: { submit: (event) => (event.preventDefault(), this.set({ q: this.search.value.trim() })) } }, icon("search"), this.search, keyHint("search")),
      el("div", { class: "queue-tools" }, this.button, this.chips),
      this.panel,
    );
    Object.assign(this, { saveView, decideAll });
  }

  /** Show what is filtered, and the facets' values when there are some. */
  show(filters, facets, listing) {
    if (document.activeElement !== this.search || filters.q !== this.filters.q) this.search.value = filters.q ?? "";
    this.filters = filters;
    const chips = Object.entries(filters).filter(([name]) => name !== "list");
    put(
      this.chips,
      chips.map(([name, value]) => this.chip(name, value, listing)),
      chips.length ? el("button", { type: "button", class: "link", on: { click: () => this.change({ list: filters.list }) } }, "Clear") : null,
    );
    const now = JSON.stringify([filters, facets, preference("blind")]);
    if (this.panel.hidden || now === this.filled) return;
    this.filled = now;
    this.fill(facets);
  }

  toggle() {
    this.panel.hidden = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", String(!this.panel.hidden));
    this.filled = "";
    this.open(!this.panel.hidden);
    if (!this.panel.hidden) this.panel.querySelector("button, select")?.focus();
  }

  focus() {
    this.search.focus();
    this.search.select();
  }

  set(more) {
    const filters = { ...this.filters, ...more };
    for (const [name, value] of Object.entries(filters)) if (!value) delete filters[name];
    this.change(filters);
  }

  chip(name, value) {
    const shown = name === "q" ? `“${value}”` : name === "since" ? `since ${new Date(value).toLocaleDateString("en-GB")}` : valueName(name, value);
    return el("button", { type: "button", class: "filter-chip", title: `Remove this filter: ${FACETS[name] ?? "search"}`, on: { click: () => this.set({ [name]: "" }) } }, el("span", { text: shown }), icon("cross"));
  }

  fill(facets) {
    if (!facets) {
      put(this.panel, el("p", { class: "hint", text: "Counting…" }));
      return;
    }
    const opened = this.panel.querySelector("details[open]")?.dataset.facet;
    const groups = Object.entries(FACETS).filter(([name]) => facets[name]?.length);
    put(
      this.panel,
      el("div", { class: "facet-row" }, this.time(), el("button", { type: "button", class: "quiet", on: { click: this.saveView } }, icon("pin"), "Save view")),
      this.decideAll ? el("button", { type: "button", class: "quiet", on: { click: this.decideAll } }, icon("copies"), "Decide all that match…") : null,
      facets.complete === false ? el("p", { class: "hint", text: `Counted among the first ${count(facets.counted)} of this list.` }) : null,
      groups.length ? groups.map(([name, title], index) => this.facet(name, title, facets[name], opened ? name === opened : index < 3)) : el("p", { class: "hint", text: "Nothing here to divide." }),
    );
  }

  facet(name, title, values, open) {
    const buttons = values.map(({ value, count: number, text }) => {
      const chosen = this.filters[name] === value;
      return el("li", {}, el("button", { type: "button", class: "facet", "aria-pressed": String(chosen), on: { click: () => this.set({ [name]: chosen ? "" : value }) } }, el("span", { dir: "auto", text: (name === "author" && !preference("blind") && calm(text)) || valueName(name, value) }), el("span", { class: "count", text: count(number) })));
    });
    const list = el("ul", {}, buttons.slice(0, FEW));
    const rest = buttons.slice(FEW);
    const more = rest.length ? el("button", { type: "button", class: "link", on: { click: () => (list.append(...rest), more.remove()) } }, `${rest.length} more`) : null;
    return el("details", { open, data: { facet: name } }, el("summary", {}, title), list, more);
  }

  time() {
    const select = el("select", { "aria-label": "Time", on: { change: () => this.set({ since: select.value ? new Date(Date.now() - select.value * 86_400_000).toISOString() : "" }) } });
    const days = this.filters.since ? Math.round((Date.now() - Date.parse(this.filters.since)) / 86_400_000) : "";
    for (const value of ["", 1, 7, 30]) select.append(new Option(SPANS[value], value, false, value === days));
    return select;
  }
}

const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** "de" -> "German". */
export function language(code) {
  try {
    return code ? languages.of(code) : "Unknown";
  } catch {
    return code;
  }
}
