// What happened to a comment, and what moderators noted about it. For the evidence pane.

import { send } from "./api.js";
import { el } from "./dom.js";
import { keyHint } from "./keys.js";
import { toastProblem } from "./toasts.js";
import { actorName, doneName, reasonName, sentence, timeOptions } from "./words.js";

const WHAT = { submitted: "Came in", edited: "Edited", requeued: "Judged anew", reported: "Reported", "text-dropped": "Text dropped, by age", undone: "Taken back" };

/** Notes and history. Tools: `reload()`. */
export class Past {
  constructor(tools) {
    this.tools = tools;
    this.drafts = new Map(); // comment -> what is being written, which a live change must not wipe out
  }

  notes(row, detail) {
    const input = el("textarea", { rows: "2", maxlength: "1000", "aria-label": "A note for other moderators", placeholder: "A note for other moderators" });
    input.value = this.drafts.get(row.id) ?? "";
    input.addEventListener("input", () => this.drafts.set(row.id, input.value));
    const save = async () => {
      const text = input.value.trim();
      if (!text) return input.focus();
      try {
        await send("POST", `/comments/${row.id}/notes`, { text });
        this.drafts.delete(row.id);
        this.tools.reload();
      } catch (problem) {
        toastProblem(problem);
      }
      return null;
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
      if (event.key === "Escape") input.blur();
    });
    const lines = detail.notes.map((note) => el("li", {}, el("p", { class: "note", dir: "auto", text: note.text }), el("p", { class: "meta" }, `${note.by} `, el("time", timeOptions(note.at)))));
    return el("section", { class: "notes" }, el("h2", { text: "Notes" }), lines.length ? el("ul", {}, lines) : null, el("form", { on: { submit: (event) => (event.preventDefault(), save()) } }, input, el("button", { type: "submit", class: "quiet" }, "Add note", keyHint("note"))));
  }

  history(detail) {
    const lines = [...detail.history].reverse().map((change) => {
      const decision = change.decision;
      const what = decision ? doneName(decision.outcome) : (WHAT[change.what] ?? sentence(change.what));
      const why = decision?.reasons.map((reason) => reasonName(reason.code)).join(", ");
      return el("li", { class: `event ${change.state}` }, el("span", {}, el("b", { text: what }), ` by ${actorName(change.actor)}`), el("time", timeOptions(change.at)), why ? el("span", { class: "meta", text: why }) : null, decision?.note ? el("span", { class: "note", dir: "auto", text: decision.note }) : null);
    });
    return el("section", {}, el("h2", { text: "History" }), el("ol", { class: "history" }, lines));
  }
}
