// The queue page: puts list, comment and evidence side by side and lets keys and buttons act on them. For `review.js`.

import { Actions } from "./actions.js";
import { Bulk } from "./bulk.js";
import { covered, isLifted } from "./care.js";
import { CommentPane } from "./commentpane.js";
import { Deciding } from "./deciding.js";
import { ask, field } from "./dialogs.js";
import { announce, el, put } from "./dom.js";
import { Evidence } from "./evidence.js";
import { Filters } from "./filters.js";
import { handle, keyHint } from "./keys.js";
import { filtersOf, Listing } from "./listing.js";
import { listen } from "./live.js";
import { Looking } from "./looking.js";
import { askReason, askUntil } from "./menus.js";
import { changes, preference, prefer } from "./preferences.js";
import { rowView } from "./queuerow.js";
import { Rail } from "./rail.js";
import { Rows } from "./rows.js";
import { toast, toastProblem } from "./toasts.js";
import { Views } from "./views.js";
import { count, emptyText, listName, plural } from "./words.js";

/** Open the page. `me` is the session, `go(parameters, replace)` changes the address. Returns {node, show(parameters), close}. */
export function queuePage({ me, may, go, href, live }) {
  const page = new QueuePage({ me, may, go, href, live });
  return { node: page.node, show: (parameters) => page.show(parameters), close: () => page.close() };
}

class QueuePage {
  constructor({ me, may, go, href, live }) {
    Object.assign(this, { me, may, go, id: "", row: null });
    this.href = (filters, id = "") => href("queue", { ...(filters ?? this.listing.filters), id });
    this.listing = new Listing();
    this.rows = new Rows({ label: "Comments", draw: (row, index) => this.draw(row, index), near: () => this.listing.more(), pick: () => {} });
    const tools = { may, href: this.href, reload: () => this.reload(), campaign: (view) => this.bulk.decideCampaign(view) };
    this.comment = new CommentPane({ back: () => this.pane("list"), evidence: () => this.pane("evidence"), undo: (row, undo) => this.deciding.undo(row, undo) });
    this.evidence = new Evidence({ back: () => this.pane("comment"), explain: (label) => this.looking.explain(label), tools });
    this.actions = new Actions({ act: (action, button) => this.act(action, button) });
    this.deciding = new Deciding(this.listing, { moved: (row, index) => this.moved(row, index), shown: (row) => this.open(row.id) });
    this.bulk = new Bulk(this.listing, this.deciding, { may, changed: () => this.paint() });
    this.looking = new Looking({ changed: () => (this.soon(), this.render()) });
    this.views = new Views({ changed: () => this.paint(), open: (filters) => this.open("", filters) });
    this.filters = new Filters({ change: (filters) => this.open("", filters), open: (on) => this.facets(on), saveView: () => this.views.save(this.listing.filters), decideAll: may("bulk") ? () => this.bulk.decideQuery() : null });
    this.rail = new Rail({ href: (filters) => href("queue", filters), forget: (view) => this.views.forget(view) });
    this.status = el("p", { class: "list-status", role: "status" });
    this.node = this.layout();
    this.ends = [
      this.keys(),
      listen({ hear: (name, data) => this.hear(name, data), state: (on, again) => (live(on), again && this.listing.merge()) }),
    ];
    this.preferred = ({ detail }) => detail.name !== "theme" && (this.paint(), this.render());
    changes.addEventListener("change", this.preferred);
    for (const name of ["change", "counts", "facets"]) this.listing.addEventListener(name, () => this.soon());
    this.listing.addEventListener("change", () => this.settle());
    this.listing.addEventListener("merge", ({ detail }) => this.merged(detail.before));
    this.listing.addEventListener("problem", ({ detail }) => toastProblem(detail.problem));
    this.views.load();
  }

  layout() {
    const list = el("section", { class: "queue", "aria-label": "Queue" }, this.filters.node, this.status, this.rows.node, this.bulk.node);
    const middle = el("section", { class: "middle", "aria-label": "Judge" }, this.comment.node, this.actions.node);
    return el("div", { class: "desk", data: { pane: "list" } }, el("h1", { class: "unseen", text: "Queue" }), this.rail.node, list, middle, this.evidence.node);
  }

  keys() {
    return handle({
      next: () => this.step(1), previous: () => this.step(-1), search: () => this.filters.focus(), filters: () => this.filters.toggle(),
      undo: () => this.deciding.undo(), select: () => this.index >= 0 && this.bulk.tick(this.index), clear: () => this.bulk.clear(),
      approveAll: () => this.bulk.decideSelected("approve"), spamAll: () => this.bulk.decideSelected("reject", ["spam"]),
      rejectAll: () => this.bulk.rejectSelected(null), campaign: () => this.campaign(),
      unmask: () => prefer("mask", !preference("mask")), numbers: () => prefer("numbers", !preference("numbers")),
      blind: () => (prefer("blind", !preference("blind")), announce(preference("blind") ? "Authors are hidden" : "Authors are shown")),
      note: () => (this.pane("evidence"), this.evidence.node.querySelector("textarea")?.focus()),
    }); // prettier-ignore
  }

  /** Show what an address says. */
  async show(parameters) {
    const filters = filtersOf(parameters);
    const id = parameters.get("id") ?? "";
    if (JSON.stringify(filters) !== JSON.stringify(this.listing.filters) || !this.listing.loaded) {
      this.bulk.clear();
      this.rows.node.scrollTop = 0;
      const loading = this.listing.open(filters);
      this.look(id);
      await loading;
      this.settle();
    } else this.look(id);
    this.pane(id ? "comment" : "list");
  }

  close() {
    this.ends.forEach((end) => end());
    cancelAnimationFrame(this.frame);
    this.actions.show(null);
    this.looking.leave();
    changes.removeEventListener("change", this.preferred);
  }

  get index() {
    return this.listing.items.findIndex((item) => item.id === this.id);
  }

  open(id, filters = this.listing.filters, replace = false) {
    this.go({ ...filters, id }, replace);
  }

  /** On a desk something is always open: the first of the list, when nothing was asked for. */
  settle() {
    if (this.id) return this.render();
    if (!this.listing.loaded || matchMedia("(max-width: 719px)").matches) return;
    const first = this.listing.items.find((item) => !item.left);
    if (first) this.open(first.id, undefined, true);
    else this.render();
  }

  look(id) {
    if (id === this.id && this.row) return;
    this.id = id;
    this.row = this.listing.items.find((item) => item.id === id) ?? null;
    for (const pane of [this.comment, this.evidence]) pane.node.scrollTop = 0; // first of all: it costs a layout later
    if (this.index >= 0) this.rows.reveal(this.index);
    this.paint();
    this.rendered = null;
    if (this.row) this.comment.waiting(this.row);
    this.looking.open(id, this.listing);
    if (!id) this.render();
  }

  step(by) {
    const { items } = this.listing;
    let at = this.index < 0 ? (by > 0 ? -1 : 0) : this.index;
    do at += by;
    while (items[at]?.left);
    if (items[at]) this.open(items[at].id, undefined, true);
    else announce(by > 0 ? "This is the last comment" : "This is the first comment");
    if (at >= items.length - 5) this.listing.more();
  }

  /** A comment was decided: go on with the one that took its place. */
  moved(row, index) {
    this.bulk.selected.delete(row.id);
    if (row.id !== this.id) return;
    const { items } = this.listing;
    const next = items.slice(Math.max(0, index)).find((item) => !item.left) ?? items.slice(0, Math.max(0, index)).reverse().find((item) => !item.left);
    const phone = matchMedia("(max-width: 719px)").matches;
    if (!next && phone) this.pane("list");
    this.open(next?.id ?? "", undefined, true);
    if (index >= items.length - 5) this.listing.more();
  }

  async act(action, button) {
    const row = this.looking.row ?? this.row;
    if (!row) return;
    const target = { ...row };
    if (action === "approve") this.deciding.decide(target, "approve");
    else if (action === "spam") this.deciding.decide(target, "reject", ["spam"]);
    else if (action === "return") this.deciding.giveBack(target);
    else if (action === "reject") {
      const reason = await askReason(button);
      if (reason) this.deciding.decide(target, "reject", [reason.value], reason.note);
    } else if (action === "snooze") {
      const until = await askUntil(button);
      if (until) this.deciding.snooze(target, until);
    } else if (action === "escalate") {
      const note = el("textarea", { rows: "3", maxlength: "1000" });
      if (await ask("Escalate to a lead?", [field("What should they know? (optional)", note)], [["Escalate", "primary", "yes"]])) this.deciding.escalate(target, note.value.trim());
    }
  }

  campaign() {
    const view = this.looking.detail?.campaign;
    if (view?.held) this.bulk.decideCampaign(view);
    else toast(this.id ? "This comment has no near-duplicates that wait." : "No comment is open.");
  }

  hear(name, data) {
    if (name === "comment") {
      this.listing.happened(data);
      if (data.comment === this.id && data.actor !== `moderator:${this.me.name}`) this.reload();
    } else if (name === "claim") {
      this.listing.claimed(data, this.me.name);
      if (data.comment === this.id) this.render();
    } else if (name === "bulk") {
      this.bulk.progress(data);
      if (["done", "undone"].includes(data.state)) this.swept();
    }
  }

  /** A bulk decision of one's own is through: go on with what is left. */
  swept() {
    const at = this.index;
    this.listing.sweep();
    if (this.index < 0 && this.id) this.open(this.listing.items[Math.min(at, this.listing.items.length - 1)]?.id ?? "", undefined, true);
    if (!this.listing.items.length) this.listing.merge();
  }

  reload() {
    this.listing.forget(this.id);
    this.looking.reload(this.listing);
  }

  /** Rows came in: keep what is in sight where it is. */
  merged(before) {
    const top = before[Math.round(this.rows.node.scrollTop / this.rows.height())];
    const was = before.indexOf(top);
    const is = this.listing.items.findIndex((item) => item.id === top?.id);
    this.paint();
    if (top && is >= 0 && is !== was && this.rows.node.scrollTop > 0) this.rows.shift(is - was);
    const number = this.listing.items.filter((item) => item.arrived && !before.some((one) => one.id === item.id)).length;
    if (number) announce(plural(number, "new comment"));
    this.settle();
  }

  pane(name) {
    if (this.node.dataset.pane === name) return;
    this.node.dataset.pane = name;
    if (name === "list" && this.id && matchMedia("(max-width: 719px)").matches) this.open("", undefined, true);
  }

  facets(on) {
    this.listing.wantsFacets = on;
    this.paint();
    if (on) this.listing.refacet().catch(toastProblem);
  }

  draw(row, index) {
    return rowView(row, { current: row.id === this.id, selected: this.bulk.selected.has(row.id), tick: (shift) => this.bulk.tick(index, shift), href: this.href(null, row.id) });
  }

  /** Paint once before the next frame, whatever changes until then. */
  soon() {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { items, total, loading, loaded, filters, counts, facets, searched } = this.listing;
    this.rows.show(items, total ?? 0, this.index);
    this.rail.show(filters, counts, this.views.items);
    this.filters.show(filters, facets);
    const found = total ?? items.length;
    const text = !loaded ? "Loading…" : total === null ? `${plural(items.length, "comment")} found among ${count(searched)}` : plural(found, "comment");
    put(this.status, el("span", { text: `${listName(filters.list)}: ${text}` }), loaded && !loading && this.listing.next ? this.further(total === null) : null, el("span", { class: "hints", "aria-hidden": "true" }, keyHint("next"), keyHint("previous"), "to move"));
  }

  /** Reading on: by scrolling, as a rule; by a button where a search that looked at so many may have found none. */
  further(looking) {
    return el("button", { type: "button", class: looking ? "link" : "link unseen", on: { click: () => this.listing.more() } }, looking ? "Look further" : "Load more");
  }

  render() {
    const { row, detail, explanation } = this.looking;
    const current = row ?? this.row;
    if (!this.id || !current) {
      this.rendered = null;
      this.actions.show(null);
      this.evidence.clear();
      if (!this.listing.loaded || (this.id && !this.looking.failed)) return;
      const empty = this.listing.items.every((item) => item.left);
      if (this.looking.failed) this.comment.empty("This comment can't be shown", this.looking.failed);
      else if (empty && this.listing.next) this.comment.empty("Nothing found so far", `Nothing among the first ${count(this.listing.searched)}. Look further, or take a filter away.`);
      else if (empty && Object.keys(this.listing.filters).length > 1) this.comment.empty("Nothing found", "Nothing in this list matches. Take a filter away, or search for something else.");
      else if (empty) this.comment.empty(this.listing.filters.list === "flagged" ? "All clear" : "Nothing here", emptyText(this.listing.filters.list));
      else put(this.comment.node);
      return;
    }
    const shown = { ...current, ...(this.listing.items.find((item) => item.id === this.id) ?? {}) };
    this.actions.show(shown.left ? null : shown, this.listing.filters.list);
    if (!detail) return;
    const now = JSON.stringify([shown, explanation, covered(shown), isLifted(shown), ["mask", "blind", "numbers"].map(preference)]);
    if (this.rendered?.detail === detail && this.rendered.now === now) return;
    this.rendered = { detail, now };
    this.comment.show(shown, detail, explanation);
    this.evidence.show(shown, detail, explanation, this.listing.filters.list === "audit");
  }
}
