// Finds what a text hides: invisible characters, letters that look like others, stacks of accents. Pure; for `marking.js`.

const NAMES = new Map([
  [0xad, "soft hyphen"], [0x34f, "grapheme joiner"], [0x61c, "Arabic letter mark"], [0x115f, "Hangul filler"],
  [0x1160, "Hangul filler"], [0x180e, "Mongolian separator"], [0x200b, "zero-width space"],
  [0x200c, "zero-width non-joiner"], [0x200d, "zero-width joiner"], [0x200e, "left-to-right mark"],
  [0x200f, "right-to-left mark"], [0x202a, "left-to-right embedding"], [0x202b, "right-to-left embedding"],
  [0x202c, "end of direction"], [0x202d, "left-to-right override"], [0x202e, "right-to-left override"],
  [0x2060, "word joiner"], [0x2061, "function application"], [0x2062, "invisible times"],
  [0x2063, "invisible separator"], [0x2064, "invisible plus"], [0x2066, "left-to-right isolate"],
  [0x2067, "right-to-left isolate"], [0x2068, "first strong isolate"], [0x2069, "end of isolate"],
  [0x2800, "Braille blank"], [0x3164, "Hangul filler"], [0xfeff, "zero-width no-break space"],
  [0xffa0, "Hangul filler"], [0xfffc, "object replacement"],
]); // prettier-ignore

const MAYBE =
  /[\p{Cc}\p{Cf}\u034f\u115f\u1160\u2800\u3164\uffa0\ufffc\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]|\p{M}{3,}|[\p{L}\p{N}\p{M}'’_-]{2,}|[\u{1d400}-\u{1d7ff}\uff01-\uff5e\u24b6-\u24e9]/gu;
const STACK = 2; // combining marks that a letter may carry in ordinary writing

/**
 * What is odd in a text, in order, without overlaps: [{start, end, kind, name, shown}] in UTF-16 units. Kinds: "hidden" (a
 * character that shows nothing), "direction" (one that turns the text around), "stack" (accents beyond two), "alike" (a
 * letter that looks like another).
 */
export function oddities(text) {
  const found = [];
  for (const match of text.matchAll(MAYBE)) {
    const [piece] = match;
    const code = piece.codePointAt(0);
    const start = match.index;
    if (piece.length > 1 && /^\p{M}/u.test(piece)) stack(found, piece, start);
    else if (/^[\p{L}\p{N}]/u.test(piece)) word(found, piece, start);
    else if (/^[\uff01-\uff5e\u24b6-\u24e9]/u.test(piece)) styled(found, piece, start);
    else if (!expected(text, start, code)) found.push(invisible(piece, code, start));
  }
  return found;
}

/** A text for a list, where there is no room for chips: nothing that turns it around, no stacks of accents, no line ends. */
export function calm(text) {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/gu, "").replace(/(\p{M}{2})\p{M}+/gu, "$1");
}

/** A character's number as it is usually written. */
export function codeOf(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function invisible(piece, code, start) {
  const turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const name = NAMES.get(code) ?? (code >= 0xe0000 ? "tag character" : "control character");
  return { start, end: start + piece.length, kind: turns ? "direction" : "hidden", name, shown: codeOf(piece) };
}

/** Invisible characters that belong where they stand: line ends, emoji's joiners and variants, joiners of Indic and Arabic scripts. */
function expected(text, start, code) {
  if (code === 9 || code === 10 || code === 13) return true;
  if (code >= 0xfe00 && code <= 0xfe0f) return true;
  if (code !== 0x200c && code !== 0x200d) return code >= 0xe0020 && code <= 0xe007f && /\u{1f3f4}/u.test(text);
  const before = [...text.slice(Math.max(0, start - 3), start)].pop() ?? "";
  return /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Malayalam}\p{Script=Kannada}\p{Script=Telugu}\p{Script=Sinhala}]/u.test(before);
}

function stack(found, piece, start) {
  if (piece.length > STACK) {
    const more = piece.length - STACK;
    found.push({ start: start + STACK, end: start + piece.length, kind: "stack", name: `${more} more accents`, shown: `+${more}` });
  }
}

function word(found, piece, start) {
  const latin = /\p{Script=Latin}/u.test(piece);
  const mixed = latin && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(piece);
  let at = start;
  let marks = 0;
  for (const character of piece) {
    const end = at + character.length;
    const code = character.codePointAt(0);
    if (NAMES.has(code)) {
      found.push(invisible(character, code, at));
      at = end;
      continue;
    }
    marks = /\p{M}/u.test(character) ? marks + 1 : 0;
    if (marks > STACK) {
      const last = found.at(-1);
      const joins = last?.kind === "stack" && last.end === at;
      const from = joins ? last.start : at;
      if (joins) found.pop();
      found.push({ start: from, end, kind: "stack", name: `${end - from} more accents`, shown: `+${end - from}` });
    } else if (mixed && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(character)) {
      const script = /\p{Script=Greek}/u.test(character) ? "Greek" : "Cyrillic";
      found.push({ start: at, end, kind: "alike", name: `${script} letter in a Latin word`, shown: character });
    } else styled(found, character, at);
    at = end;
  }
}

function styled(found, character, start) {
  const code = character.codePointAt(0);
  const fancy = (code >= 0x1d400 && code <= 0x1d7ff) || (code >= 0xff01 && code <= 0xff5e) || (code >= 0x24b6 && code <= 0x24e9);
  if (!fancy) return;
  const plain = character.normalize("NFKC");
  found.push({ start, end: start + character.length, kind: "alike", name: `styled “${plain}”`, shown: character });
}
