// Does what a moderator decided: at once on the page, then at the service, with a way back. For the queue page.

import { problemOf, send } from "../lib/api.js";
import { keyHint } from "../lib/keys.js";
import { actorName, doneName, exactly, reasonName, reasonWords, sentence, whomName } from "../lib/labels.js";
import { say, within } from "../lib/language.js";
import { toast, toastProblem } from "../lib/toasts.js";

/**
 * @import { Problem, Won } from "../lib/api.js"
 * @import { Code } from "../lib/labels.js"
 * @import { Handing } from "./handing.js"
 * @import { Done, ListStore, Shown, Step } from "./list_store.js"
 */

const SAID = {
  escalate: say("Escalated"),
  snooze: say("Put aside"),
  return: say("Back in the queue"),
  audit: say("Noted. Thank you"),
};

/** Decides on a list's comments; what can be taken back is in the store. */
export class Decisions {
  /** @param {ListStore} store */
  constructor(store) {
    this.store = store;
  }

  /**
   * Approve or reject.
   *
   * @param {Shown} row
   * @param {Api.Outcome} outcome
   * @param {Code[]} [reasons]
   * @param {string} [note]
   * @param {Api.EditInput | null} [edit] the text to be shown in the author's place
   */
  decide(row, outcome, reasons = [], note = "", edit = null) {
    const { id, revision } = row;
    if (this.store.filters.list === "audit")
      return this.tell(
        row,
        () => send("POST", `/comments/${id}/audit`, { outcome, reasons, revision }),
        SAID.audit,
        "undo",
      );
    const what = edit
      ? say("Approved with the edited text")
      : reasons.length
        ? say("Rejected as {reasons}", { reasons: reasonWords(reasons) })
        : doneName(outcome);
    const act = () => send("POST", `/comments/${id}/decision`, { outcome, reasons, note, revision, edit });
    return this.tell(row, act, what, "undo");
  }

  /**
   * @param {Shown} row
   * @param {Handing} handing
   */
  escalate(row, { to, note }) {
    const act = () => send("POST", `/comments/${row.id}/escalate`, { revision: row.revision, note, to });
    return this.tell(row, act, to ? say("Handed to {whom}", { whom: whomName(to) }) : SAID.escalate, "return");
  }

  /**
   * @param {Shown} row
   * @param {string} until RFC 3339
   */
  snooze(row, until) {
    const act = () => send("POST", `/comments/${row.id}/snooze`, { revision: row.revision, until });
    return this.tell(row, act, say("Put aside until {time}", { time: exactly(until) }), "return");
  }

  /** @param {Shown} row */
  giveBack(row) {
    const act = () => send("POST", `/comments/${row.id}/return`, { revision: row.revision });
    return this.tell(row, act, SAID.return, "");
  }

  /** Undo what was done last. */
  undo() {
    const last = this.store.done.pop();
    if (!last) return toast(say("There is nothing left to undo."));
    last.close?.();
    return this.attempt(async () => {
      if ("bulk" in last) {
        await send("POST", `/bulk/${last.bulk}/undo`, {});
        return toast(say("The whole decision is being taken back."), { kind: "good" });
      }
      const { comment } = await send("POST", `/comments/${last.row.id}/${last.action}`, { revision: last.revision });
      const { revision } = comment;
      const known = last.list === "audit" ? { revision } : comment; // that list is blind
      if (last.list === this.store.filters.list) this.store.putBack({ ...last.row, ...known }, last.index);
      else this.undone(comment);
      return toast(say("Taken back."), { kind: "good" });
    });
  }

  /**
   * Undo a decision that was made earlier, or elsewhere.
   *
   * @param {Shown} row
   * @param {Api.Undo} undo
   */
  undoOf(row, undo) {
    return this.attempt(async () => {
      const { comment } = await send("POST", `/comments/${row.id}/undo`, { revision: undo.revision });
      this.undone(comment);
      return toast(say("Taken back."), { kind: "good" });
    });
  }

  /**
   * Something happened to a comment: what was done to it before can no longer be taken back, and is no longer offered.
   *
   * @param {Api.CommentEvent} event
   */
  happened({ comment, revision }) {
    const { done } = this.store;
    const over = done.filter((one) => "row" in one && one.row.id === comment && one.revision < revision);
    for (const one of over) one.close?.();
    this.store.done = done.filter((one) => !over.includes(one));
  }

  /**
   * Remember what was done, so that one key takes it back.
   *
   * @param {Done} done
   */
  remember(done) {
    this.store.done = [...this.store.done.filter((one) => one !== done), done];
  }

  /** @param {Api.Row} comment */
  undone(comment) {
    const { id, list, revision, state } = comment;
    if (state) this.store.happened({ comment: id, state, list, revision, actor: "", what: "undone" });
  }

  /** @param {() => Promise<unknown>} act */
  async attempt(act) {
    try {
      await act();
    } catch (problem) {
      toastProblem(problem);
    }
  }

  /**
   * Take a row out, tell the service, and offer the way back, if there is one. Resolves to whether it was done.
   *
   * @param {Shown} row
   * @param {() => Promise<Api.Changed | null>} act
   * @param {string} what
   * @param {Step["action"] | ""} back
   */
  async tell(row, act, what, back) {
    const list = this.store.filters.list ?? "";
    const { current } = this.store;
    const judged = current.id === row.id ? current.detail : null;
    const index = this.store.decide(row);
    try {
      const changed = await act();
      if (!changed || !back) {
        toast(`${what}.`);
        return true;
      }
      const until = changed.undo ? Date.parse(changed.undo.until) : 0;
      /** @type {Step} */
      const step = { row, index, list, revision: changed.comment.revision, action: back };
      const again = () => {
        this.remember(step);
        this.undo();
      };
      this.remember(step);
      step.close = toast(`${what}.`, { until, action: [say("Undo"), again, keyHint("undo")] });
      return true;
    } catch (problem) {
      this.refused(row, index, list, judged, problemOf(problem));
      return false;
    }
  }

  /**
   * @param {Shown} row
   * @param {number} index
   * @param {string} list
   * @param {Api.Detail | null} judged
   * @param {Problem} problem
   */
  refused(row, index, list, judged, problem) {
    const { won } = problem.body;
    const still = list === this.store.filters.list;
    if (problem.status === 409 && won) {
      const { edited, state, revision } = won;
      const left = edited ? {} : { left: { ...won, list: "" } };
      if (still) this.store.putBack({ ...row, state, revision, ...left }, index, judged);
      toast(edited ? say("The author changed the text meanwhile. Yours was not carried out.") : fasterText(won), {
        kind: "bad",
      });
      return;
    }
    if (still) this.store.putBack(row, index);
    toastProblem(problem);
  }
}

/**
 * Who decided first, and what.
 *
 * @param {Won} won
 */
function fasterText({ actor, outcome, reasons = [], what }) {
  const why = reasons.length ? `: ${reasons.map(reasonName).join(", ")}` : "";
  const values = { actor: actorName(actor), why };
  if (outcome === "approve") return say("{actor} was faster and approved it{why}. Yours was not carried out.", values);
  if (outcome === "reject") return say("{actor} was faster and rejected it{why}. Yours was not carried out.", values);
  if (outcome === "hold") return say("{actor} was faster and held it{why}. Yours was not carried out.", values);
  return say("{actor} was faster and changed it ({what}). Yours was not carried out.", {
    ...values,
    what: within(sentence(what)),
  });
}
