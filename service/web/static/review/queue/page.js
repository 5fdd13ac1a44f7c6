// The queue page: puts list, comment and evidence side by side, and lets keys, the address and what happens live act on the
// store. For `main`.
import { announce, el, hush, isNarrow, landing } from "../lib/dom.js";
import { listen } from "../lib/events.js";
import { handle } from "../lib/keys.js";
import { say } from "../lib/language.js";
import { age, percent } from "../lib/numbers.js";
import { onPreference, prefer, preference } from "../lib/preferences.js";
import { keepAbove, toast, toastProblem } from "../lib/toasts.js";
import { cover, covered, excerptView, isLifted, lift } from "../text/content_warning.js";
import { calm } from "../text/unicode.js";
import { Actions } from "./actions.js";
import { Bulk } from "./bulk.js";
import { CommentPane, emptyOf } from "./comment.js";
import { Decisions } from "./decisions.js";
import { Editor, forgetEdit } from "./editor.js";
import { Evidence } from "./evidence.js";
import { Filters, statusLine } from "./filters.js";
import { ListStore, filtersOf } from "./list_store.js";
import { rowView, whyOf } from "./row.js";
import { SavedViews } from "./saved_views.js";
import { Selection } from "./selection.js";
import { Sidebar } from "./sidebar.js";
import { Sight } from "./sight.js";
import { VirtualList } from "./virtual_list.js";

/**
 * @import { Heard } from "../lib/events.js"
 * @import { Frame, Page } from "../main.js"
 * @import { Shown } from "./list_store.js"
 */

const PREFERENCES = /** @type {const} */ (["mask", "blind", "numbers"]);

const SPOKEN = 80; // characters of a comment that are read out when it is opened

/**
 * Open the page.
 *
 * @param {Frame} frame
 * @returns {Page}
 */
export function queuePage(frame) {
  const page = new QueuePage(frame);
  return { node: page.node, show: (parameters) => page.show(parameters), close: () => page.close() };
}

/** Where the panes meet: what they show is in the store, what they want done comes here. */
class QueuePage {
  /** @param {Frame} frame */
  constructor({ me, may, go, href, live, waiting }) {
    this.me = me;
    this.waiting = waiting;
    this.go = go;
    const store = (this.store = new ListStore());
    this.selection = new Selection(store);
    this.decisions = new Decisions(store);
    this.bulk = new Bulk(store, this.decisions, may, me.sites);
    this.sight = new Sight(me.look, () => this.render());
    this.actions = new Actions(store, this.decisions, this.sight, (row, detail) => this.edit(row, detail));
    this.editor = new Editor({
      judged: () => this.actions.judged,
      approve: (row, reasons, note, edit) => this.decisions.decide(row, "approve", reasons, note, edit),
      left: () => (this.render(), this.comment.node.focus({ preventScroll: true })),
    });
    const address = (/** @type {Api.Query | null} */ filters, id = "") =>
      href("queue", { ...(filters ?? store.filters), id });
    this.rows = new VirtualList({
      label: say("Comments"),
      draw: (/** @type {Shown} */ row) =>
        rowView(row, {
          current: row.id === store.current.id,
          selected: store.ticked.has(row.id),
          tick: (shift) => store.tick(store.placeOf(row.id), shift),
          href: address(null, row.id),
        }),
      signOf: (row) =>
        JSON.stringify([
          row,
          row.id === store.current.id,
          store.ticked.has(row.id),
          address(null, row.id),
          preference("blind"),
          covered(row),
          age(row.created_at),
        ]),
      near: () => store.more(),
    });
    this.comment = new CommentPane({
      href: address,
      back: () => this.back(),
      evidence: () => this.pane("evidence"),
      undo: (row, undo) => this.decisions.undoOf(row, undo),
      retry: () => this.selection.reload(),
      accept: (detail) => store.accept(detail),
    });
    this.evidence = new Evidence({
      back: () => this.pane("comment"),
      explain: (label) => this.selection.explain(label),
      tools: {
        may,
        href: address,
        reload: () => this.selection.reload(),
        campaigns: (id) => href("campaigns", { id }),
        campaign: (view) => this.bulk.decideCampaign(view),
        blocked: (row, whom) => this.bulk.cleanUp(row, whom),
      },
    });
    this.views = new SavedViews({ changed: () => this.paint(), open: (filters) => this.open("", { filters }) });
    this.filters = new Filters({
      change: (filters) => this.open("", { filters }),
      open: (on) => this.facets(on),
      saveView: () => this.views.save(store.filters),
      decideAll: may("bulk") ? () => this.bulk.decideQuery() : null,
    });
    this.sidebar = new Sidebar({
      href: (filters) => href("queue", { ...filters }),
      forget: (view) => this.views.forget(view),
    });
    this.mine = 0; // of what is handed over, for whoever is here
    this.handedOn = false; // whether somebody has handed something over since it was counted
    this.status = el("p", { class: "list-status", role: "status" });
    this.frame = 0;
    /** @type {{ detail: Api.Detail, newer: Api.Detail | null, now: string } | null} */
    this.rendered = null; // what the panes on the right show
    this.node = this.layout();
    this.wire();
    this.ends = [
      this.keys(),
      onPreference((name) => name !== "theme" && (this.paint(), this.render())),
      listen({ hear: (event) => this.hear(event), state: (on, again) => (live(on), again && this.caughtUp()) }),
    ];
    const keep = () => this.keep();
    addEventListener("pagehide", keep);
    this.ends.push(() => removeEventListener("pagehide", keep));
    this.views.load();
  }

  layout() {
    const queue = el(
      "section",
      { class: "queue", "aria-label": say("Queue") },
      this.filters.node,
      this.status,
      this.rows.node,
      this.bulk.node,
    );
    for (const bar of [this.bulk.node, this.editor.node, this.actions.node]) keepAbove(bar);
    const middle = el(
      "section",
      { class: "middle", "aria-label": say("Judge") },
      this.comment.node,
      this.editor.node,
      this.actions.node,
    );
    return el(
      "div",
      { class: "desk", data: { pane: "list" } },
      el("h1", { class: "unseen", text: say("Queue") }),
      this.sidebar.node,
      queue,
      middle,
      this.evidence.node,
    );
  }

  /** What is shown follows the store. */
  wire() {
    const { store } = this;
    store.on("change", () => (this.soon(), this.settle()));
    store.on("counts", () => (this.counted(), this.soon()));
    store.on("facets", () => this.soon());
    store.on("merge", ({ before }) => this.merged(before));
    store.on("problem", (problem) => toastProblem(problem));
    store.on("ticked", () => (this.bulk.show(), this.paint(), this.keep(), announce(tickedText(store))));
    store.on("open", () => this.opened());
    store.on("current", () => (this.soon(), this.render()));
    store.on("wanted", ({ id, replace }) => {
      if (!id && isNarrow()) this.pane("list");
      this.open(id, { replace });
    });
  }

  keys() {
    const toggle = (/** @type {(typeof PREFERENCES)[number]} */ name) => prefer(name, !preference(name));
    return handle({
      next: () => this.store.step(1) || announce(say("This is the last comment")),
      previous: () => this.store.step(-1) || announce(say("This is the first comment")),
      search: () => this.filters.focus(),
      filters: () => this.filters.toggle(),
      undo: () => this.decisions.undo(),
      select: () => this.store.index >= 0 && this.store.tick(this.store.index),
      clear: () => this.store.untick(),
      approveAll: () => this.bulk.decideSelected("approve"),
      spamAll: () => this.bulk.decideSelected("reject", ["spam"]),
      rejectAll: () => this.bulk.rejectSelected(null),
      campaign: () => this.campaign(),
      unmask: () => this.unmask(),
      numbers: () => toggle("numbers"),
      blind: () => (
        toggle("blind"),
        hush(),
        announce(preference("blind") ? say("Authors are hidden") : say("Authors are shown"))
      ),
      note: () => (this.pane("evidence"), this.evidence.node.querySelector("textarea")?.focus()),
    });
  }

  /**
   * Show what an address says.
   *
   * @param {URLSearchParams} parameters
   */
  async show(parameters) {
    const { store } = this;
    const filters = filtersOf(parameters);
    const id = parameters.get("id") ?? "";
    if (JSON.stringify(filters) !== JSON.stringify(store.filters) || !store.loaded) {
      store.untick();
      this.rows.node.scrollTop = 0;
      const loading = store.open(filters);
      store.select(id);
      await loading;
      await this.returned(id);
      this.settle();
    } else {
      store.select(id);
      if (!id) this.settle();
    }
    this.pane(id ? "comment" : "list");
  }

  /**
   * Go on where this tab was before: what was ticked, and as far down as one had come.
   *
   * @param {string} id
   */
  async returned(id) {
    const { store } = this;
    const kept = placeOf(store);
    const browses = !id && isNarrow(); // the list alone is shown
    while ((browses || (id && store.index < 0)) && store.next && store.items.length < kept.loaded) {
      const before = store.items.length;
      await store.more();
      if (store.items.length === before) break;
    }
    if (store.index >= 0) {
      this.paint();
      this.rows.reveal(store.index);
    } else if (browses) {
      this.paint();
      this.rows.node.scrollTop = kept.top;
    }
    const ticked = kept.ticked.filter((one) => store.find(one));
    if (!ticked.length) return;
    store.ticked = new Set(ticked);
    store.fire("ticked", undefined);
  }

  /** Remember the place, for when one comes back. */
  keep() {
    keepPlace(this.store, this.rows.top);
  }

  /** Back to where one came from, where there is room for one pane only. */
  back() {
    if (history.state?.within) history.back();
    else this.pane("list");
  }

  close() {
    this.keep();
    this.ends.forEach((end) => end());
    cancelAnimationFrame(this.frame);
    this.actions.close();
    this.sight.close();
    this.selection.leave();
  }

  /**
   * Ask for another address: a comment, or other filters.
   *
   * @param {string} id
   * @param {{ filters?: Api.Query, replace?: boolean }} [options]
   */
  open(id, { filters = this.store.filters, replace = false } = {}) {
    this.go({ ...filters, id }, replace);
  }

  /** On a desk something is always open: the first of the list, when nothing was asked for. */
  settle() {
    const { current, items, loaded } = this.store;
    if (current.id) {
      this.render();
      return;
    }
    if (!loaded || isNarrow()) return;
    const first = items.find((item) => !item.left);
    if (first) this.open(first.id, { replace: true });
    else this.render();
  }

  /** Another comment is open: show what the list says of it until more is known. */
  opened() {
    const { current, index } = this.store;
    for (const pane of [this.comment, this.evidence]) pane.node.scrollTop = 0; // first of all: it costs a layout later
    if (index >= 0) this.rows.reveal(index);
    this.paint();
    /** @type {HTMLElement | null} */
    const link = this.rows.node.querySelector("a:focus") && this.rows.node.querySelector(".row.current a");
    link?.focus({ preventScroll: true });
    this.rendered = null;
    this.render();
    if (current.id) return;
    this.sight.look("", "");
  }

  /** Show or cover the worst words of this comment alone. */
  unmask() {
    const { shown } = this.store;
    if (!shown) return;
    if (isLifted(shown)) cover(shown);
    else lift(shown);
  }

  /**
   * Edit a comment's words, which are shown for it.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   */
  edit(row, detail) {
    lift(row);
    this.editor.begin(row, detail);
    this.render();
  }

  campaign() {
    const { detail, id } = this.store.current;
    if (detail?.campaign) this.bulk.decideCampaign(detail.campaign);
    else toast(id ? say("This comment has no near-duplicates that wait.") : say("No comment is open."));
  }

  /** The lists are counted anew: the title says how much waits, and a message what was handed to whoever is here. */
  counted() {
    const { flagged = 0, mine = 0 } = this.store.counts;
    this.waiting(flagged);
    const more = mine > this.mine;
    this.mine = mine;
    if (!this.handedOn) return;
    this.handedOn = false;
    if (more)
      toast(say("Something was handed over to you."), {
        action: [say("Show"), () => this.go({ list: "escalated", handed: "me" })],
      });
  }

  /** The stream is back: what happened meanwhile was not heard. */
  caughtUp() {
    if (!this.store.loaded) return;
    this.store.details.clear();
    this.store.merge();
    this.store.recount();
    this.selection.reload();
  }

  /** @param {Heard} event */
  hear({ name, data }) {
    const { store } = this;
    if (name === "comment") {
      if (data.what === "escalated" && data.actor !== `moderator:${this.me.name}`) this.handedOn = true;
      store.happened(data);
      this.decisions.happened(data);
      if (data.state === "erased") forgetEdit(data.comment);
      if (data.comment === store.current.id)
        data.state === "erased" ? this.selection.release() : this.selection.reload();
    } else if (name === "claim") {
      store.claimed(data, this.me.name);
      if (data.comment === store.current.id) this.render();
    } else if (name === "bulk") {
      this.bulk.progress(data);
      if (["done", "undone"].includes(data.state)) store.sweep();
    }
  }

  /**
   * Rows came in: keep what is in sight where it is.
   *
   * @param {Shown[]} before
   */
  merged(before) {
    const { items } = this.store;
    const first = Math.round(this.rows.node.scrollTop / this.rows.height());
    const was = before.findIndex((item, index) => index >= first && items.includes(item));
    const is = items.indexOf(before[was]);
    this.paint();
    if (was >= 0 && is !== was && this.rows.node.scrollTop > 0) this.rows.shift(is - was);
    const number = items.filter((item) => item.arrived && !before.some((one) => one.id === item.id)).length;
    if (number) announce(say("{count} new comments", { count: number }));
    this.settle();
  }

  /**
   * Show another pane, where there is room for one only.
   *
   * @param {"list" | "comment" | "evidence"} name
   */
  pane(name) {
    if (this.node.dataset.pane === name) return;
    this.node.dataset.pane = name;
    if (name === "list" && this.store.current.id && isNarrow()) this.open("", { replace: true });
  }

  /**
   * Say which comment is open, to whoever can't see it.
   *
   * @param {Shown} row
   */
  tell(row) {
    const { index, items, total } = this.store;
    const name = preference("blind") ? say("Somebody") : calm(row.author?.name ?? "").trim() || say("No name");
    const words = row.text_kept
      ? covered(row)
        ? spoken(row)
        : say("Words are covered")
      : say("The text is no longer kept");
    const why = [
      ...whyOf(row).map(([name, score]) => (score === undefined ? name : `${name} ${percent(score)}`)),
      ...row.rules,
    ];
    const place =
      index < 0 ? "" : say("{place} of {all}", { place: index + 1, all: Math.max(total ?? 0, items.length) });
    announce([name, words, why.join(", "), place].filter(Boolean).join(". "));
  }

  /** @param {boolean} on */
  facets(on) {
    this.store.wantsFacets = on;
    this.paint();
    if (on) this.store.refacet().catch(toastProblem);
  }

  /** Paint once before the next frame, whatever changes until then. */
  soon() {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  /** Show the list and what surrounds it. */
  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    landing(() => this.paintAll());
  }

  paintAll() {
    const { counts, facets, filters, index, items, total } = this.store;
    this.rows.show(items, total ?? 0, index);
    this.sidebar.show(filters, counts, this.views.items);
    this.filters.show(filters, facets, items);
    const line = el("p", {}, statusLine(this.store));
    if (line.innerHTML !== this.status.innerHTML) this.status.replaceChildren(...line.childNodes); // it is read out anew
  }

  /** Show the comment that is open. The focus stays on the page, whatever is taken away. */
  render() {
    landing(() => this.renderAll());
  }

  /**
   * The comment that is open, its evidence, and what can be done with it: all of the same comment, or, while they are not all
   * here, what stands in for them.
   */
  renderAll() {
    const { current, filters, shown } = this.store;
    const { detail, explanation, id, newer } = current;
    if (!shown || !detail) {
      this.rendered = null;
      this.sight.look("", "");
      this.editor.show(id, null);
      this.actions.wait(Boolean(id) && !current.failed);
      const empty = emptyOf(this.store);
      if (id && !current.failed) {
        this.comment.waiting(id, shown);
        this.evidence.waiting(id);
      } else {
        this.evidence.clear();
        if (empty) {
          const [title, text, picture] = empty;
          this.comment.empty(title, text, picture, current.failed ? current.again : false);
        }
      }
      return;
    }
    const now = JSON.stringify([shown, explanation, covered(shown), isLifted(shown), PREFERENCES.map(preference)]);
    if (this.rendered?.detail !== detail || this.rendered.newer !== newer || this.rendered.now !== now) {
      this.rendered = { detail, newer, now };
      this.comment.show(shown, detail, explanation, newer);
      this.evidence.show(shown, detail, explanation, filters.list === "audit");
    }
    if (this.sight.look(id, detail.content)) this.tell(shown);
    this.editor.show(id, detail);
    const editing = this.editor.id === id;
    this.actions.show(shown, detail, { list: filters.list ?? "flagged", overtaken: newer !== null, editing });
  }
}

/**
 * How a comment begins, to be read out: without the words that are covered.
 *
 * @param {Shown} row
 */
function spoken(row) {
  const said = el("span", {}, excerptView(row));
  for (const hidden of said.querySelectorAll("[aria-hidden]")) hidden.remove();
  const text = said.textContent.replaceAll(/\s+/gu, " ").trim();
  return text.length > SPOKEN ? `${text.slice(0, SPOKEN)}…` : text;
}

const PLACE = "antechamber.place";

/**
 * Remember what is ticked, and how far down one has come, for a reload of this tab.
 *
 * @param {ListStore} store
 * @param {number} top
 */
function keepPlace({ filters, items, ticked }, top) {
  try {
    const place = { filters: JSON.stringify(filters), loaded: items.length, ticked: [...ticked], top };
    if (items.length) sessionStorage.setItem(PLACE, JSON.stringify(place));
  } catch {
    // Storage is off or full: one begins at the top.
  }
}

/**
 * @param {ListStore} store
 * @returns {{ loaded: number, ticked: string[], top: number }}
 */
function placeOf({ filters }) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "{}");
    if (kept.filters === JSON.stringify(filters)) return kept;
  } catch {
    // Nothing kept.
  }
  return { loaded: 0, ticked: [], top: 0 };
}

/** @param {ListStore} store */
const tickedText = ({ ticked }) =>
  ticked.size ? say("{count} comments selected", { count: ticked.size }) : say("Nothing is selected");
