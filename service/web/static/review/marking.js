// Cuts a comment's text into pieces to be shown: what moved the score, what is covered, what is hidden, what is a link. Pure;
// for `text.js`.

import { oddities } from "./characters.js";

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'\]]+/giu;
const FULL = 1; // logit units that are marked in full, unless something weighs more: little is not shown as much
const SHOWN_FOR = 0.08; // of the full: words that add less are not marked
const SHOWN_AGAINST = 0.2;
const MOST_MARKS = 400;

/**
 * The marks of an explanation: [{start, end, contribution, level}] in UTF-16 units, in order. `level` is 1 to 4, and negative
 * when the words speak against the label.
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

/** The links that a text spells out: [{start, end, host}]; `host` is where it really leads. */
export function linksOf(text) {
  const found = [];
  for (const match of text.matchAll(LINK)) {
    const spelled = match[0].replace(/[.,;:!?)]+$/u, "");
    const host = hostOf(spelled);
    if (host) found.push({ start: match.index, end: match.index + spelled.length, host });
  }
  return found;
}

/** Where an address leads, as a browser would go there (punycode, nothing before an @); "" when it leads nowhere. */
export function hostOf(address) {
  try {
    return new URL(/^https?:/iu.test(address) ? address : `http://${address}`).host;
  } catch {
    return "";
  }
}

/** The text cut at every border: [{text, mark, covered, odd, link}], each null where there is none. */
export function pieces(text, marks = [], covered = []) {
  const layers = { mark: marks, covered, odd: oddities(text), link: linksOf(text) };
  const cuts = new Set([0, text.length]);
  for (const layer of Object.values(layers)) {
    for (const { start, end } of layer) if (start < text.length) cuts.add(start).add(Math.min(end, text.length));
  }
  const at = { mark: 0, covered: 0, odd: 0, link: 0 };
  const borders = [...cuts].sort((a, b) => a - b);
  const result = [];
  for (let index = 0; index + 1 < borders.length; index += 1) {
    const piece = { text: text.slice(borders[index], borders[index + 1]) };
    for (const [name, layer] of Object.entries(layers)) {
      while (at[name] < layer.length && layer[at[name]].end <= borders[index]) at[name] += 1;
      const current = layer[at[name]];
      piece[name] = current && current.start <= borders[index] ? current : null;
    }
    result.push(piece);
  }
  return result;
}
