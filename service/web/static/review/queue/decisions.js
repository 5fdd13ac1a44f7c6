// Does what a moderator decided: at once on the page, then at the service, with a way back. For the queue page.
import { problemOf, send } from "../lib/api.js";
import { keyHint } from "../lib/keys.js";
import { actorName, colon, doneName, reasonName, reasonWords, sentence, whomName } from "../lib/labels.js";
import { say, within } from "../lib/language.js";
import { exactly } from "../lib/numbers.js";
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

const MOST_DONE = 100; // steps that can be taken back, one by one

/** Decides on a list's comments; what can be taken back is in the store. */
export class Decisions {
  /** @param {ListStore} store */
  constructor(store) {
    this.store = store;
    /** @type {Promise<unknown>} */
    this.underWay = Promise.resolve(); // whatever the service was told, until it has answered
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

  /** Undo what was done last, also when the service has not answered yet. */
  async undo() {
    await this.underWay;
    const last = this.store.done.at(-1);
    return last ? this.undoThis(last) : toast(say("There is nothing left to undo."));
  }

  /**
   * Undo many at once, whatever was done since.
   *
   * @param {string} bulk
   */
  undoBulk(bulk) {
    return this.undoThis(this.store.done.find((one) => "bulk" in one && one.bulk === bulk) ?? { bulk });
  }

  /** @param {Done} done */
  undoThis(done) {
    this.forget(done);
    done.close?.();
    return this.attempt(
      () => this.takeBack(done),
      () => this.remember(done),
    );
  }

  /** @param {Done} done */
  async takeBack(done) {
    if ("bulk" in done) {
      await send("POST", `/bulk/${done.bulk}/undo`, {});
      return toast(say("The whole decision is being taken back."), { kind: "good" });
    }
    const { action, index, list, revision, row } = done;
    const { comment } = await send("POST", `/comments/${row.id}/${action}`, { revision });
    const known = list === "audit" ? { revision: comment.revision } : comment; // that list is blind
    if (list === this.store.filters.list) this.store.putBack({ ...row, ...known }, index);
    else this.undone(comment);
    return toast(say("Taken back."), { kind: "good" });
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
    this.forget(done);
    this.store.done = [...this.store.done, done].slice(-MOST_DONE);
  }

  /** @param {Done} done */
  forget(done) {
    this.store.done = this.store.done.filter((one) => one !== done);
  }

  /**
   * The service is being told of something: until it has answered, that is what was done last.
   *
   * @template Told
   * @param {Promise<Told>} telling
   */
  sent(telling) {
    this.underWay = Promise.allSettled([this.underWay, telling]).then(() => {});
    return telling;
  }

  /** @param {Api.Row} comment */
  undone(comment) {
    const { id, list, revision, state } = comment;
    if (state) this.store.happened({ comment: id, state, list, revision, actor: "", what: "undone" });
  }

  /**
   * @param {() => Promise<unknown>} act
   * @param {() => void} [passed] called when it may go better in a moment
   */
  async attempt(act, passed = () => {}) {
    try {
      await act();
    } catch (error) {
      if (problemOf(error).passing) passed();
      toastProblem(error);
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
  tell(row, act, what, back) {
    return this.sent(this.carry(row, act, what, back));
  }

  /**
   * @param {Shown} row
   * @param {() => Promise<Api.Changed | null>} act
   * @param {string} what
   * @param {Step["action"] | ""} back
   */
  async carry(row, act, what, back) {
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
      this.remember(step);
      step.close = toast(`${what}.`, { until, action: [say("Undo"), () => this.undoThis(step), keyHint("undo")] });
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
  const why = colon(reasons.map(reasonName).join(", "));
  const values = { actor: actorName(actor), why };
  if (outcome === "approve") return say("{actor} was faster and approved it{why}. Yours was not carried out.", values);
  if (outcome === "reject") return say("{actor} was faster and rejected it{why}. Yours was not carried out.", values);
  if (outcome === "hold") return say("{actor} was faster and held it{why}. Yours was not carried out.", values);
  return say("{actor} was faster and changed it ({what}). Yours was not carried out.", {
    ...values,
    what: within(sentence(what)),
  });
}
