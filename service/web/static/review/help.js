// All keys at a glance. For `review.js`.

import { ask } from "./dialogs.js";
import { el } from "./dom.js";
import { ACTIONS, keyHint } from "./keys.js";
import { preference } from "./preferences.js";
import { REASONS } from "./words.js";

/** Show the keys. */
export function help() {
  const groups = [...new Set(Object.values(ACTIONS).map(([, , group]) => group))];
  const group = (name) => el("section", {}, el("h3", { text: name }), el("dl", {}, Object.entries(ACTIONS).filter(([, one]) => one[2] === name).map(([action, [, text]]) => el("div", {}, el("dt", {}, keyHint(action)), el("dd", { text })))));
  const reasons = el("section", {}, el("h3", { text: "After “reject”" }), el("dl", {}, REASONS.map(([, text, letter]) => el("div", {}, el("dt", {}, el("kbd", { text: letter.toUpperCase() })), el("dd", { text })))));
  const note = preference("shortcuts") ? "Keys can be changed or switched off in the settings." : "Keys are switched off in the settings.";
  return ask("Keys", [el("div", { class: "keys" }, groups.map(group), reasons), el("p", { class: "hint", text: note })], [], { wide: true });
}
