// Single-key shortcuts: which there are, which key each has, and running them. Keys can be changed and switched off
// (WCAG 2.1.4). Pages register handlers; buttons show the key with `keyHint`.

import { el } from "./dom.js";
import { say } from "./language.js";
import { onPreference, preference } from "./preferences.js";

/**
 * Action -> [default key, what it does, group]. "shift+" goes before a letter.
 *
 * @satisfies {Record<string, [string, string, string]>}
 */
export const ACTIONS = {
  next: ["j", say("Next comment"), say("Move")],
  previous: ["k", say("Previous comment"), say("Move")],
  search: ["/", say("Search"), say("Move")],
  go: ["g", say("Go to a list, then a letter"), say("Move")],
  filters: ["f", say("Filters"), say("Move")],
  approve: ["a", say("Approve"), say("Decide")],
  reject: ["r", say("Reject, then a letter for the reason"), say("Decide")],
  spam: ["s", say("Reject as spam"), say("Decide")],
  edit: ["t", say("Edit the text, then approve"), say("Decide")],
  escalate: ["e", say("Escalate"), say("Decide")],
  snooze: ["l", say("Look at it later"), say("Decide")],
  undo: ["z", say("Undo"), say("Decide")],
  select: ["x", say("Select or unselect"), say("Many at once")],
  approveAll: ["shift+a", say("Approve all selected"), say("Many at once")],
  rejectAll: ["shift+r", say("Reject all selected, then a letter"), say("Many at once")],
  spamAll: ["shift+s", say("Reject all selected as spam"), say("Many at once")],
  campaign: ["c", say("Decide all near-duplicates"), say("Many at once")],
  clear: ["shift+x", say("Clear the selection"), say("Many at once")],
  unmask: ["u", say("Show or cover the worst words"), say("Look")],
  numbers: ["i", say("Show or hide exact numbers"), say("Look")],
  blind: ["b", say("Hide or show authors"), say("Look")],
  note: ["n", say("Write a note"), say("Look")],
  help: ["?", say("Show the keys"), say("Look")],
};

/**
 * @typedef {keyof typeof ACTIONS} Action
 * @typedef {(event: KeyboardEvent) => unknown} Handler
 */

const HELD = new Set(["next", "previous"]); // what a held key repeats

export const ACTION_NAMES = /** @type {Action[]} */ (Object.keys(ACTIONS));

/** @type {Map<string, Handler>} */
const handlers = new Map();
/** @type {((event: KeyboardEvent) => boolean) | null} */
let trap = null; // a menu that hears letters first

/**
 * The key that an action has now; "" when shortcuts are off.
 *
 * @param {Action} action
 * @returns {string}
 */
export function keyOf(action) {
  return preference("shortcuts") ? (preference("keys")[action] ?? ACTIONS[action][0]) : "";
}

/**
 * The action that has a key, or undefined.
 *
 * @param {string} key
 */
export function actionOf(key) {
  return ACTION_NAMES.find((action) => keyOf(action) === key);
}

/**
 * A small picture of an action's key, which follows what is set. Hidden from screen readers: `aria-keyshortcuts` tells them.
 *
 * @param {Action} action
 */
export function keyHint(action) {
  const hint = el("kbd", { "aria-hidden": "true", data: { action } });
  show(hint);
  return hint;
}

/**
 * Have actions handled while a page is open. Returns a function that ends it.
 *
 * @param {{ [action in Action]?: Handler }} map
 */
export function handle(map) {
  for (const [action, handler] of Object.entries(map)) handlers.set(action, handler);
  return () => {
    for (const [action, handler] of Object.entries(map)) if (handlers.get(action) === handler) handlers.delete(action);
  };
}

/**
 * Let a menu hear keys before everybody else; null ends it. The trap returns true when it took the key.
 *
 * @param {((event: KeyboardEvent) => boolean) | null} listener
 */
export function trapKeys(listener) {
  trap = listener;
}

/**
 * A pressed key in our spelling: "a", "shift+a", "/", "?". Where a layout writes no Latin letters, a key is the one that stands
 * in its place.
 *
 * @param {KeyboardEvent} event
 */
export function spell(event) {
  const key = letterOf(event);
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  return event.shiftKey && letter ? `shift+${key}` : key;
}

/**
 * The key without what Shift makes of it.
 *
 * @param {KeyboardEvent} event
 */
export function letterOf({ code, key }) {
  const place = /^Key([A-Z])$/u.exec(code)?.[1].toLowerCase();
  if (place && (key === "Process" || /^(?!\p{Script=Latin})\p{L}$/u.test(key))) return place;
  return key.length === 1 ? key.toLowerCase() : key;
}

/** @type {(() => unknown) | null} */
let finder = null;

/**
 * What Ctrl-K (or ⌘K) does, also while one writes.
 *
 * @param {() => unknown} act
 */
export function findBy(act) {
  finder = act;
}

document.addEventListener("keydown", (event) => {
  if (finder && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && letterOf(event) === "k") {
    event.preventDefault();
    if (!event.repeat && !document.querySelector("dialog[open]")) finder();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.isComposing && typing(event.target)) return;
  if (event.repeat && event.key === "Enter" && !typing(event.target)) return event.preventDefault(); // it would press a button again
  if (trap && event.repeat && event.key.length === 1 && !typing(event.target)) return event.preventDefault();
  if (trap?.(event)) return event.preventDefault();
  if (!preference("shortcuts") || typing(event.target) || document.querySelector("dialog[open]")) return;
  const action = actionOf(spell(event)) ?? "";
  const handler = handlers.get(action);
  if (!handler) return;
  event.preventDefault();
  if (!event.repeat || HELD.has(action)) handler(event); // one press is one word, however long it lasts
});

onPreference((name) => {
  if (name !== "keys" && name !== "shortcuts") return;
  for (const hint of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("kbd[data-action]"))) show(hint);
});

/** @param {HTMLElement} hint */
function show(hint) {
  const key = keyOf(/** @type {Action} */ (hint.dataset.action));
  hint.textContent = key.replace("shift+", "⇧").toUpperCase();
  hint.hidden = key === "";
}

/** @param {EventTarget | null} target */
function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}
