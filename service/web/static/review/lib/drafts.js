// What was typed and not sent yet, kept in this browser, for each moderator apart, until it is sent or thrown away. For every module
// with something to write in.

const KEY = "antechamber.drafts";
const MOST = 50; // the latest
const LONGEST = 14 * 86_400_000; // milliseconds

/** @typedef {{ [name: string]: { at: number, value: unknown } }} Kept */

let owner = "";

/**
 * Whose they are from now on.
 *
 * @param {string} name
 */
export function draftsOf(name) {
  owner = name;
}

/**
 * What was kept under a name; null: nothing.
 *
 * @param {string} name
 * @returns {any}
 */
export function draft(name) {
  return read()[`${owner} ${name}`]?.value ?? null;
}

/**
 * Keep something; null, or an empty text: no longer.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function keepDraft(name, value) {
  const kept = read();
  delete kept[`${owner} ${name}`];
  if (value) kept[`${owner} ${name}`] = { at: Date.now(), value };
  const latest = Object.entries(kept)
    .filter(([, { at }]) => at > Date.now() - LONGEST)
    .sort(([, one], [, other]) => other.at - one.at)
    .slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(latest)));
  } catch {
    // Storage is off or full: it lasts as long as the page.
  }
}

/**
 * A field whose text is kept under a name as it is typed, and is there again. Whoever sends it drops it once it has arrived.
 *
 * @template {HTMLInputElement | HTMLTextAreaElement} Field
 * @param {string} name
 * @param {Field} field
 */
export function keeping(name, field) {
  field.value = draft(name) ?? "";
  field.addEventListener("input", () => keepDraft(name, field.value));
  return field;
}

/** @returns {Kept} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}
