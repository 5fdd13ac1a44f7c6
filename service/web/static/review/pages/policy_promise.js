// What a site's thresholds promise, and how that stands by what people decided since. For `policy`.

import { el } from "../lib/dom.js";
import { count, labelName, plural } from "../lib/labels.js";
import { table } from "../lib/tables.js";

/**
 * A card with what was promised, what is certain now, and how many decisions are missing.
 *
 * @param {Api.PromiseView} promise
 */
export function promiseView(promise) {
  if (!promise.promised) return null;
  const {
    good_held: held,
    reject_precision: precise,
    confidence,
    decisions,
    label,
    model,
    made_for: madeFor,
  } = promise;
  const rows = [];
  if (held) rows.push(row(held, "of good comments are held back", "at most", "good comment"));
  if (precise) rows.push(row(precise, "of what is rejected is bad", "at least", "rejection"));
  return el(
    "section",
    { class: "card promise" },
    el("h2", { text: "What the thresholds promise" }),
    el("p", { class: "verdict", text: sentence([held, precise].filter((half) => half !== null)) }),
    table(
      [["Promised"], ["Certain now"], ["Threshold", "number"], ["Decisions missing", "number"]],
      rows,
      "The promise, and how it stands",
    ),
    el("p", {
      class: "hint",
      text: `For ${labelName(label)}, at ${share(confidence)} confidence, by ${plural(decisions, "decision")} that ${model} had not learnt from.`,
    }),
    madeFor && madeFor !== model
      ? el("p", { class: "hint", text: `It was made for ${madeFor}, and ${model} is in use now: promise again.` })
      : null,
  );
}

/**
 * 0.005 -> "0.5 %".
 *
 * @param {number} value
 */
const share = (value) => `${Number((value * 100).toFixed(2))} %`;

/** @param {Api.HalfView[]} halves */
function sentence(halves) {
  const missing = Math.max(0, ...halves.map((half) => half.missing));
  if (!missing) return "It is kept.";
  return `It is not proven now: at least ${plural(missing, "more decision")} without a mistake would prove it.`;
}

/**
 * @param {Api.HalfView} half
 * @param {string} what
 * @param {string} word
 * @param {string} unit
 */
function row({ promised, threshold, bound, rows, mistakes, missing }, what, word, unit) {
  const from = threshold === null ? "never" : share(threshold);
  return [
    `${word} ${share(promised)} ${what}`,
    el(
      "span",
      {},
      rows ? `${word} ${share(bound)}` : "nothing yet",
      el("span", { class: "meta", text: ` from ${plural(rows, unit)}, ${plural(mistakes, "mistake")}` }),
    ),
    from,
    missing ? count(missing) : "–",
  ];
}
