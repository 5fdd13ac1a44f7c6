// Search, facets and chips of what is filtered. For the queue page.
import { el, icon, put, renew, unfolding } from "../lib/dom.js";
import { keyHint } from "../lib/keys.js";
import { byActor, colon, labelName, listName, reasonName } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { count, date, displayName } from "../lib/numbers.js";
import { preference } from "../lib/preferences.js";
import { calm } from "../text/unicode.js";
import { raisedText } from "./grounds.js";

/** @import { ListStore } from "./list_store.js" */

/** @typedef {Exclude<keyof Api.Facets, "counted" | "complete">} Facet */

/** @type {Record<Facet, string>} */
const FACETS = {
  site: say("Site"),
  label: say("Score"),
  reason: say("Reason"),
  page: say("Page"),
  author: say("Author"),
  signal: say("Evidence"),
  rule: say("Rule"),
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
const [NEWEST, OLDEST, URGENT] = [say("Newest first"), say("Oldest first"), say("Most urgent first")];
/** @type {Record<Exclude<keyof Api.ListCounts, "mine">, string>} The order that a list has of its own. */
const OWN_ORDERS = {
  flagged: URGENT,
  escalated: OLDEST,
  snoozed: say("Soonest back first"),
  reported: say("Most reported first"),
  appealed: OLDEST,
  later: URGENT,
  audit: OLDEST,
  decided: NEWEST,
  approved: NEWEST,
  rejected: NEWEST,
};
/** @type {Record<string, string>} */
const ORDERS = { newest: NEWEST, oldest: OLDEST, severest: say("Most severe first") };
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
  if (facet === "signal") return raisedText(value);
  if (facet === "language") return language(value);
  if (facet === "page") return value.replace(/^https?:\/\//iu, "");
  return facet === "author" ? `${value.slice(0, 3)}…${value.slice(-6)}` : value;
}

/**
 * The values of a facet that are chosen: they stand one a line.
 *
 * @param {Api.Query} filters
 * @param {string} facet
 */
function chosenOf(filters, facet) {
  const value = /** @type {Record<string, string | undefined>} */ (filters)[facet];
  return value ? value.split("\n") : [];
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
    /** @type {Map<string, string>} */
    this.names = new Map(); // what authors and pages are called
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
   * @param {Api.Row[]} items the list, which tells what its authors and pages are called
   */
  show(filters, facets, items) {
    if (document.activeElement !== this.search || filters.q !== this.filters.q) this.search.value = filters.q ?? "";
    this.filters = filters;
    for (const { author, page } of items) {
      if (author?.digest) this.names.set(author.digest, author.name);
      if (page?.title) this.names.set(page.url, page.title);
    }
    const chips = Object.entries(filters).filter(([name]) => name !== "list");
    const held = this.chips.contains(document.activeElement);
    renew(
      this.chips,
      chips.flatMap(([name, value]) =>
        (name in FACETS ? chosenOf(filters, name) : [String(value)]).map((one) => this.chip(name, one)),
      ),
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
   * Choose a value of a facet beside others, or no longer.
   *
   * @param {string} name
   * @param {string} value
   */
  choose(name, value) {
    const chosen = new Set(chosenOf(this.filters, name));
    if (!chosen.delete(value)) chosen.add(value);
    this.set({ [name]: [...chosen].join("\n") });
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  chip(name, value) {
    const facet = name in FACETS ? /** @type {Facet} */ (name) : null;
    const shown =
      name === "q"
        ? say("“{text}”", { text: calm(value) })
        : name === "since"
          ? say("since {day}", { day: date(value) })
          : name === "sort"
            ? ORDERS[value]
            : (CHIPS[name]?.(value) ?? this.called(name, value));
    return el(
      "button",
      {
        type: "button",
        class: "filter-chip",
        title: say("Remove this filter: {name}", {
          name: facet ? FACETS[facet] : name === "sort" ? say("Order") : say("search"),
        }),
        on: { click: () => (facet ? this.choose(facet, value) : this.set({ [name]: "" })) },
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
      this.order(),
      this.decideAll && (groups.length || facets.complete === false)
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
      groups.map((name, index) => this.facet(name, facets[name], index < 3)),
    );
  }

  /**
   * @param {Facet} name
   * @param {Api.FacetValue[]} values
   * @param {boolean} open
   */
  facet(name, values, open) {
    const buttons = values.map(({ value, count: number, text }) => {
      const chosen = chosenOf(this.filters, name).includes(value);
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
            on: { click: () => this.choose(name, value) },
          },
          el("span", {
            dir: "auto",
            title: name === "page" ? valueName(name, value) : null,
            text: this.called(name, value, text),
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

  /**
   * What a value is called, as far as that is known.
   *
   * @param {string} name
   * @param {string} value
   * @param {string} [text]
   */
  called(name, value, text = this.names.get(value) ?? "") {
    const named = name === "author" ? !preference("blind") : name === "page" && text !== value;
    return (named && calm(text)) || valueName(name, value);
  }

  order() {
    /** @type {HTMLSelectElement} */
    const select = el("select", {
      "aria-label": say("Order"),
      on: { change: () => this.set({ sort: /** @type {Api.Query["sort"]} */ (select.value) }) },
    });
    const { list = "flagged", sort = "" } = this.filters;
    const own = OWN_ORDERS[/** @type {keyof typeof OWN_ORDERS} */ (list)];
    const others = Object.entries(ORDERS).filter(
      ([value, name]) => name !== own && (value !== "severest" || list === "flagged"),
    );
    for (const [value, name] of [["", own], ...others]) select.append(new Option(name, value, false, value === sort));
    return select;
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
    ? say("{count} comments found among {searched}", { count: items.filter((item) => !item.left).length, searched })
    : say("{count} comments", { count: total });
  return [
    el("span", {
      text: `${listName(filters.list ?? "flagged")}${colon(loaded ? found : say("Loading…"))}`,
    }),
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
