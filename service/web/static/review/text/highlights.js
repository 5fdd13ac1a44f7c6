// Cuts a comment's text into pieces to be shown: what moved the score, what is covered, what is hidden, what is a link. Pure;
// for `render`.

import { foreignHosts, oddities } from "./unicode.js";

/** @import { Oddity } from "./unicode.js" */

/**
 * @typedef {{ start: number, end: number }} Range
 * @typedef {Range & { contribution: number, level: number }} Mark
 * @typedef {Range & { host: string }} Link
 * @typedef {{
 *   text: string, mark: Mark | null, covered: Range | null, odd: Oddity | null, link: Link | null, passage: number
 * }} Piece `passage`: the number of the one that begins there; 0: none does
 */

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'\]]+/giu;
const FULL = 1; // logit units that are marked in full, unless something weighs more: little is not shown as much
const SHOWN_FOR = 0.08; // of the full: words that add less are not marked
const SHOWN_AGAINST = 0.2;
const MOST_MARKS = 400;

/**
 * The marks of an explanation: [{start, end, contribution, level}] in UTF-16 units, in order. `level` is 1 to 4, and negative
 * when the words speak against the label.
 *
 * @param {Api.Explanation | null} explanation
 * @param {string} field
 * @returns {Mark[]}
 */
export function marksOf(explanation, field) {
  const spans = (explanation?.parts ?? []).filter((part) => part.kind === "span" && part.field === field);
  const full = Math.max(FULL, ...spans.map((part) => Math.abs(part.contribution)));
  return spans
    .filter(({ contribution }) => contribution >= full * SHOWN_FOR || -contribution >= full * SHOWN_AGAINST)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, MOST_MARKS)
    .map((part) => {
      const share = part.contribution / full;
      const level = Math.sign(share) * Math.max(1, Math.ceil(Math.abs(share) * 4));
      return { start: part.start_utf16 ?? 0, end: part.end_utf16 ?? 0, contribution: part.contribution, level };
    })
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/**
 * The passages whose meaning was read apart, in the text's order; none, where the text was read as one.
 *
 * @param {Api.Explanation | null} explanation
 */
export function passagesOf(explanation) {
  const found = (explanation?.parts ?? []).filter((part) => part.kind === "meaning");
  return found.length > 1 ? found.sort((a, b) => (a.start_utf16 ?? 0) - (b.start_utf16 ?? 0)) : [];
}

/**
 * The links that a text spells out, and hosts in foreign letters: [{start, end, host}]; `host` is where it really leads.
 *
 * @param {string} text
 */
export function linksOf(text) {
  /** @type {Link[]} */
  const found = [];
  for (const match of text.matchAll(LINK)) {
    const spelled = match[0].replace(/[.,;:!?)]+$/u, "");
    const host = hostOf(spelled);
    if (host) found.push({ start: match.index, end: match.index + spelled.length, host });
  }
  // A host without a scheme is no link yet, but becomes one on the reader's phone: one in foreign letters says where it leads.
  for (const { start, end } of foreignHosts(text)) {
    const host = hostOf(text.slice(start, end));
    if (host && !found.some((link) => link.start < end && start < link.end)) found.push({ start, end, host });
  }
  return found.sort((a, b) => a.start - b.start);
}

/**
 * Where an address leads, as a browser would go there (punycode, nothing before an at sign); "" when it leads nowhere.
 *
 * @param {string} address
 */
export function hostOf(address) {
  try {
    return new URL(/^https?:/iu.test(address) ? address : `http://${address}`).host;
  } catch {
    return "";
  }
}

/**
 * The text cut at every border: [{text, mark, covered, odd, link, passage}], each null where there is none.
 *
 * @param {string} text
 * @param {Mark[]} [marks]
 * @param {Range[]} [covered]
 * @param {number[]} [passages] where they begin
 * @returns {Piece[]}
 */
export function pieces(text, marks = [], covered = [], passages = []) {
  const odd = oddities(text);
  const link = linksOf(text);
  const within = (/** @type {number} */ place) => covered.find(({ start, end }) => start < place && place < end);
  const begin = passages.map((place) => within(place)?.start ?? place); // nothing stands within what is covered
  const cuts = new Set([0, text.length, ...begin.filter((place) => place < text.length)]);
  for (const layer of [marks, covered, odd, link]) {
    for (const { start, end } of layer) if (start < text.length) cuts.add(start).add(Math.min(end, text.length));
  }
  const [markAt, coveredAt, oddAt, linkAt] = [walk(marks), walk(covered), walk(odd), walk(link)];
  const borders = [...cuts].sort((a, b) => a - b);
  /** @type {Piece[]} */
  const result = [];
  for (let index = 0; index + 1 < borders.length; index += 1) {
    const from = borders[index];
    const said = text.slice(from, borders[index + 1]);
    const passage = begin.lastIndexOf(from) + 1;
    result.push({
      text: said,
      mark: markAt(from),
      covered: coveredAt(from),
      odd: oddAt(from),
      link: linkAt(from),
      passage,
    });
  }
  return result;
}

/**
 * Which of a layer's ranges stands at a border; borders are asked for in order.
 *
 * @template {Range} T
 * @param {T[]} layer
 * @returns {(border: number) => T | null}
 */
function walk(layer) {
  let at = 0;
  return (border) => {
    while (at < layer.length && layer[at].end <= border) at += 1;
    const current = layer[at];
    return current && current.start <= border ? current : null;
  };
}
