// How numbers, shares and times are written in the language of the page: all of it by `Intl`, and nothing of it elsewhere. Pure; for
// every module that shows something.

/** The language that the service chose, as BCP 47 writes it. */
export const language = document.documentElement.lang || "en";

/** How `Intl` is asked to write: English dates as most of those write them who moderate in English. */
export const locale = language === "en" ? "en-GB" : language;

/** @typedef {"millisecond" | "second" | "minute" | "hour" | "day"} Unit */

/**
 * Something made once for what it is asked with: making it costs more than a row.
 *
 * @template {unknown[]} Asked
 * @template Made
 * @param {(...asked: Asked) => Made} make
 * @returns {(...asked: Asked) => Made}
 */
function once(make) {
  /** @type {Map<string, Made>} */
  const known = new Map();
  return (...asked) => {
    const name = asked.join();
    const made = known.get(name) ?? make(...asked);
    known.set(name, made);
    return made;
  };
}

const plain = new Intl.NumberFormat(locale);
const fixed = once(
  (/** @type {number} */ digits, /** @type {"auto" | "always"} */ signDisplay) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay }),
);
const shares = once(
  (/** @type {number} */ digits) =>
    new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits, roundingMode: "trunc" }),
);
const measures = once(
  (/** @type {Unit} */ unit, /** @type {number} */ digits) =>
    new Intl.NumberFormat(locale, {
      style: "unit",
      unit,
      unitDisplay: "short",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }),
);
const times = once(
  (/** @type {"full" | "date" | "day" | "clock"} */ kind) =>
    new Intl.DateTimeFormat(
      locale,
      {
        full: /** @type {const} */ ({ dateStyle: "medium", timeStyle: "short" }),
        date: /** @type {const} */ ({ day: "numeric", month: "short", year: "numeric" }),
        day: /** @type {const} */ ({ day: "numeric", month: "short", timeZone: "UTC" }),
        clock: /** @type {const} */ ({ timeStyle: "short" }),
      }[kind],
    ),
);
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
const now = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(0, "second");
const both = new Intl.ListFormat(locale, { type: "conjunction" });
const names = once(
  (/** @type {"language" | "script"} */ type) => new Intl.DisplayNames([locale], { type, fallback: "code" }),
);

/**
 * 1234 -> "1,234".
 *
 * @param {number} [number]
 */
export const count = (number) => plain.format(number ?? 0);

/**
 * 3.14159 -> "3.14".
 *
 * @param {number} number
 * @param {0 | 1 | 2} digits
 */
export const decimal = (number, digits) => fixed(digits, "auto").format(number);

/**
 * 0.42 -> "+0.42", with a real minus.
 *
 * @param {number} number
 */
export const signed = (number) => fixed(2, "always").format(number).replace("-", "−");

/**
 * 0.873 -> "87%"; what is not quite all or nothing does not look like it.
 *
 * @param {number} share
 */
export function percent(share) {
  const rounded = Math.round(share * 100);
  if (rounded === 100 && share < 1) return `> ${exactPercent(0.99)}`;
  if (rounded === 0 && share > 0) return `< ${exactPercent(0.01)}`;
  return exactPercent(rounded / 100);
}

/**
 * 0.9751 -> "97.51%", to at most two digits.
 *
 * @param {number} share
 */
export const exactPercent = (share) => shares(2).format(Number(share.toFixed(6)));

/**
 * 12 and "second" -> "12 secs".
 *
 * @param {number} number
 * @param {Unit} unit
 * @param {0 | 1} [digits]
 */
export const measure = (number, unit, digits = 0) => measures(unit, digits).format(number);

/**
 * Seconds for people: "40 secs", "12 mins", "5.0 hrs", "3.2 days".
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 90) return measure(Math.round(seconds), "second");
  if (seconds < 5_400) return measure(Math.round(seconds / 60), "minute");
  if (seconds < 129_600) return measure(seconds / 3_600, "hour", 1);
  return measure(seconds / 86_400, "day", 1);
}

/**
 * How old, where it stands by itself: "now", "5 mins", "3 hrs", "2 days", then the date.
 *
 * @param {string} time
 */
export const age = (time) => elapsed(time, measure);

/**
 * How long ago, within a sentence: "now", "5 min ago", "3 hr ago", "2 days ago", then the date.
 *
 * @param {string} time
 */
export const ago = (time) => elapsed(time, (number, unit) => relative.format(-number, unit));

/**
 * @param {string} time
 * @param {(number: number, unit: "minute" | "hour" | "day") => string} written
 */
function elapsed(time, written) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 60) return now;
  if (seconds < 3_600) return written(Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return written(Math.floor(seconds / 3_600), "hour");
  if (seconds < 14 * 86_400) return written(Math.floor(seconds / 86_400), "day");
  return date(time);
}

/**
 * A time in full, in the moderator's zone.
 *
 * @param {string} time
 */
export const exactly = (time) => times("full").format(new Date(time));

/**
 * The day of a time, in the moderator's zone.
 *
 * @param {string} time
 */
export const date = (time) => times("date").format(new Date(time));

/**
 * A day of the year, whoever's it is: "2026-11-24" -> "24 Nov".
 *
 * @param {string} day
 */
export const dayName = (day) => times("day").format(new Date(`${day}T00:00:00Z`));

/**
 * What the clock of the moderator's zone says at a time, in milliseconds since 1970.
 *
 * @param {number} time
 */
export const clockOf = (time) => times("clock").format(time);

/**
 * "a, b and c".
 *
 * @param {string[]} parts
 */
export const listed = (parts) => both.format(parts);

/**
 * What a language or a script is called; a code that nobody knows stays.
 *
 * @param {"language" | "script"} kind
 * @param {string} code
 */
export const displayName = (kind, code) => names(kind).of(code) ?? code;
