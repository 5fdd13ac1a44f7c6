// What a list of comments holds at this moment: pages, counts, which comment is open and what is known of it, which are
// ticked, what happens live, what can be undone. The one holder of all this. Shows nothing; for the queue page and its panes.

import { get, isAbort, problemOf } from "../lib/api.js";
import { say } from "../lib/language.js";
import { merged } from "./merging.js";

/**
 * @typedef {Pick<Api.CommentEvent, "state" | "list" | "revision" | "actor" | "what">} Left What took a row out of the list
 * @typedef {Api.Row & { left?: Left, leftAt?: number, arrived?: boolean, stays?: boolean }} Shown A row, whether it has left the
 *   list and when, or came in live; `stays`: where it is, though its author changed it, which may have moved it in the list
 * @typedef {{
 *   id: string, row: Shown | null, detail: Api.Detail | null, newer: Api.Detail | null, explanation: Api.Explanation | null,
 *   failed: string, again: boolean
 * }} Current The comment that is open. `detail` is all that is shown of it and what a decision is about; `newer` is what it has
 *   become since, which waits to be asked for. The explanation is the one whose words are marked. `failed` says why there is
 *   nothing; `again`: it may be there when asked once more
 * @typedef {{ row: Shown, index: number, list: string, revision: number, action: "undo" | "return", close?: () => void }} Step
 * @typedef {Step | { bulk: string, close?: () => void }} Done What can be taken back: one decision, or one of many at once
 * @typedef {{
 *   change: undefined, counts: undefined, facets: undefined, merge: { before: Shown[] }, problem: Error,
 *   open: { again: boolean }, current: undefined, ticked: undefined, wanted: { id: string, replace: boolean },
 * }} Events
 */

const PAGE = 60;
const SETTLE = 700; // milliseconds between an event and the look at what it changed
const NEAR = 5; // rows before the end from which on the next page is read
const MOST_DETAILS = 40;
const FILTERS = [
  "list",
  "site",
  "page",
  "label",
  "signal",
  "rule",
  "reason",
  "model",
  "author",
  "language",
  "campaign",
  "handed",
  "by",
  "since",
  "until",
  "q",
  "sort",
];

/**
 * The filters among an address's parameters; a list there always is.
 *
 * @param {URLSearchParams} parameters
 * @returns {Api.Query}
 */
export function filtersOf(parameters) {
  const found = FILTERS.map((name) => [name, parameters.get(name)]).filter(([, value]) => value);
  return { list: "flagged", ...Object.fromEntries(found) };
}

/**
 * Fires "change" when rows changed, "merge" {before} when rows came in live, "counts", "facets", "ticked", and "problem"; of
 * the comment that is open, "open" when it is another one ({again}: the same, known better), "current" when more is known of
 * it, and "wanted" {id, replace} when another one should be.
 */
export class ListStore extends EventTarget {
  constructor() {
    super();
    /** @type {Api.Query} */
    this.filters = { list: "flagged" };
    /** @type {Shown[]} */
    this.items = [];
    /** @type {string | null} */
    this.next = null;
    /** @type {number | null} */
    this.total = 0;
    this.searched = 0;
    /** @type {Partial<Api.ListCounts>} */
    this.counts = {};
    /** @type {Api.Facets | null} */
    this.facets = null;
    this.wantsFacets = false;
    this.loading = false;
    this.loaded = false;
    this.reading = Promise.resolve();
    /** @type {Current} */
    this.current = nothing("", null);
    /** @type {Set<string>} */
    this.ticked = new Set();
    this.lastTicked = -1;
    /** @type {Done[]} */
    this.done = [];
    /** @type {Map<string, Promise<Api.Detail>>} */
    this.details = new Map(); // id -> promise of its detail, fetched ahead
    /** @type {Set<string>} */
    this.stale = new Set(); // comments whose details are to be read once more when they are opened
    /** @type {Set<string>} */
    this.gone = new Set(); // decided here, not to be shown again by a page that was read before
    /** @type {AbortController | null} */
    this.asked = null;
    /** @type {Map<string, number>} */
    this.timers = new Map();
  }

  /**
   * Hear of an event.
   *
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(detail: Events[Name]) => unknown} listener
   */
  on(name, listener) {
    this.addEventListener(name, (event) => void listener(/** @type {CustomEvent<Events[Name]>} */ (event).detail));
  }

  // The list

  /**
   * Show another list, or the same one with other filters.
   *
   * @param {Api.Query} filters
   */
  async open(filters) {
    Object.assign(this, { filters, items: [], next: null, total: 0, loaded: false, searched: 0 });
    this.gone.clear();
    this.details.clear();
    this.fire("change", undefined);
    this.recount();
    await this.more(true);
  }

  /** Read the next page; when one is being read, that one. */
  more(first = false) {
    if (first || !this.loading) this.reading = this.readOn(first);
    return this.reading;
  }

  /** @param {boolean} first */
  async readOn(first) {
    if (!first && !this.next) return;
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    this.loading = true;
    this.fire("change", undefined);
    try {
      const parameters = { ...this.filters, limit: PAGE, cursor: first ? "" : this.next };
      const page = await get("/comments", parameters, { signal: asked.signal });
      const known = new Set(this.items.map((item) => item.id));
      this.items.push(...page.items.filter((item) => !known.has(item.id) && !this.gone.has(item.id)));
      const searched = this.searched + page.searched;
      Object.assign(this, { next: page.next, total: page.total, searched, loaded: true });
    } catch (error) {
      if (isAbort(error)) return;
      this.next = null;
      this.loaded = true;
      this.fire("problem", problemOf(error));
    } finally {
      if (this.asked === asked) this.loading = false;
    }
    this.fire("change", undefined);
  }

  /**
   * A row of the list, if it is there.
   *
   * @param {string} id
   */
  find(id) {
    return this.items.find((item) => item.id === id) ?? null;
  }

  /**
   * What a row says was read again.
   *
   * @param {Api.Row} fresh
   */
  refresh(fresh) {
    const row = this.find(fresh.id);
    if (!row || row.left || row.revision > fresh.revision) return;
    Object.assign(row, fresh);
    const { decision, list, revision, state } = fresh;
    const over = state === "approved" || state === "rejected";
    if (over && decision && !this.holds({ state, list }))
      this.left(row, { state, list, revision, actor: decision.actor, what: "decided" });
    this.fire("change", undefined);
  }

  /**
   * Take a row out because it was decided here. Returns where it stood.
   *
   * @param {string} id
   */
  take(id) {
    const index = this.placeOf(id);
    if (index >= 0 && !this.items[index].left) this.fewer();
    if (index >= 0) this.items.splice(index, 1);
    this.gone.add(id);
    this.details.delete(id);
    this.fire("change", undefined);
    return index;
  }

  /**
   * Put a row back.
   *
   * @param {Shown} row
   * @param {number} index
   * @param {Api.Detail | null} [judged] what was looked at, to be shown beside what it has become
   */
  restore(row, index, judged = null) {
    this.gone.delete(row.id);
    this.details.delete(row.id);
    if (row.left) this.left(row, row.left);
    if (judged) {
      this.details.set(row.id, Promise.resolve(judged));
      this.stale.add(row.id);
    }
    if (!this.find(row.id)) {
      this.items.splice(Math.max(0, Math.min(index, this.items.length)), 0, row);
      if (this.total !== null && !row.left) this.total += 1;
    }
    this.fire("change", undefined);
  }

  /** Take out the rows that have left the list, and go on with what is left. */
  sweep() {
    const at = this.index;
    this.items = this.items.filter((item) => !item.left);
    this.fire("change", undefined);
    this.later("recounting", () => this.recount());
    if (this.index < 0 && this.current.id) this.want(this.items[Math.min(at, this.items.length - 1)], true);
    if (!this.items.length) this.merge();
  }

  /** Read the first page again and put what is new into its place. */
  async merge() {
    const filters = this.filters;
    let page;
    try {
      page = await get("/comments", { ...filters, limit: PAGE });
    } catch {
      return;
    }
    if (filters !== this.filters) return; // another list is shown by now
    const fresh = page.items.filter((item) => !this.gone.has(item.id));
    const before = this.items;
    this.items = merged(before, fresh, { all: !page.next, open: this.current.id });
    this.total = page.total;
    if (!this.next && page.next && this.items.length <= fresh.length) this.next = page.next;
    this.fire("merge", { before });
  }

  /** Count all lists anew, and the facets when they are shown. */
  async recount() {
    try {
      this.counts = await get("/counts");
      this.fire("counts", undefined);
      if (this.wantsFacets) await this.refacet();
    } catch {
      // The next event asks again.
    }
  }

  async refacet() {
    const filters = this.filters;
    const facets = await get("/facets", { ...filters });
    if (filters !== this.filters) return;
    this.facets = facets;
    this.fire("facets", undefined);
  }

  // The comment that is open

  /** Where it stands in the list; -1: not there. */
  get index() {
    return this.placeOf(this.current.id);
  }

  /** @param {string} id */
  placeOf(id) {
    return this.items.findIndex((item) => item.id === id);
  }

  /** It as it is shown: what was read of it in one go, and of the list only who else looks at it. */
  get shown() {
    const { id, row, detail } = this.current;
    const listed = this.find(id);
    if (!detail) return row && { ...row, ...listed };
    return { ...detail.comment, claim: listed ? listed.claim : detail.comment.claim };
  }

  /**
   * Open a comment; "": none.
   *
   * @param {string} id
   */
  select(id) {
    const again = id === this.current.id;
    if (again && this.current.row) return;
    if (again) this.current.row = this.find(id);
    else this.current = nothing(id, this.find(id));
    this.fire("open", { again });
  }

  /**
   * More is known of it, or something else.
   *
   * @param {Partial<Current>} more
   */
  know(more) {
    Object.assign(this.current, more);
    if (more.detail) this.refresh(more.detail.comment);
    this.fire("current", undefined);
  }

  /**
   * The comment that is open was read, perhaps anew. What is looked at stays while it has another text or state by now; what is
   * noted about it is shown all the same.
   *
   * @param {Api.Detail} detail
   */
  arrived(detail) {
    const shown = this.current.detail;
    if (shown && shown.comment.revision > detail.comment.revision) return;
    if (shown && !alike(shown, detail))
      this.know({ newer: detail, failed: "", detail: { ...shown, notes: detail.notes } });
    else this.accept(detail);
  }

  /**
   * Show a comment as it is now.
   *
   * @param {Api.Detail} detail
   */
  accept(detail) {
    const { explanation, detail: before } = this.current;
    const same = before?.content === detail.content;
    this.know({
      detail,
      row: detail.comment,
      newer: null,
      failed: "",
      explanation: same && explanation ? explanation : detail.explanation,
    });
  }

  /**
   * A comment with all its evidence; read once until something happens to it.
   *
   * @param {string} id
   * @returns {Promise<Api.Detail>}
   */
  detail(id) {
    const known = this.details.get(id);
    if (known) return known;
    const reading = get(`/comments/${id}`, { list: this.filters.list === "audit" ? "audit" : "" });
    reading.catch(() => this.details.delete(id));
    this.details.set(id, reading);
    if (this.details.size > MOST_DETAILS) this.details.delete(this.details.keys().next().value ?? "");
    return reading;
  }

  /**
   * Have another comment opened, if there is one; whoever knows the address does it.
   *
   * @param {Shown | undefined} row
   * @param {boolean} replace
   */
  want(row, replace) {
    this.fire("wanted", { id: row?.id ?? "", replace });
  }

  /**
   * Go on to the next comment, or back. Returns whether there is one.
   *
   * @param {1 | -1} by
   */
  step(by) {
    let at = this.index < 0 ? (by > 0 ? -1 : 0) : this.index;
    do at += by;
    while (this.items[at]?.left);
    const found = this.items[at];
    if (found) this.want(found, true);
    if (at >= this.items.length - NEAR) this.more();
    return Boolean(found);
  }

  /**
   * A comment was decided: take it out, and go on with the one that took its place. Returns where it stood.
   *
   * @param {Shown} row
   */
  decide(row) {
    const index = this.take(row.id);
    if (this.ticked.delete(row.id)) this.fire("ticked", undefined);
    if (row.id !== this.current.id) return index;
    const at = Math.max(0, index);
    const stays = (/** @type {Shown} */ item) => !item.left;
    this.want(this.items.slice(at).find(stays) ?? this.items.slice(0, at).reverse().find(stays), true);
    if (index >= this.items.length - NEAR) this.more();
    return index;
  }

  /**
   * It was not to be: put it back and open it.
   *
   * @param {Shown} row
   * @param {number} index
   * @param {Api.Detail | null} [judged] as for `restore`
   */
  putBack(row, index, judged = null) {
    this.restore(row, index, judged);
    this.want(row, false);
  }

  // What is ticked

  /**
   * Tick or untick a row; with `through`, all rows since the last one.
   *
   * @param {number} index
   * @param {boolean} [through]
   */
  tick(index, through = false) {
    const on = !this.ticked.has(this.items[index].id);
    const other = through && this.lastTicked >= 0 ? this.lastTicked : index;
    for (const { id } of this.items.slice(Math.min(other, index), Math.max(other, index) + 1)) {
      if (on) this.ticked.add(id);
      else this.ticked.delete(id);
    }
    this.lastTicked = index;
    this.fire("ticked", undefined);
  }

  untick() {
    this.ticked.clear();
    this.lastTicked = -1;
    this.fire("ticked", undefined);
  }

  // What happens, here or elsewhere

  /**
   * Something happened to a comment. A row that has left the list stays, greyed, so that nothing jumps.
   *
   * @param {Omit<Api.CommentEvent, "site">} event
   */
  happened(event) {
    if (event.state === "erased") this.erased(event.comment);
    const row = this.find(event.comment);
    this.details.delete(event.comment);
    this.later("recounting", () => this.recount());
    if (this.filters.list === "audit") return; // it is blind: what became of a comment is not to be seen
    if (row && row.revision < event.revision) {
      Object.assign(row, { state: event.state, revision: event.revision, list: event.list, claim: null });
      if (this.holds(event) || event.state === "pending") {
        delete row.left;
        row.stays = true;
        this.later("merging", () => this.merge()); // its words may be others
      } else if (!this.gone.has(row.id)) this.left(row, event);
      this.fire("change", undefined);
    } else if (!row && this.holds(event)) {
      this.gone.delete(event.comment);
      this.later("merging", () => this.merge());
    }
  }

  /**
   * A row has left the list. It is no longer ticked: what was to be done with it was not about what it has become.
   *
   * @param {Shown} row
   * @param {Left} left
   */
  left(row, left) {
    if (!row.left) this.fewer();
    Object.assign(row, { left, leftAt: Date.now() });
    if (this.ticked.delete(row.id)) this.fire("ticked", undefined);
  }

  /** The list has one less. */
  fewer() {
    if (this.total) this.total -= 1;
  }

  /**
   * A comment was erased: nothing of it stays on the page, nor of what was read about others, which may quote it.
   *
   * @param {string} id
   */
  erased(id) {
    this.take(id);
    this.details.clear();
    if (this.ticked.delete(id)) this.fire("ticked", undefined);
    if (this.current.id !== id) return;
    this.current = nothing(id, null);
    this.know({ failed: say("It has been erased.") });
  }

  /**
   * Somebody looks at a comment, or nobody any more.
   *
   * @param {Api.ClaimEvent} event
   * @param {string} me
   */
  claimed(event, me) {
    const row = this.find(event.comment);
    if (!row) return;
    row.claim = event.by ? { by: event.by, until: event.until ?? "", mine: event.by === me } : null;
    this.fire("change", undefined);
  }

  /**
   * Whether a comment is in this list after what happened.
   *
   * @param {Pick<Api.CommentEvent, "state" | "list">} event
   */
  holds({ state, list }) {
    const wanted = this.filters.list ?? "flagged";
    if (wanted === "later") return list === "later";
    if (["flagged", "escalated", "snoozed"].includes(wanted))
      return state === "flagged" && (list || "flagged") === wanted;
    return wanted === state || ["decided", "reported", "appealed"].includes(wanted);
  }

  /**
   * Do something soon, once, however often it is asked for until then.
   *
   * @param {string} name
   * @param {() => void} work
   */
  later(name, work) {
    if (this.timers.has(name)) return;
    const timer = setTimeout(() => {
      this.timers.delete(name);
      work();
    }, SETTLE);
    this.timers.set(name, timer);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} detail
   */
  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/**
 * A comment of which nothing is known yet.
 *
 * @param {string} id
 * @param {Shown | null} row
 * @returns {Current}
 */
const nothing = (id, row) => ({ id, row, detail: null, newer: null, explanation: null, failed: "", again: false });

/**
 * Whether whoever judged the one would judge the other: the same words by the same author, in the same place.
 *
 * @param {Api.Detail} one
 * @param {Api.Detail} other
 */
function alike(one, other) {
  const place = (/** @type {Api.Detail} */ { comment, appeal }) =>
    JSON.stringify([comment.state, comment.list, appeal?.open]);
  return sameText(one, other) && (one.comment.state === "pending" || place(one) === place(other));
}

/**
 * Whether two readings of a comment say the same.
 *
 * @param {Api.Detail} one
 * @param {Api.Detail} other
 */
export function sameText(one, other) {
  const said = (/** @type {Api.Detail} */ { comment, content }) => JSON.stringify([content, comment.author]);
  return said(one) === said(other);
}
