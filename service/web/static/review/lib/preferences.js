// What a moderator prefers, kept in this browser. For every module.

/**
 * @typedef {{
 *   theme: string, mask: boolean, blind: boolean, numbers: boolean, shortcuts: boolean, keys: { [action: string]: string }
 * }} Preferences
 */

const KEY = "antechamber.review";
/** @type {Preferences} */
const DEFAULTS = {
  theme: "system", // or light, dark
  mask: true, // hide the worst spans until asked for
  blind: false, // hide authors' names
  numbers: false, // show contributions beside the spans
  shortcuts: true, // single keys act
  keys: {}, // action -> key, where it differs from the default
};

const changes = new EventTarget();
/** @type {Preferences} */
let values = { ...DEFAULTS, ...read() };

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
  values = { ...values, [name]: value ?? DEFAULTS[name] };
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // Storage is off or full: the preference lasts as long as the page.
  }
  if (name === "theme") applyTheme();
  tellOf(name);
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

function applyTheme() {
  if (values.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = values.theme;
}

/** @returns {Partial<Preferences>} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}
