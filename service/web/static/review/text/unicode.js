// Finds what a text hides: invisible characters, letters that look like others, stacks of accents. Pure; for `highlights`.
import { say } from "../lib/language.js";
import { displayName } from "../lib/numbers.js";

/**
 * @typedef {{ start: number, end: number, kind: "hidden" | "direction" | "stack" | "alike", name: string, shown: string }} Oddity
 */

const NAMES = new Map([
  [0xad, say("soft hyphen")],
  [0x34f, say("grapheme joiner")],
  [0x61c, say("Arabic letter mark")],
  [0x115f, say("Hangul filler")],
  [0x1160, say("Hangul filler")],
  [0x180e, say("Mongolian separator")],
  [0x200b, say("zero-width space")],
  [0x200c, say("zero-width non-joiner")],
  [0x200d, say("zero-width joiner")],
  [0x200e, say("left-to-right mark")],
  [0x200f, say("right-to-left mark")],
  [0x202a, say("left-to-right embedding")],
  [0x202b, say("right-to-left embedding")],
  [0x202c, say("end of direction")],
  [0x202d, say("left-to-right override")],
  [0x202e, say("right-to-left override")],
  [0x2060, say("word joiner")],
  [0x2061, say("function application")],
  [0x2062, say("invisible times")],
  [0x2063, say("invisible separator")],
  [0x2064, say("invisible plus")],
  [0x2066, say("left-to-right isolate")],
  [0x2067, say("right-to-left isolate")],
  [0x2068, say("first strong isolate")],
  [0x2069, say("end of isolate")],
  [0x2800, say("Braille blank")],
  [0x3164, say("Hangul filler")],
  [0xfeff, say("zero-width no-break space")],
  [0xffa0, say("Hangul filler")],
  [0xfffc, say("object replacement")],
]);

// What shows nothing, or nothing by itself. Private and unassigned characters show a box.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2028\u2029\u2800\ufffc]/u;
const WORD = "[\\p{L}\\p{N}\\p{M}'’_-]{2,}";
const MAYBE = new RegExp(
  `(?<hidden>${HIDDEN.source})|(?<word>${WORD})|[\\u{1d400}-\\u{1d7ff}\\uff01-\\uff5e\\u24b6-\\u24e9]`,
  "gu",
);
const STACK = 2; // combining marks that a letter may carry in ordinary writing
const OTHERS = ["Cyrl", "Grek", "Armn", "Cher", "Copt", "Lisu"]; // scripts with letters that pass for Latin ones
const OTHER = new RegExp(`[${OTHERS.map((script) => `\\p{Script=${script}}`).join("")}]`, "u");
// A name with a dot and an ending in ASCII, and letters beyond it: a host, with a scheme or without.
const HOST =
  /(?<![\p{L}\p{N}\p{M}_])(?:[\p{L}\p{N}\p{M}_-]+\.)+(?:xn--[a-z0-9-]+|[a-z]{2,24})(?![\p{L}\p{N}\p{M}_])/giu;
// Letters of other scripts, and Latin ones beyond ASCII, that pass for those of ASCII.
const ALIKE = new Map(
  [
    ["аӑӓ", "a"],
    ["ԁ", "d"],
    ["еёѐ", "e"],
    ["һ", "h"],
    ["іїɩıίιӏ", "i"],
    ["ј", "j"],
    ["ԛ", "q"],
    ["ѕ", "s"],
    ["оοօσ", "o"],
    ["рρ", "p"],
    ["с", "c"],
    ["уγў", "y"],
    ["хχ", "x"],
    ["ԝ", "w"],
    ["ѵν", "v"],
    ["к", "k"],
    ["м", "m"],
    ["т", "t"],
    ["в", "b"],
    ["н", "h"],
    ["ɡց", "g"],
    ["ɑα", "a"],
    ["ʟ", "l"],
    ["ո", "n"],
    ["υս", "u"],
    ["ʏ", "y"],
    ["ɴ", "n"],
    ["ᴏ", "o"],
    ["г", "r"],
    ["пп", "n"],
  ].flatMap(([letters, plain]) => [...letters].map((letter) => [letter, plain])),
);

/**
 * What is odd in a text, in order, without overlaps: [{start, end, kind, name, shown}] in UTF-16 units. Kinds: "hidden" (a
 * character that shows nothing), "direction" (one that turns the text around), "stack" (accents beyond two), "alike" (a
 * letter that looks like another). Of the first three kinds, `shown` and `name` stand in the text's place.
 *
 * @param {string} text
 * @returns {Oddity[]}
 */
export function oddities(text) {
  /** @type {Oddity[]} */
  const found = [];
  const spoofs = spoofsOf(text);
  for (const match of text.matchAll(MAYBE)) {
    const [piece] = match;
    const start = match.index;
    if (match.groups?.word) word(found, piece, start, { text, spoofs });
    else if (match.groups?.hidden) {
      if (!expected(text, start, pointOf(piece))) found.push(invisible(piece, start));
    } else styled(found, piece, start);
  }
  return found;
}

/**
 * The hosts in a text that have letters beyond ASCII, with a scheme or without: [start, end].
 *
 * @param {string} text
 */
export function foreignHosts(text) {
  return [...text.matchAll(HOST)]
    .filter(([host]) => /[^\x00-\x7f]/u.test(host)) // eslint-disable-line no-control-regex
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

/**
 * Letters of hosts that pass for others: where each stands, and what it is taken for.
 *
 * @param {string} text
 */
function spoofsOf(text) {
  /** @type {Map<number, string>} */
  const found = new Map();
  for (const { start, end } of foreignHosts(text)) {
    for (const label of text.slice(start, end).matchAll(/[^.]+/gu)) {
      const letters = [...label[0]];
      // A whole word of another language has letters that pass for nothing; what passes for Latin in every letter is a spoof.
      const odd = letters.filter((letter) => /[^\x00-\x7f]/u.test(letter)); // eslint-disable-line no-control-regex
      if (!odd.length || !odd.every((letter) => ALIKE.has(letter.toLowerCase()))) continue;
      let at = start + label.index;
      for (const letter of letters) {
        const plain = ALIKE.get(letter.toLowerCase());
        if (plain) found.set(at, plain);
        at += letter.length;
      }
    }
  }
  return found;
}

/**
 * A text for a list, where there is no room for chips: nothing that turns it around, no stacks of accents, no line ends.
 *
 * @param {string} text
 */
export function calm(text) {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/gu, "").replace(/(\p{M}{2})\p{M}+/gu, "$1");
}

/**
 * The number of a text's first character; a text has one.
 *
 * @param {string} text
 */
function pointOf(text) {
  return text.codePointAt(0) ?? 0;
}

/**
 * A character's number as it is usually written.
 *
 * @param {string} character
 */
export function codeOf(character) {
  return `U+${pointOf(character).toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * @param {string} piece
 * @param {number} start
 * @returns {Oddity}
 */
function invisible(piece, start) {
  const code = pointOf(piece);
  const turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const name = NAMES.get(code) ?? nameOf(code);
  return { start, end: start + piece.length, kind: turns ? "direction" : "hidden", name, shown: codeOf(piece) };
}

/** @param {number} code */
function nameOf(code) {
  if (isVariant(code)) return say("variation selector");
  if (code >= 0xe0000 && code <= 0xe007f) return say("tag character");
  if (code === 0x2028 || code === 0x2029) return say("line separator");
  return code < 0xa0 ? say("control character") : say("invisible character");
}

/** @param {number} code */
function isVariant(code) {
  return (
    (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef) || (code >= 0x180b && code <= 0x180d)
  );
}

const JOINING = [
  "Arabic",
  "Devanagari",
  "Bengali",
  "Gujarati",
  "Gurmukhi",
  "Oriya",
  "Tamil",
  "Telugu",
  "Kannada",
  "Malayalam",
  "Sinhala",
];
const JOINED = new RegExp(`[${JOINING.map((script) => `\\p{Script=${script}}`).join("")}]`, "u");
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u;
const VARIED = /[\p{Emoji}\p{Script=Han}]/u;
const IDEOGRAPH = /[\p{Script=Han}\p{Script=Mongolian}\p{Script=Myanmar}\p{Sm}]/u;
const FLAG = /\u{1f3f4}[\u{e0020}-\u{e007f}]*$/u;

/**
 * Invisible characters that belong where they stand: line ends, emoji's joiners and variants, joiners of Indic and Arabic scripts.
 *
 * @param {string} text
 * @param {number} start
 * @param {number} code
 */
function expected(text, start, code) {
  if (code === 9 || code === 10) return true;
  if (code === 13) return text[start + 1] === "\n";
  const before = [...text.slice(Math.max(0, start - 2), start)].pop() ?? "";
  if (code === 0xfe0e || code === 0xfe0f) return VARIED.test(before);
  if (isVariant(code)) return IDEOGRAPH.test(before);
  if (code >= 0xe0020 && code <= 0xe007f) return FLAG.test(text.slice(Math.max(0, start - 30), start));
  if (code !== 0x200c && code !== 0x200d) return false;
  const behind = String.fromCodePoint(text.codePointAt(start + 1) ?? 0);
  return (
    (/[\p{L}\p{M}]/u.test(before) && JOINED.test(before)) ||
    (code === 0x200d && PICTURE.test(before) && PICTURE.test(behind))
  );
}

/**
 * Letters and what stands between them in words. Whatever the first of them is, each is looked at.
 *
 * @param {Oddity[]} found
 * @param {string} piece
 * @param {number} start
 * @param {{ text: string, spoofs: Map<number, string> }} around
 */
function word(found, piece, start, { text, spoofs }) {
  const mixed = new Set(
    [...piece.matchAll(/[^'’_-]+/gu)]
      .filter(([part]) => /\p{Script=Latin}/u.test(part) && OTHER.test(part))
      .map((part) => part.index),
  );
  let at = start;
  let marks = 0;
  let inMixed = false;
  for (const character of piece) {
    const end = at + character.length;
    if (mixed.has(at - start)) inMixed = true;
    else if (/['’_-]/u.test(character)) inMixed = false;
    marks = /\p{M}/u.test(character) ? marks + 1 : 0;
    if (HIDDEN.test(character)) {
      if (!expected(text, at, pointOf(character))) found.push(invisible(character, at));
    } else if (marks > STACK) stack(found, text, at, end);
    else if (inMixed && OTHER.test(character)) {
      const script = OTHERS.find((one) => new RegExp(`\\p{Script=${one}}`, "u").test(character));
      found.push({
        start: at,
        end,
        kind: "alike",
        name: say("{script} letter in a Latin word", { script: displayName("script", script ?? "Latn") }),
        shown: character,
      });
    } else if (spoofs.has(at)) {
      found.push({
        start: at,
        end,
        kind: "alike",
        name: say("passes for “{letter}” in an address", { letter: spoofs.get(at) }),
        shown: character,
      });
    } else styled(found, character, at);
    at = end;
  }
}

/**
 * One accent too many, which joins those before it.
 *
 * @param {Oddity[]} found
 * @param {string} text
 * @param {number} at
 * @param {number} end
 */
function stack(found, text, at, end) {
  const last = found.at(-1);
  const joined = last?.kind === "stack" && last.end === at ? last : null;
  const start = joined?.start ?? at;
  if (joined) found.pop();
  const codes = [...text.slice(start, end)].map(codeOf);
  const name = say("{count} more accents: {codes}", { count: codes.length, codes: codes.join(" ") });
  found.push({ start, end, kind: "stack", name, shown: `+${codes.length}` });
}

/**
 * @param {Oddity[]} found
 * @param {string} character
 * @param {number} start
 */
function styled(found, character, start) {
  const code = pointOf(character);
  const fancy =
    (code >= 0x1d400 && code <= 0x1d7ff) || (code >= 0xff01 && code <= 0xff5e) || (code >= 0x24b6 && code <= 0x24e9);
  if (!fancy) return;
  const plain = character.normalize("NFKC");
  found.push({
    start,
    end: start + character.length,
    kind: "alike",
    name: say("styled “{letter}”", { letter: plain }),
    shown: character,
  });
}
