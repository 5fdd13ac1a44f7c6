// The comment that is being looked at: its details, the explanation that is marked, and the claim that says so to others.
// For the queue page.

import { get, send } from "./api.js";
import { kindOf, known, learn } from "./care.js";

const DWELL = 400; // milliseconds on a comment before others are told
const SETTLE = 120; // milliseconds on a comment before its words are explained in full

/** `changed` is called when there is more, or something else, to show. */
export class Looking {
  constructor({ changed }) {
    this.changed = changed;
    this.reset("");
    this.onHide = () => this.release();
    addEventListener("pagehide", this.onHide);
  }

  /** Look at a comment; "" at none. The one after it is fetched ahead. */
  async open(id, listing) {
    if (id === this.id) return;
    this.release();
    this.reset(id);
    if (!id) return;
    clearTimeout(this.dwelling);
    this.dwelling = setTimeout(() => this.claim(id), DWELL);
    await this.read(listing);
    const next = listing.items[listing.items.findIndex((item) => item.id === id) + 1];
    if (next && this.id === id) listing.detail(next.id).catch(() => {});
  }

  /** Read it again. */
  async reload(listing) {
    const { label } = this.explanation ?? {};
    await this.read(listing);
    if (label && this.explanation?.label !== label) this.explain(label);
  }

  async read(listing) {
    const { id } = this;
    try {
      const detail = await listing.detail(id);
      if (this.id !== id) return;
      Object.assign(this, { detail, row: detail.comment, explanation: detail.explanation });
      if (detail.explanation) learn(detail.comment, detail.explanation);
      listing.refresh(detail.comment);
    } catch (problem) {
      if (this.id !== id) return;
      this.failed = problem.message;
    }
    this.changed();
    clearTimeout(this.explaining);
    const label = this.explanation?.label ?? this.highest();
    if (label) this.explaining = setTimeout(() => this.explain(label, true), SETTLE);
    const kind = this.detail?.content ? kindOf(this.row) : "";
    if (kind && kind !== label && !known(this.row)) this.learn(kind);
  }

  /** Ask which words are the worst, so that not all of them are covered. */
  async learn(kind) {
    const { id, row } = this;
    try {
      const { explanation } = await get(`/comments/${id}/explanation`, { label: kind });
      if (learn(row, explanation) && this.id === id) this.changed();
    } catch {
      // Nobody can tell: all of it stays covered until one asks for it.
    }
  }

  /** The label with the highest score, when there is a text to mark. */
  highest() {
    if (!this.detail?.content) return "";
    return [...this.detail.scores].sort((a, b) => b.score - a.score)[0]?.label ?? "";
  }

  /** Mark a label's words. `fuller`: what was kept with the decision names the largest parts only; this has them all. */
  async explain(label, fuller = false) {
    const { id } = this;
    try {
      const { explanation, model } = await get(`/comments/${id}/explanation`, { label });
      if (this.id !== id) return;
      learn(this.row, explanation);
      const another = fuller && this.explanation && (model !== this.row.model || this.explanation.label !== label);
      if (!another) this.explanation = explanation;
      this.changed();
    } catch {
      // No model can be loaded, or the text is gone: the scores stand by themselves.
    }
  }

  leave() {
    this.release();
    this.reset("");
    removeEventListener("pagehide", this.onHide);
  }

  async claim(id) {
    try {
      const claim = await send("POST", `/comments/${id}/claim`);
      if (this.id !== id) return;
      this.claimed = claim.mine ? id : "";
      if (this.row) {
        this.row.claim = claim;
        if (!claim.mine) this.changed();
      }
      clearTimeout(this.renewing);
      this.renewing = setTimeout(() => this.claim(id), Math.max(5_000, (Date.parse(claim.until) - Date.now()) / 2));
    } catch {
      // It is gone or the network is: nobody needs to be told.
    }
  }

  release() {
    for (const timer of [this.dwelling, this.renewing, this.explaining]) clearTimeout(timer);
    if (this.claimed) send("DELETE", `/comments/${this.claimed}/claim`).catch(() => {});
    this.claimed = "";
  }

  reset(id) {
    Object.assign(this, { id, row: null, detail: null, explanation: null, failed: "" });
  }
}
