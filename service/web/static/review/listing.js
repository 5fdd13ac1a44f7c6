// What a list of comments holds at this moment: pages, counts, and what happens live. Shows nothing; for the queue page.

import { get } from "./api.js";

const PAGE = 60;
const SETTLE = 700; // milliseconds between an event and the look at what it changed
const FILTERS = ["list", "site", "label", "signal", "rule", "reason", "model", "author", "language", "campaign", "since", "until", "q"];

/** The filters among an address's parameters; a list there always is. */
export function filtersOf(parameters) {
  const filters = { list: "flagged" };
  for (const name of FILTERS) if (parameters.get(name)) filters[name] = parameters.get(name);
  return filters;
}

/** Fires "change" when rows changed, "merge" {before} when rows came in live, "counts", "facets", and "problem" {problem}. */
export class Listing extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { filters: { list: "flagged" }, items: [], next: null, total: 0, counts: {}, facets: null, loading: false, loaded: false });
    this.details = new Map(); // id -> promise of its detail, fetched ahead
    this.gone = new Set(); // decided here, not to be shown again by a page that was read before
  }

  /** Show another list, or the same one with other filters. */
  async open(filters) {
    Object.assign(this, { filters, items: [], next: null, total: 0, loaded: false, searched: 0 });
    this.gone.clear();
    this.details.clear();
    this.fire("change");
    this.recount();
    await this.more(true);
  }

  /** Read the next page. */
  async more(first = false) {
    if (this.loading && !first) return;
    if (!first && !this.next) return;
    this.abort?.abort();
    const asked = (this.abort = new AbortController());
    this.loading = true;
    this.fire("change");
    try {
      const page = await get("/comments", { ...this.filters, limit: PAGE, cursor: first ? "" : this.next }, { signal: asked.signal });
      const known = new Set(this.items.map((item) => item.id));
      this.items.push(...page.items.filter((item) => !known.has(item.id) && !this.gone.has(item.id)));
      Object.assign(this, { next: page.next, total: page.total, searched: this.searched + page.searched, loaded: true });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.next = null;
      this.loaded = true;
      this.fire("problem", { problem });
    } finally {
      if (this.abort === asked) this.loading = false;
    }
    this.fire("change");
  }

  /** A comment with all its evidence; read once until something happens to it. */
  detail(id) {
    if (!this.details.has(id)) {
      const reading = get(`/comments/${id}`, { list: this.filters.list === "audit" ? "audit" : "" });
      reading.catch(() => this.details.delete(id));
      this.details.set(id, reading);
      if (this.details.size > 30) this.details.delete(this.details.keys().next().value);
    }
    return this.details.get(id);
  }

  /** Read a comment again: something happened to it. */
  forget(id) {
    this.details.delete(id);
  }

  /** What a row says was read again. */
  refresh(fresh) {
    const row = this.items.find((item) => item.id === fresh.id);
    if (!row || row.left || row.revision > fresh.revision) return;
    Object.assign(row, fresh);
    this.fire("change");
  }

  /** Take a row out because it was decided here. Returns where it stood. */
  take(id) {
    const index = this.items.findIndex((item) => item.id === id);
    if (index >= 0) this.items.splice(index, 1);
    this.gone.add(id);
    this.details.delete(id);
    if (index >= 0 && this.total) this.total -= 1;
    this.fire("change");
    return index;
  }

  /** Put a row back. */
  restore(row, index) {
    this.gone.delete(row.id);
    this.details.delete(row.id);
    if (!this.items.some((item) => item.id === row.id)) {
      this.items.splice(Math.max(0, Math.min(index, this.items.length)), 0, row);
      if (this.total !== null) this.total += 1;
    }
    this.fire("change");
  }

  /** Something happened to a comment, here or elsewhere. A row that has left the list stays, greyed, so that nothing jumps. */
  happened(event) {
    const row = this.items.find((item) => item.id === event.comment);
    this.details.delete(event.comment);
    this.later("recounting", () => this.recount());
    if (this.filters.list === "audit") return; // it is blind: what became of a comment is not to be seen
    if (row && row.revision < event.revision) {
      const left = !this.holds(event, true);
      Object.assign(row, { state: event.state, revision: event.revision, list: event.list, claim: null });
      if (left && !this.gone.has(row.id)) row.left = event;
      this.fire("change");
    } else if (!row && this.holds(event)) {
      this.gone.delete(event.comment);
      this.later("merging", () => this.merge());
    }
  }

  /** Take out the rows that have left the list. */
  sweep() {
    this.items = this.items.filter((item) => !item.left);
    this.fire("change");
    this.later("recounting", () => this.recount());
  }

  /** Somebody looks at a comment, or nobody any more. */
  claimed(event, by) {
    const row = this.items.find((item) => item.id === event.comment);
    if (!row) return;
    row.claim = event.by ? { by: event.by, mine: event.by === by } : null;
    this.fire("change");
  }

  /** Read the first page again and put what is new into its place. */
  async merge() {
    let page;
    try {
      page = await get("/comments", { ...this.filters, limit: PAGE });
    } catch {
      return;
    }
    const fresh = page.items.filter((item) => !this.gone.has(item.id));
    const known = new Map(this.items.map((item) => [item.id, item]));
    const head = fresh.map((item) => known.get(item.id) ?? { ...item, arrived: true });
    const ids = new Set(head.map((item) => item.id));
    const before = this.items;
    this.items = page.next ? [...head, ...before.filter((item) => !ids.has(item.id))] : this.woven(head, before, ids);
    this.total = page.total;
    if (!this.next && page.next && this.items.length <= fresh.length) this.next = page.next;
    this.fire("merge", { before });
  }

  /** Count all lists anew, and the facets when they are shown. */
  async recount() {
    try {
      this.counts = await get("/counts");
      this.fire("counts");
      if (this.wantsFacets) await this.refacet();
    } catch {
      // The next event asks again.
    }
  }

  async refacet() {
    const filters = this.filters;
    const facets = await get("/facets", filters);
    if (filters !== this.filters) return;
    this.facets = facets;
    this.fire("facets");
  }

  /** The whole list in the order that it has now; what has left it meanwhile stays where it was, so that nothing jumps. */
  woven(head, before, ids) {
    const result = [...head];
    before.forEach((item, index) => {
      if (!ids.has(item.id) && item.left) result.splice(Math.min(index, result.length), 0, item);
    });
    return result;
  }

  /** Whether a comment is in this list after what happened. `known`: it was before. */
  holds({ state, list }, known = false) {
    const wanted = this.filters.list;
    if (wanted === "later") return list === "later";
    if (wanted === "teaches") return known && state === "flagged" && (list || "flagged") === "flagged"; // nobody is told who comes
    if (["flagged", "escalated", "snoozed"].includes(wanted)) return state === "flagged" && (list || "flagged") === wanted;
    return wanted === state || ["decided", "reported", "appealed"].includes(wanted);
  }

  later(name, work) {
    if (this[name]) return;
    this[name] = setTimeout(() => {
      this[name] = 0;
      work();
    }, SETTLE);
  }

  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
