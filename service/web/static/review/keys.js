// Single-key shortcuts: which there are, which key each has, and running them. Keys can be changed and switched off
// (WCAG 2.1.4). Pages register handlers; buttons show the key with `keyHint`.

import { el } from "./dom.js";
import { changes, preference } from "./preferences.js";

/** Action -> [default key, what it does, group]. "shift+" goes before a letter. */
export const ACTIONS = {
  next: ["j", "Next comment", "Move"],
  previous: ["k", "Previous comment", "Move"],
  search: ["/", "Search", "Move"],
  filters: ["f", "Filters", "Move"],
  approve: ["a", "Approve", "Decide"],
  reject: ["r", "Reject, then a letter for the reason", "Decide"],
  spam: ["s", "Reject as spam", "Decide"],
  escalate: ["e", "Escalate", "Decide"],
  snooze: ["l", "Look at it later", "Decide"],
  undo: ["z", "Undo", "Decide"],
  select: ["x", "Select or unselect", "Many at once"],
  approveAll: ["shift+a", "Approve all selected", "Many at once"],
  rejectAll: ["shift+r", "Reject all selected, then a letter", "Many at once"],
  spamAll: ["shift+s", "Reject all selected as spam", "Many at once"],
  campaign: ["c", "Decide all near-duplicates", "Many at once"],
  clear: ["shift+x", "Clear the selection", "Many at once"],
  unmask: ["u", "Show or cover the worst words", "Look"],
  numbers: ["i", "Show or hide exact numbers", "Look"],
  blind: ["b", "Hide or show authors", "Look"],
  note: ["n", "Write a note", "Look"],
  help: ["?", "Show the keys", "Look"],
};

const handlers = new Map();
let trap = null; // a menu that hears letters first

/** The key that an action has now; "" when shortcuts are off. */
export function keyOf(action) {
  return preference("shortcuts") ? (preference("keys")[action] ?? ACTIONS[action][0]) : "";
}

/** The action that has a key, or undefined. */
export function actionOf(key) {
  return Object.keys(ACTIONS).find((action) => keyOf(action) === key);
}

/** A small picture of an action's key, which follows what is set. Hidden from screen readers: `aria-keyshortcuts` tells them. */
export function keyHint(action) {
  const hint = el("kbd", { "aria-hidden": "true", data: { action } });
  show(hint);
  return hint;
}

/** Have actions handled while a page is open. Returns a function that ends it. */
export function handle(map) {
  for (const [action, handler] of Object.entries(map)) handlers.set(action, handler);
  return () => {
    for (const [action, handler] of Object.entries(map)) if (handlers.get(action) === handler) handlers.delete(action);
  };
}

/** Let a menu hear keys before everybody else; null ends it. The trap returns true when it took the key. */
export function trapKeys(listener) {
  trap = listener;
}

/** A pressed key in our spelling: "a", "shift+a", "/", "?". */
export function spell(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = event.key.length === 1 && event.key.toLowerCase() !== event.key.toUpperCase();
  return event.shiftKey && letter ? `shift+${key}` : key;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (trap?.(event)) return event.preventDefault();
  if (!preference("shortcuts") || typing(event.target) || document.querySelector("dialog[open]")) return;
  const handler = handlers.get(actionOf(spell(event)));
  if (!handler) return;
  event.preventDefault();
  handler(event);
});

changes.addEventListener("change", ({ detail }) => {
  if (detail.name !== "keys" && detail.name !== "shortcuts") return;
  for (const hint of document.querySelectorAll("kbd[data-action]")) show(hint);
});

function show(hint) {
  const key = keyOf(hint.dataset.action);
  hint.textContent = key.replace("shift+", "⇧").toUpperCase();
  hint.hidden = key === "";
}

function typing(target) {
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && !["checkbox", "radio", "button", "submit"].includes(target.type);
}
