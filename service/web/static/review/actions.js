// The buttons under a comment: what can be done with it, given where it stands. For the queue page.

import { el, icon, put } from "./dom.js";
import { handle, keyHint, keyOf } from "./keys.js";

/** What can be done, by where a comment stands: [action, name, picture, kind]. */
const BUTTONS = {
  approve: ["Approve", "check", "good"],
  reject: ["Reject…", "ban", "bad"],
  spam: ["Spam", "cross", "bad"],
  escalate: ["Escalate", "up", ""],
  snooze: ["Later…", "clock", ""],
};

/** The bar. `act(action, button)` is called with what was chosen. */
export class Actions {
  constructor({ act }) {
    this.act = act;
    this.node = el("div", { class: "actions", role: "toolbar", "aria-label": "Decide" });
    this.end = () => {};
  }

  /** Show what can be done with a comment in a list; null: nothing. */
  show(row, list) {
    this.end();
    if (!row) {
      put(this.node);
      this.node.hidden = true;
      return;
    }
    this.node.hidden = false;
    const choices = choicesFor(row, list);
    const buttons = choices.map(([action, name, does = action]) => {
      const [usual, picture, kind] = BUTTONS[action];
      const button = el("button", { type: "button", class: `action ${kind}`, "aria-keyshortcuts": keyOf(action) || null, data: { act: does } }, icon(picture), el("span", { text: name ?? usual }), keyHint(action));
      button.addEventListener("click", () => this.act(does, button));
      return [action, does, button];
    });
    put(this.node, buttons.map(([, , button]) => button));
    this.end = handle(Object.fromEntries(buttons.map(([action, does, button]) => [action, () => this.act(does, button)])));
  }
}

function choicesFor(row, list) {
  if (list === "audit") return [["approve"], ["reject"], ["spam"]];
  if (row.state === "approved") return [["approve", "Confirm"], ["reject"], ["spam"]];
  if (row.state === "rejected") return [["approve", row.reasons.includes("spam") || row.decision?.reasons.some((reason) => reason.code === "spam") ? "Not spam" : "Approve"], ["reject", "Other reason…"]];
  if (row.state === "flagged" && ["escalated", "snoozed"].includes(row.list)) return [["approve"], ["reject"], ["spam"], ["snooze", "Back to the queue", "return"]];
  return [["approve"], ["reject"], ["spam"], ["escalate"], ["snooze"]];
}
