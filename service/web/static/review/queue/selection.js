// Looks at the comment that is open: reads its details, has its words explained, and claims it, which tells others. What it
// learns goes into the store. For the queue page.

import { get, problemOf, send } from "../lib/api.js";
import { kindOf, known, learn } from "../text/content_warning.js";

/**
 * @import { Problem } from "../lib/api.js"
 * @import { ListStore } from "./list_store.js"
 */

const DWELL = 400; // milliseconds on a comment before others are told
const SETTLE = 120; // milliseconds on a comment before its words are explained in full
const RENEW = 5_000; // milliseconds at least between two claims of the same comment
const AHEAD = 4; // comments that are read ahead, so that a key finds the next one there
const AGAIN = [1_000, 2_000, 5_000, 15_000]; // milliseconds before what could not be read is asked for once more

export class Selection {
  /** @param {ListStore} store */
  constructor(store) {
    this.store = store;
    this.claimed = "";
    this.dwelling = 0;
    this.renewing = 0;
    this.explaining = 0;
    this.asking = 0; // a timer: once more
    this.failures = 0;
    this.onHide = () => this.release();
    addEventListener("pagehide", this.onHide);
    store.on("open", ({ again }) => !again && this.open());
  }

  /** Look at the comment that is open now, if one is. Those after it are read ahead. */
  async open() {
    const { store } = this;
    const { id } = store.current;
    this.release();
    this.failures = 0;
    if (!id) return;
    this.dwelling = setTimeout(() => this.claim(id), DWELL);
    await this.read();
    if (store.current.id !== id) return;
    if (store.stale.delete(id)) this.reload();
    this.ahead();
  }

  /** Read the comments around the one that is open. */
  ahead() {
    const { index, items } = this.store;
    const near = items
      .slice(index + 1, index + 1 + AHEAD)
      .concat(items.slice(Math.max(0, index - 1), Math.max(0, index)));
    for (const { id, left } of near) if (!left) this.store.detail(id).catch(() => {});
  }

  /** Read it again: something happened to it, or it could not be read. */
  async reload() {
    const { store } = this;
    const { id, explanation } = store.current;
    if (!id) return;
    store.details.delete(id);
    if (store.current.failed) store.know({ failed: "", again: false });
    await this.read();
    if (explanation && store.current.id === id && !store.current.explanation) this.explain(explanation.label);
  }

  async read() {
    const { store } = this;
    const { id } = store.current;
    clearTimeout(this.asking);
    try {
      const detail = await store.detail(id);
      if (store.current.id !== id) return;
      this.failures = 0;
      if (detail.explanation) learn(detail.comment, detail.explanation);
      store.arrived(detail);
    } catch (error) {
      if (store.current.id !== id) return;
      this.failed(problemOf(error));
      return;
    }
    clearTimeout(this.explaining);
    const label = store.current.explanation?.label ?? this.highest();
    if (label) this.explaining = setTimeout(() => this.explain(label, true), SETTLE);
    const { row, detail } = store.current;
    const kind = row && detail?.content ? kindOf(row) : "";
    if (row && kind && kind !== label && !known(row)) this.learn(row, kind);
  }

  /**
   * It could not be read. What the network or the service could mend is asked for again.
   *
   * @param {Problem} problem
   */
  failed({ message, passing: again, status }) {
    const gone = status === 403 || status === 404 || status === 410;
    this.store.know({ failed: message, again, ...(gone ? { detail: null, newer: null } : {}) });
    if (!again) return;
    this.asking = setTimeout(() => this.reload(), AGAIN[Math.min(this.failures, AGAIN.length - 1)]);
    this.failures += 1;
  }

  /**
   * Ask which words are the worst, so that not all of them are covered.
   *
   * @param {Api.Row} row
   * @param {string} kind
   */
  async learn(row, kind) {
    try {
      const { explanation, revision } = await get(`/comments/${row.id}/explanation`, { label: kind });
      if (revision === row.revision && learn(row, explanation) && this.store.current.id === row.id) this.store.know({});
    } catch {
      // Nobody can tell: all of it stays covered until one asks for it.
    }
  }

  /** The label with the highest score, when there is a text to mark. */
  highest() {
    const { detail } = this.store.current;
    if (!detail?.content) return "";
    return [...detail.scores].sort((a, b) => b.score - a.score)[0]?.label ?? "";
  }

  /**
   * Mark a label's words. `fuller`: what was kept with the decision names the largest parts only; this has them all.
   *
   * @param {string} label
   * @param {boolean} [fuller]
   */
  async explain(label, fuller = false) {
    const { id } = this.store.current;
    try {
      const { explanation, model, revision } = await get(`/comments/${id}/explanation`, { label });
      const { current } = this.store;
      if (current.id !== id || !current.row || current.row.revision !== revision) return; // of another text, perhaps
      learn(current.row, explanation);
      const shown = current.explanation;
      const another = fuller && shown && (model !== current.row.model || shown.label !== label);
      this.store.know(another ? {} : { explanation });
    } catch {
      // No model can be loaded, or the text is gone: the scores stand by themselves.
    }
  }

  leave() {
    this.release();
    removeEventListener("pagehide", this.onHide);
  }

  /** @param {string} id */
  async claim(id) {
    try {
      const claim = await send("POST", `/comments/${id}/claim`);
      const { current } = this.store;
      if (current.id !== id) return;
      this.claimed = claim.mine ? id : "";
      if (current.row) {
        current.row.claim = claim;
        if (!claim.mine) this.store.know({});
      }
      clearTimeout(this.renewing);
      const wait = Math.max(RENEW, (Date.parse(claim.until) - Date.now()) / 2);
      this.renewing = setTimeout(() => this.claim(id), wait);
    } catch {
      // It is gone or the network is: nobody needs to be told.
    }
  }

  release() {
    for (const timer of [this.dwelling, this.renewing, this.explaining, this.asking]) clearTimeout(timer);
    if (this.claimed) send("DELETE", `/comments/${this.claimed}/claim`).catch(() => {});
    this.claimed = "";
  }
}
