// The language of the page: every sentence goes through here. A sentence's key is what it says in English; `languages/*.json` say the
// rest. For every module that shows something.

import { count, exactPercent, language } from "./numbers.js";

/**
 * @typedef {string | { [form in Intl.LDMLPluralRule]?: string }} Entry A sentence, or its forms by number
 * @typedef {{ [sentence: string]: Entry }} Catalogue
 * @typedef {string | number | null | undefined} Value
 */

const PLACE = /\{(\w+)\}/gu;
const COOKIE = "antechamber_language";
const CHOSEN = "antechamber.language"; // in this tab
const TELLING = 12; // letters that a sentence has by itself, beside what is filled in, to be known again by them
const SHARE = /^\d+(?:\.\d+)?%$/u;
const AMOUNT = /^\d{1,15}$|^\d{1,3}(?:,\d{3}){1,4}$/u;
const AMOUNTS = new Set(["count", "least", "most", "size"]); // what is filled in there is a number, and no name that looks like one
const YEAR = 31_536_000; // seconds

/** @type {Catalogue} */
const catalogue = await read();
const plurals = new Intl.PluralRules(language);

/**
 * A sentence in the language of the page. What stands in braces is filled in from `values`; numbers are written as the language writes
 * them, and `count` chooses the form. A sentence that is in no catalogue is shown as it is.
 *
 * @param {string} sentence in English
 * @param {Record<string, Value>} [values]
 */
export function say(sentence, values = {}) {
  return formOf(sentence, values).replaceAll(PLACE, (whole, name) => (name in values ? written(values[name]) : whole));
}

/**
 * The same with nodes among the values: pieces for an element, in the language's order.
 *
 * @param {string} sentence in English
 * @param {Record<string, Value | Node | readonly (string | Node)[]>} values
 * @returns {(string | Node)[]}
 */
export function phrase(sentence, values) {
  const pieces = formOf(sentence, values).split(PLACE); // text and names by turns
  return pieces.flatMap((piece, index) => {
    if (index % 2 === 0) return piece ? [piece] : [];
    const value = values[piece];
    return typeof value === "object" && value !== null ? value : [written(/** @type {Value} */ (value))];
  });
}

/**
 * What the service said, in the language of the page. It says it in English, with what it is about filled in already.
 *
 * @param {string} said
 */
export function heard(said) {
  if (!said || said in catalogue) return said && say(said);
  for (const { sentence, pattern } of templates()) {
    const found = pattern.exec(said);
    if (found) return say(sentence, Object.fromEntries(Object.entries(found.groups ?? {}).map(inner)));
  }
  return said;
}

/**
 * What was filled in, as the language writes it: shares and numbers, and words of the service's; anything else stays.
 *
 * @param {[name: string, value: string]} part
 * @returns {[name: string, value: string | number]}
 */
function inner([name, value]) {
  if (SHARE.test(value)) return [name, exactPercent(Number(value.slice(0, -1)) / 100)];
  if (AMOUNTS.has(name) && AMOUNT.test(value)) return [name, Number(value.replaceAll(",", ""))];
  const title = value.charAt(0).toUpperCase() + value.slice(1);
  return [name, value in catalogue ? say(value) : title in catalogue ? within(say(title)) : value];
}

/**
 * Use another language from now on, which somebody has chosen; the page begins anew in it.
 *
 * @param {string} chosen
 */
export function speak(chosen) {
  try {
    sessionStorage.setItem(CHOSEN, chosen);
  } catch {
    // Storage is off: this browser remembers, the account does not.
  }
  adopt(chosen);
}

/** What was chosen in this tab before the page began anew, once; "": nothing. Their account is to know it. */
export function justChosen() {
  try {
    const chosen = sessionStorage.getItem(CHOSEN) ?? "";
    sessionStorage.removeItem(CHOSEN);
    return chosen;
  } catch {
    return "";
  }
}

/**
 * Begin anew in a language, if the page speaks it.
 *
 * @param {string} chosen
 */
export function adopt(chosen) {
  const known = (document.documentElement.dataset.languages ?? "").split("|").map((one) => one.split("=")[0]);
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (!known.includes(chosen)) return;
  document.cookie = `${COOKIE}=${chosen}; Path=/review; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  if (document.cookie.includes(`${COOKIE}=${chosen}`)) location.reload(); // without the cookie it would begin anew for ever
}

/**
 * A noun as it stands within a sentence: German goes on writing it with a capital.
 *
 * @param {string} noun
 */
export const within = (noun) => (language.startsWith("de") ? noun : noun.toLocaleLowerCase(language));

/**
 * @param {string} sentence
 * @param {Record<string, unknown>} values
 */
function formOf(sentence, values) {
  const entry = catalogue[sentence] ?? sentence;
  if (typeof entry === "string") return entry;
  return entry[plurals.select(Number(values.count))] ?? entry.other ?? sentence;
}

/** @param {Value} value */
function written(value) {
  return typeof value === "number" ? count(value) : String(value ?? "");
}

/** @type {{ sentence: string, pattern: RegExp }[] | null} */
let known = null;

/** The sentences with something to be filled in, as patterns; those that say most by themselves come first. */
function templates() {
  known ??= Object.keys(catalogue)
    .filter((sentence) => sentence.includes("{") && bare(sentence).length >= TELLING)
    .sort((one, other) => bare(other).length - bare(one).length)
    .map((sentence) => {
      const source = sentence.replaceAll(/[.*+?^$()|[\]\\]/gu, "\\$&").replaceAll(PLACE, "(?<$1>.+?)");
      return { sentence, pattern: new RegExp(`^${source}$`, "su") };
    });
  return known;
}

/** @param {string} sentence */
const bare = (sentence) => sentence.replaceAll(PLACE, "");

/** @returns {Promise<Catalogue>} */
async function read() {
  try {
    const answer = await fetch(`/review/static/languages/${language}.json`, { credentials: "same-origin" });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {}; // the page speaks English then
  }
}
