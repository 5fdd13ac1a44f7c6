// What a policy would have done with a site's past. For `policy`.

import { el } from "../lib/dom.js";
import { count, doneName, exactly, plural, reasonName } from "../lib/labels.js";
import { table } from "../lib/tables.js";

/** @import { Frame } from "../main.js" */

/** @type {Api.Outcome[]} */
const OUTCOMES = ["approve", "hold", "reject"];
/** @type {Record<Api.Outcome, string>} */
const SAID = { approve: "approved", hold: "held", reject: "rejected" };
/** @type {["approved_by_humans" | "rejected_by_humans" | "undecided", string][]} */
const PEOPLE = [
  ["approved_by_humans", "People approved it"],
  ["rejected_by_humans", "People rejected it"],
  ["undecided", "Nobody decided"],
];

/**
 * A preview's answer, first in a sentence, then in numbers.
 *
 * @param {Api.PreviewView} preview
 * @param {Frame["href"]} href
 */
export function previewView(preview, href) {
  return el(
    "section",
    { class: "card preview" },
    el("h2", { text: "What it would have done" }),
    el("p", { class: "verdict", text: sentenceOf(preview) }),
    preview.looked ? el("p", { class: "hint", text: about(preview) }) : null,
    preview.looked ? numbers(preview) : null,
    hits(preview),
    preview.changed.length ? changed(preview, href) : null,
  );
}

/**
 * "It would have held 12 more and approved 40 more of the last 5,000 comments."
 *
 * @param {Api.PreviewView} preview
 */
function sentenceOf({ looked, more }) {
  if (!looked) return "There is no past to try it on yet.";
  const parts = /** @type {Api.Outcome[]} */ (["hold", "approve", "reject"])
    .filter((outcome) => more[outcome])
    .map((outcome) => `${SAID[outcome]} ${count(Math.abs(more[outcome]))} ${more[outcome] > 0 ? "more" : "fewer"}`);
  const last = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0];
  return last
    ? `It would have ${last} of the last ${plural(looked, "comment")}.`
    : `It would have done the same with the last ${plural(looked, "comment")}.`;
}

/** @param {Api.PreviewView} preview */
function about({ since, without_text: lost, without_scores: blank, scored_now: scored, unknown }) {
  const parts = [since ? `Since ${exactly(since)}.` : ""];
  if (scored)
    parts.push(
      `${plural(scored, "comment")} ${scored === 1 ? "was" : "were"} never judged here, and scored now, with the signals that can still be told.`,
    );
  for (const [name, number] of Object.entries(unknown))
    parts.push(`Not known of ${plural(number, "comment")}: ${name}; it counts as if nothing had been noticed.`);
  if (lost) parts.push(`${plural(lost, "comment")} could not be looked at, because the text is gone.`);
  if (blank) parts.push(`${plural(blank, "comment")} had no scores, and count as when there is no verdict.`);
  return parts.filter(Boolean).join(" ");
}

/** @param {Api.PreviewView} preview */
function numbers(preview) {
  const rows = PEOPLE.map(([key, name]) => {
    const shift = preview[key];
    return [
      name,
      ...OUTCOMES.map((after) => {
        const would = OUTCOMES.reduce((sum, before) => sum + shift[before][after], 0);
        const does = OUTCOMES.reduce((sum, next) => sum + shift[after][next], 0);
        const more = would - does;
        return [
          count(would),
          more ? el("span", { class: "meta", text: ` (${more > 0 ? "+" : "−"}${count(Math.abs(more))})` }) : null,
        ];
      }),
    ];
  });
  /** @type {[string, string?][]} */
  const heads = [["Of those where"]];
  for (const outcome of OUTCOMES) heads.push([`Would be ${SAID[outcome]}`, "number"]);
  return table(heads, rows, "Outcomes by what people decided");
}

/** @param {Api.PreviewView} preview */
function hits({ hits: found }) {
  /** @param {Api.Humans} by */
  const all = (by) => by.approve + by.reject + by.nobody;
  const rows = Object.entries(found).map(([name, { fired, decided }]) => [
    name,
    count(all(fired)),
    count(all(decided)),
    count(fired.approve),
    count(fired.reject),
  ]);
  return rows.length
    ? table(
        [
          ["Rule or list"],
          ["Fired", "number"],
          ["Decided", "number"],
          ["On what people approved", "number"],
          ["On what people rejected", "number"],
        ],
        rows,
        "Hits",
      )
    : null;
}

/**
 * @param {Api.PreviewView} preview
 * @param {Frame["href"]} href
 */
function changed({ changed: list }, href) {
  const rows = list.map((one) => [
    one.id ? el("a", { href: href("queue", { list: "decided", id: one.id }), text: one.id.slice(0, 9) }) : "an example",
    doneName(one.before),
    doneName(one.after),
    one.human ? doneName(one.human) : "–",
    one.reasons.map(reasonName).join(", "),
  ]);
  return el(
    "details",
    {},
    el("summary", { text: `The newest ${list.length} that would change` }),
    table([["Comment"], ["Now"], ["Then"], ["People"], ["Why"]], rows, "Changed comments"),
  );
}
