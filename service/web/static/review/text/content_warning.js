// Covers the worst words until one asks for them, for the care of who reads this all day. Which words they are, and the same
// for a comment wherever it is shown: in the list, among others of its author, as what was answered, and whole.
//
// A comment is harsh when a kind of toxicity is likelier than not. Its worst words are those that weigh most for that kind,
// which an explanation tells: one that was kept with the decision, or one that was asked for when the comment was opened. While
// nobody has told, all of its words are covered.

import { el } from "../lib/dom.js";
import { say } from "../lib/language.js";
import { preference, tellOf } from "../lib/preferences.js";
import { calm } from "./unicode.js";

/** @import { Range } from "./highlights.js" */

const KINDS = new Set(["toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack"]);
const HARSH_FROM = 0.5; // probability of a kind of toxicity
const WORST_SHARE = 0.5; // of the largest contribution
const WORST_LEAST = 0.35; // in logit units
const MOST_LEARNED = 500; // comments

/** @type {Map<string, { excerpt: string, ranges: Range[] }>} */
const learned = new Map(); // comment -> {excerpt, ranges}: what an explanation told since the page was opened
/** @type {Set<string>} */
const lifted = new Set(); // comments whose words were asked for

/**
 * The kind of toxicity that a comment's words are covered for; "" when they need not be.
 *
 * @param {Api.Row} row
 */
export function kindOf(row) {
  const [kind, score] = Object.entries(row.scores ?? {})
    .filter(([label]) => KINDS.has(label))
    .sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
  return score >= HARSH_FROM ? kind : "";
}

/**
 * The ranges of a comment's text to be covered, in UTF-16 units and in order: none, some, or null for all of it.
 *
 * @param {Api.Row} row
 * @returns {Range[] | null}
 */
export function covered(row) {
  if (!preference("mask") || lifted.has(row.id) || !kindOf(row)) return [];
  return known(row);
}

/**
 * Whether something is covered, or was until one asked for it.
 *
 * @param {Api.Row} row
 */
export function careful(row) {
  return kindOf(row) !== "" && known(row)?.length !== 0;
}

/**
 * Whether an explanation has told which words are the worst.
 *
 * @param {Api.Row} row
 * @returns {Range[] | null}
 */
export function known(row) {
  const told = learned.get(row.id);
  if (told?.excerpt === row.excerpt) return told.ranges;
  const kept = row.decision?.reasons.find((reason) => reason.explanation)?.explanation;
  return kept ? worstOf(kept) : null;
}

/**
 * Learn from an explanation, and say whether it tells. It adds to what others told of the same text.
 *
 * @param {Api.Row} row
 * @param {Api.Explanation} explanation
 */
export function learn(row, explanation) {
  const ranges = worstOf(explanation);
  if (!ranges) return false;
  learned.set(row.id, { excerpt: row.excerpt, ranges: union(known(row) ?? [], ranges) });
  if (learned.size > MOST_LEARNED) learned.delete(learned.keys().next().value ?? "");
  return true;
}

/**
 * Show a comment's words from now on; somebody asked for them.
 *
 * @param {Api.Row} row
 */
export function lift(row) {
  lifted.add(row.id);
  tellOf("lifted");
}

/**
 * Cover them again.
 *
 * @param {Api.Row} row
 */
export function cover(row) {
  lifted.delete(row.id);
  tellOf("lifted");
}

/**
 * Whether somebody asked for a comment's words.
 *
 * @param {Api.Row} row
 */
export function isLifted(row) {
  return lifted.has(row.id);
}

/**
 * A comment's beginning for a list, calm and with its worst words covered.
 *
 * @param {Api.Row} row
 */
export function excerptView(row) {
  const ranges = covered(row);
  if (!ranges) return coveredWords(row.excerpt);
  const pieces = [];
  let at = 0;
  for (const { start, end } of ranges) {
    if (start >= row.excerpt.length) break;
    pieces.push(calm(row.excerpt.slice(at, start)), coveredWords(row.excerpt.slice(start, end)));
    at = end;
  }
  return [...pieces, calm(row.excerpt.slice(at))];
}

/**
 * Covered words: as long as what they cover, of which nothing is in the page.
 *
 * @param {string} text
 */
export function coveredWords(text) {
  return el(
    "span",
    { class: "covered" },
    el("span", { "aria-hidden": "true", text: filler(text) }),
    el("span", { class: "unseen", text: say("(covered)") }),
  );
}

/**
 * Something as long as a text that says nothing.
 *
 * @param {string} text
 */
export function filler(text) {
  return calm(text).replaceAll(/[^\s]/gu, "n");
}

/**
 * The worst words that an explanation names; null when it is of something else, or cut short before all of them.
 *
 * @param {Api.Explanation} explanation
 * @returns {Range[] | null}
 */
function worstOf({ label, parts }) {
  if (!KINDS.has(label)) return null;
  const spans = parts.filter((part) => part.kind === "span" && part.field === "text");
  const largest = Math.max(0, ...spans.map((part) => part.contribution));
  const from = Math.max(WORST_LEAST, largest * WORST_SHARE);
  const least = Math.min(
    ...parts.filter(({ kind }) => kind !== "intercept" && kind !== "rest").map((part) => Math.abs(part.contribution)),
  );
  if (parts.some(({ kind }) => kind === "rest") && least >= from) return null;
  const worst = spans.filter((part) => part.contribution >= from);
  return union(
    [],
    worst.map((part) => ({ start: part.start_utf16 ?? 0, end: part.end_utf16 ?? 0 })),
  );
}

/**
 * Two lots of ranges as one, in order; what touches is one.
 *
 * @param {Range[]} some
 * @param {Range[]} others
 */
function union(some, others) {
  const all = [...some, ...others].sort((a, b) => a.start - b.start).map((range) => ({ ...range }));
  /** @type {Range[]} */
  const result = [];
  for (const range of all) {
    const last = result.at(-1);
    if (last && range.start <= last.end + 1) last.end = Math.max(last.end, range.end);
    else result.push(range);
  }
  return result;
}
