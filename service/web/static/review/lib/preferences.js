// What a moderator prefers. It is kept with their account, so that every browser of theirs has it, and here, so that the page
// looks right before it has asked. For every module.
import { send } from "./api.js";
import { adopt, justChosen } from "./language.js";
import { language } from "./numbers.js";

/**
 * @typedef {{
 *   theme: string, language: string, mask: boolean, blind: boolean, numbers: boolean, shortcuts: boolean, keys: { [action: string]: string }
 * }} Preferences
 * @typedef {Partial<Preferences> & { owner?: string, unsent?: Api.PreferencesInput }} Kept
 * `owner`: whose they are; `unsent`: what their account does not know yet
 */

const KEY = "antechamber.review";
/** @type {Preferences} */
const DEFAULTS = {
  theme: "system", // or light, dark
  language: "", // as the browser asks
  mask: true, // hide the worst spans until asked for
  blind: false, // hide authors' names
  numbers: false, // show contributions beside the spans
  shortcuts: true, // single keys act
  keys: {}, // action -> key, where it differs from the default
};
const NAMES = /** @type {(keyof Preferences)[]} */ (Object.keys(DEFAULTS));

const changes = new EventTarget();
/** @type {Preferences} */
let values = chosen(read());
let owner = "";
/** @type {Api.PreferencesInput} */
let unsent = {};
let sending = false;

/**
 * A preference's value.
 *
 * @template {keyof Preferences} Name
 * @param {Name} name
 * @returns {Preferences[Name]}
 */
export function preference(name) {
  return values[name];
}

/**
 * Set one; null means the default again.
 *
 * @template {keyof Preferences} Name
 * @param {Name} name
 * @param {Preferences[Name] | null} value
 */
export function prefer(name, value) {
  unsent = { ...unsent, [name]: said(name, value ?? DEFAULTS[name]) };
  become({ ...values, [name]: value ?? DEFAULTS[name] });
  keep();
  deliver();
}

/**
 * Somebody is here: what their account knows counts. What this browser had kept before accounts did is theirs now.
 *
 * @param {Api.SessionView} session
 */
export function preferencesOf({ name, preferences }) {
  const kept = read();
  const first = !kept.owner && !Object.keys(preferences).length;
  if (kept.owner === name) unsent = { ...kept.unsent, ...unsent };
  else unsent = first ? Object.fromEntries(NAMES.map((one) => [one, said(one, kept[one] ?? DEFAULTS[one])])) : {};
  for (const one of NAMES) if (first && unsent[one] === null) delete unsent[one];
  const came = owner !== name;
  owner = name;
  become(chosen({ ...preferences, ...given(unsent) }));
  const just = justChosen();
  if (just) prefer("language", just);
  keep();
  deliver();
  if (came && values.language && values.language !== language) adopt(values.language);
}

/**
 * Tell everybody that something of how the page shows comments is otherwise now.
 *
 * @param {string} name
 */
export function tellOf(name) {
  changes.dispatchEvent(new CustomEvent("change", { detail: name }));
}

/**
 * Hear of it, by name. Returns a function that ends it.
 *
 * @param {(name: string) => unknown} listener
 */
export function onPreference(listener) {
  const heard = (/** @type {Event} */ event) => void listener(/** @type {CustomEvent<string>} */ (event).detail);
  changes.addEventListener("change", heard);
  return () => changes.removeEventListener("change", heard);
}

/** @param {Preferences} next */
function become(next) {
  const before = values;
  values = next;
  if (values.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = values.theme;
  for (const name of NAMES) if (JSON.stringify(before[name]) !== JSON.stringify(values[name])) tellOf(name);
}

/** Tell the account what it does not know yet; what can't be told now is told when one signs in next. */
async function deliver() {
  if (sending || !owner) return;
  sending = true;
  try {
    while (Object.keys(unsent).length) {
      const sent = { ...unsent };
      await send("PUT", "/account/preferences", sent);
      for (const name of NAMES) if (unsent[name] === sent[name]) delete unsent[name];
    }
  } catch {
    // It stays unsent.
  }
  sending = false;
  keep();
}

function keep() {
  /** @type {Kept} */
  const kept = { ...values, owner, unsent };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage is off or full: the account has them.
  }
}

/**
 * A value as the account is told of it: what is as usual is not kept.
 *
 * @param {keyof Preferences} name
 * @param {unknown} value
 */
function said(name, value) {
  return JSON.stringify(value) === JSON.stringify(DEFAULTS[name]) ? null : value;
}

/**
 * The values of what is not yet told.
 *
 * @param {Api.PreferencesInput} changed
 * @returns {Partial<Preferences>}
 */
function given(changed) {
  return Object.fromEntries(
    NAMES.filter((name) => name in changed).map((name) => [name, changed[name] ?? DEFAULTS[name]]),
  );
}

/**
 * @param {Kept} kept
 * @returns {Preferences}
 */
function chosen(kept) {
  return { ...DEFAULTS, ...Object.fromEntries(NAMES.filter((name) => name in kept).map((name) => [name, kept[name]])) };
}

/** @returns {Kept} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

addEventListener("storage", ({ key }) => {
  if (key !== KEY) return;
  const kept = read();
  if (kept.owner === owner) become(chosen(kept)); // another tab of theirs has changed something
});
