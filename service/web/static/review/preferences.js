// What a moderator prefers, kept in this browser. For every module; `changes` fires "change" with {name}.

const KEY = "antechamber.review";
const DEFAULTS = {
  theme: "system", // or light, dark
  mask: true, // hide the worst spans until asked for
  blind: false, // hide authors' names
  numbers: false, // show contributions beside the spans
  shortcuts: true, // single keys act
  keys: {}, // action -> key, where it differs from the default
};

export const changes = new EventTarget();
let values = { ...DEFAULTS, ...read() };

/** A preference's value. */
export function preference(name) {
  return values[name];
}

/** Set one; null means the default again. */
export function prefer(name, value) {
  values = { ...values, [name]: value ?? DEFAULTS[name] };
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // Storage is off or full: the preference lasts as long as the page.
  }
  if (name === "theme") applyTheme();
  changes.dispatchEvent(new CustomEvent("change", { detail: { name } }));
}

function applyTheme() {
  if (values.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = values.theme;
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}
