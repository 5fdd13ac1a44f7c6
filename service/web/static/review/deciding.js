// Does what a moderator decided: at once on the page, then at the service, with a way back. For the queue page.

import { send } from "./api.js";
import { keyHint } from "./keys.js";
import { toast, toastProblem } from "./toasts.js";
import { actorName, doneName, exactly, reasonName } from "./words.js";

const SAID = { escalate: "Escalated", snooze: "Put aside", return: "Back in the queue", audit: "Noted. Thank you" };

/** Decides on a listing's comments. `moved(row)` is called when one left the list, `shown(row)` when one came back. */
export class Deciding {
  constructor(listing, { moved, shown }) {
    Object.assign(this, { listing, moved, shown, past: [] });
  }

  /** Approve or reject. */
  decide(row, outcome, reasons = [], note = "") {
    if (this.listing.filters.list === "audit") return this.tell(row, "audit", { outcome, reasons }, SAID.audit);
    const what = reasons.length ? `${doneName(outcome)} as ${reasons.map((code) => reasonName(code).toLowerCase()).join(", ")}` : doneName(outcome);
    return this.tell(row, "decision", { outcome, reasons, note, revision: row.revision }, what);
  }

  escalate(row, note) {
    return this.tell(row, "escalate", { revision: row.revision, note }, SAID.escalate);
  }

  snooze(row, until) {
    return this.tell(row, "snooze", { revision: row.revision, until }, `${SAID.snooze} until ${exactly(until)}`);
  }

  giveBack(row) {
    return this.tell(row, "return", { revision: row.revision }, SAID.return);
  }

  /** Undo what was done last, or a given decision. */
  async undo(row = null, undo = null) {
    const last = row ? { row, revision: undo.revision, index: 0, until: undo.until, action: "undo" } : this.past.pop();
    if (!last) return toast("There is nothing left to undo.");
    last.close?.();
    try {
      if (last.bulk) {
        await send("POST", `/bulk/${last.bulk}/undo`, {});
        return toast("The whole decision is being taken back.", { kind: "good" });
      }
      const { comment } = await send("POST", `/comments/${last.row.id}/${last.action}`, { revision: last.revision });
      if (last.list === this.listing.filters.list && !row) {
        this.listing.restore({ ...last.row, ...comment }, last.index);
        this.shown(comment);
      } else this.listing.happened({ comment: comment.id, ...comment, actor: "", what: "undone" });
      return toast("Taken back.", { kind: "good" });
    } catch (problem) {
      return toastProblem(problem);
    }
  }

  /** Remember a bulk decision, so that one key takes it back. */
  remember(entry) {
    this.past.push(entry);
  }

  async tell(row, action, body, what) {
    const list = this.listing.filters.list;
    const index = this.listing.take(row.id);
    this.moved(row, index);
    try {
      const changed = await send("POST", `/comments/${row.id}/${action}`, body);
      if (!changed) return toast(`${what}.`);
      const until = changed.undo ? Date.parse(changed.undo.until) : 0;
      const entry = { row, index, list, revision: changed.comment.revision, until, action: action === "decision" ? "undo" : action === "return" ? "" : "return" };
      if (!entry.action) return toast(`${what}.`);
      this.past.push(entry);
      entry.close = toast(`${what}.`, { until, action: ["Undo", () => this.undoEntry(entry), keyHint("undo")] });
    } catch (problem) {
      this.refused(row, index, list, problem);
    }
  }

  undoEntry(entry) {
    this.past = this.past.filter((one) => one !== entry);
    this.past.push(entry);
    return this.undo();
  }

  refused(row, index, list, problem) {
    const won = problem.body?.won;
    const still = list === this.listing.filters.list;
    if (problem.status === 409 && won) {
      const what = won.outcome ? `${doneName(won.outcome).toLowerCase()} it` : `changed it (${won.what})`;
      const why = won.reasons?.length ? `: ${won.reasons.map(reasonName).join(", ")}` : "";
      if (still) {
        this.listing.restore({ ...row, state: won.state, revision: won.revision, left: { ...won, list: "" } }, index);
        this.shown(row);
      }
      toast(`${actorName(won.actor)} was faster and ${what}${why}. Yours was not carried out.`, { kind: "bad" });
      return;
    }
    if (still) {
      this.listing.restore(row, index);
      this.shown(row);
    }
    toastProblem(problem);
  }
}
