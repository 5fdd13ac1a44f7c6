// What a site's thresholds promise, and how that stands by what people decided since. For `policy`.
import { el } from "../lib/dom.js";
import { labelName } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { count, exactPercent } from "../lib/numbers.js";
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
  if (held) rows.push(heldRow(held));
  if (precise) rows.push(rejectRow(precise));
  return el(
    "section",
    { class: "card promise" },
    el("h2", { text: say("What the thresholds promise") }),
    el("p", { class: "verdict", text: sentence([held, precise].filter((half) => half !== null)) }),
    table(
      [[say("Promised")], [say("Certain now")], [say("Threshold"), "number"], [say("Decisions missing"), "number"]],
      rows,
      say("The promise, and how it stands"),
    ),
    el("p", {
      class: "hint",
      text: say("For {label}, at {share} confidence, by {count} decisions that {model} had not learnt from.", {
        label: labelName(label),
        share: exactPercent(confidence),
        count: decisions,
        model,
      }),
    }),
    madeFor && madeFor !== model
      ? el("p", {
          class: "hint",
          text: say("It was made for {other}, and {model} is in use now: promise again.", { other: madeFor, model }),
        })
      : null,
  );
}

/** @param {Api.HalfView[]} halves */
function sentence(halves) {
  const missing = Math.max(0, ...halves.map((half) => half.missing));
  if (!missing) return say("It is kept.");
  return say("It is not proven now: at least {count} more decisions without a mistake would prove it.", {
    count: missing,
  });
}

/** @param {Api.HalfView} half */
const heldRow = (half) =>
  row(half, say("at most {share} of good comments are held back", { share: exactPercent(half.promised) }), [
    say("at most {share}", { share: exactPercent(half.bound) }),
    say("from {count} good comments", { count: half.rows }),
  ]);

/** @param {Api.HalfView} half */
const rejectRow = (half) =>
  row(half, say("at least {share} of what is rejected is bad", { share: exactPercent(half.promised) }), [
    say("at least {share}", { share: exactPercent(half.bound) }),
    say("from {count} rejections", { count: half.rows }),
  ]);

/**
 * @param {Api.HalfView} half
 * @param {string} promised
 * @param {[bound: string, from: string]} now
 */
function row({ threshold, rows, mistakes, missing }, promised, [bound, from]) {
  return [
    promised,
    el(
      "span",
      {},
      rows ? bound : say("nothing yet"),
      el("span", { class: "meta", text: ` ${from}, ${say("{count} mistakes", { count: mistakes })}` }),
    ),
    threshold === null ? say("never") : exactPercent(threshold),
    missing ? count(missing) : "–",
  ];
}
