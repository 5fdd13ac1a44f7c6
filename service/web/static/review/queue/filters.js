// Search, facets and chips of what is filtered. For the queue page.
import { el, icon, put, renew, unfolding } from "../lib/dom.js";
import { keyHint } from "../lib/keys.js";
import { byActor, labelName, listName, reasonName, sentence } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { count, date, displayName } from "../lib/numbers.js";
import { preference } from "../lib/preferences.js";
import { calm } from "../text/unicode.js";

/** @import { ListStore } from "./list_store.js" */

/** @typedef {Exclude<keyof Api.Facets, "counted" | "complete">} Facet */

/** @type {Record<Facet, string>} */
const FACETS = {
  site: say("Site"),
  label: say("Score"),
  reason: say("Reason"),
  signal: say("Evidence"),
  rule: say("Rule"),
  author: say("Author"),
  campaign: say("Campaign"),
  language: say("Language"),
  model: say("Model"),
};
/** @type {Record<string, (value: string) => string>} What is no facet. */
const CHIPS = {
  handed: () => say("handed to me"),
  by: (value) => say("decided {by}", { by: byActor(value) }),
};
/** @type {[days: string, name: string][]} */
const SPANS = [
  ["", say("Any time")],
  ["1", say("Last day")],
  ["7", say("Last 7 days")],
  ["30", say("Last 30 days")],
];
const FACET_NAMES = /** @type {Facet[]} */ (Object.keys(FACETS));
const FEW = 6; // values of a facet shown at first

/**
 * How a filter's value is called.
 *
 * @param {string} facet
 * @param {string} value
 */
export function valueName(facet, value) {
  if (facet === "label") return labelName(value);
  if (facet === "reason") return reasonName(value);
  if (facet === "signal") return sentence(value);
  if (facet === "language") return language(value);
  return facet === "author" ? `${value.slice(0, 3)}…${value.slice(-6)}` : value;
}

/** The head of the queue. `change(filters)` is called with what is wanted; `open(true)` when facets come into sight. */
export class Filters {
  /**
   * @param {{
   * change: (filters: Api.Query) => void, open: (on: boolean) => void, saveView: () => void, decideAll: (() => void) | null
   * }} options
   */
  constructor({ change, open, saveView, decideAll }) {
    this.change = change;
    this.open = open;
    this.saveView = saveView;
    this.decideAll = decideAll;
    /** @type {Api.Query} */
    this.filters = {};
    this.filled = ""; // of what the panel was made
    this.search = el("input", {
      type: "search",
      placeholder: say("Search text and names"),
      "aria-label": say("Search text and names"),
      autocomplete: "off",
      spellcheck: "false",
      maxlength: "200",
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      if (!this.search.value) this.search.blur();
      this.search.value = "";
      this.set({ q: "" });
    });
    this.button = el(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-expanded": "false",
        "aria-controls": "facets",
        on: { click: () => this.toggle() },
      },
      icon("filter"),
      say("Filters"),
      keyHint("filters"),
    );
    this.chips = el("div", { class: "chips" });
    this.panel = el("div", {
      id: "facets",
      class: "facets",
      hidden: true,
      role: "group",
      "aria-label": say("Filters"),
    });
    this.node = el(
      "div",
      { class: "queue-head" },
      el(
        "form",
        {
          class: "search",
          role: "search",
          on: { submit: (event) => (event.preventDefault(), this.set({ q: this.search.value.trim() })) },
        },
        icon("search"),
        this.search,
        keyHint("search"),
      ),
      el("div", { class: "queue-tools" }, this.button, this.chips),
      this.panel,
    );
  }

  /**
   * Show what is filtered, and the facets' values when there are some.
   *
   * @param {Api.Query} filters
   * @param {Api.Facets | null} facets
   */
  show(filters, facets) {
    if (document.activeElement !== this.search || filters.q !== this.filters.q) this.search.value = filters.q ?? "";
    this.filters = filters;
    const chips = Object.entries(filters).filter(([name]) => name !== "list");
    const held = this.chips.contains(document.activeElement);
    renew(
      this.chips,
      chips.map(([name, value]) => this.chip(name, String(value))),
      chips.length
        ? el(
            "button",
            { type: "button", class: "link", on: { click: () => this.change({ list: filters.list }) } },
            say("Clear"),
          )
        : null,
    );
    if (held && !this.chips.contains(document.activeElement)) this.button.focus(); // the filter is gone
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
    if (!this.panel.hidden) /** @type {HTMLElement | null} */ (this.panel.querySelector("button, select"))?.focus();
  }

  focus() {
    this.search.focus();
    this.search.select();
  }

  /** @param {Api.Query} more */
  set(more) {
    const kept = Object.entries({ ...this.filters, ...more }).filter(([, value]) => value);
    this.change(Object.fromEntries(kept));
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  chip(name, value) {
    const shown =
      name === "q"
        ? `“${value}”`
        : name === "since"
          ? say("since {day}", { day: date(value) })
          : (CHIPS[name]?.(value) ?? valueName(name, value));
    return el(
      "button",
      {
        type: "button",
        class: "filter-chip",
        title: say("Remove this filter: {name}", { name: FACETS[/** @type {Facet} */ (name)] ?? say("search") }),
        on: { click: () => this.set({ [name]: "" }) },
      },
      el("span", { text: shown }),
      icon("cross"),
    );
  }

  /** @param {Api.Facets | null} facets */
  fill(facets) {
    if (!facets) {
      put(this.panel, el("p", { class: "hint", text: say("Counting…") }));
      return;
    }
    const groups = FACET_NAMES.filter((name) => facets[name]?.length);
    renew(
      this.panel,
      el(
        "div",
        { class: "facet-row" },
        this.time(),
        el("button", { type: "button", class: "quiet", on: { click: this.saveView } }, icon("pin"), say("Save view")),
      ),
      this.decideAll
        ? el(
            "button",
            { type: "button", class: "quiet", on: { click: this.decideAll } },
            icon("copies"),
            say("Decide all that match…"),
          )
        : null,
      facets.complete === false
        ? el("p", {
            class: "hint",
            text: say("Counted among the first {count} of this list.", { count: facets.counted ?? 0 }),
          })
        : null,
      groups.length
        ? groups.map((name, index) => this.facet(name, facets[name], index < 3))
        : el("p", { class: "hint", text: say("Nothing here to divide.") }),
    );
  }

  /**
   * @param {Facet} name
   * @param {Api.FacetValue[]} values
   * @param {boolean} open
   */
  facet(name, values, open) {
    const buttons = values.map(({ value, count: number, text }) => {
      const chosen = this.filters[name] === value;
      return el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            class: "facet",
            "aria-pressed": String(chosen),
            data: { name: `${name}:${value}` },
            on: { click: () => this.set({ [name]: chosen ? "" : value }) },
          },
          el("span", {
            dir: "auto",
            text: (name === "author" && !preference("blind") && calm(text)) || valueName(name, value),
          }),
          el("span", { class: "count", text: count(number) }),
        ),
      );
    });
    return el(
      "details",
      { open, data: { facet: name, name } },
      el("summary", {}, FACETS[name]),
      unfolding({}, buttons, FEW),
    );
  }

  time() {
    /** @type {HTMLSelectElement} */
    const select = el("select", {
      "aria-label": say("Time"),
      on: {
        change: () =>
          this.set({
            since: select.value ? new Date(Date.now() - Number(select.value) * 86_400_000).toISOString() : "",
          }),
      },
    });
    const { since } = this.filters;
    const days = since ? String(Math.round((Date.now() - Date.parse(since)) / 86_400_000)) : "";
    for (const [value, name] of SPANS) select.append(new Option(name, value, false, value === days));
    return select;
  }
}

/**
 * How much the list holds. Reading on goes by scrolling, as a rule; by a button where a search that looked at so many may have
 * found none.
 *
 * @param {ListStore} store
 */
export function statusLine(store) {
  const { filters, items, loaded, loading, next, searched, total } = store;
  const looking = total === null;
  const found = looking
    ? say("{count} comments found among {searched}", { count: items.length, searched })
    : say("{count} comments", { count: total });
  return [
    el("span", { text: `${listName(filters.list ?? "flagged")}: ${loaded ? found : say("Loading…")}` }),
    loaded && !loading && next
      ? el(
          "button",
          { type: "button", class: looking ? "link" : "link unseen", on: { click: () => store.more() } },
          looking ? say("Look further") : say("Load more"),
        )
      : null,
    looking // there is room for one of them
      ? null
      : el("span", { class: "hints", "aria-hidden": "true" }, keyHint("next"), keyHint("previous"), say("to move")),
  ];
}

/**
 * "de" -> "German".
 *
 * @param {string} code
 */
export function language(code) {
  try {
    return code ? displayName("language", code) : say("Unknown");
  } catch {
    return code;
  }
}
