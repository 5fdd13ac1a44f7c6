// What a policy would have done with a site's past. For `policy`.
import { el } from "../lib/dom.js";
import { doneName, reasonName } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { count, exactly, listed } from "../lib/numbers.js";
import { table } from "../lib/tables.js";

/** @import { Frame } from "../main.js" */

/** @type {Api.Outcome[]} */
const OUTCOMES = ["approve", "hold", "reject"];
/** @type {Record<Api.Outcome, string>} */
const WOULD = { approve: say("Would be approved"), hold: say("Would be held"), reject: say("Would be rejected") };
/** @type {["approved_by_humans" | "rejected_by_humans" | "undecided", string][]} */
const PEOPLE = [
  ["approved_by_humans", say("People approved it")],
  ["rejected_by_humans", say("People rejected it")],
  ["undecided", say("Nobody decided")],
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
    el("h2", { text: say("What it would have done") }),
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
  if (!looked) return say("There is no past to try it on yet.");
  const parts = /** @type {Api.Outcome[]} */ (["hold", "approve", "reject"])
    .filter((outcome) => more[outcome])
    .map((outcome) => shiftOf(outcome, more[outcome]));
  return parts.length
    ? say("It would have {done} of the last {count} comments.", { done: listed(parts), count: looked })
    : say("It would have done the same with the last {count} comments.", { count: looked });
}

/**
 * "held 12 more"
 *
 * @param {Api.Outcome} outcome
 * @param {number} more
 */
function shiftOf(outcome, more) {
  const values = { count: Math.abs(more) };
  if (outcome === "hold") return more > 0 ? say("held {count} more", values) : say("held {count} fewer", values);
  if (outcome === "reject")
    return more > 0 ? say("rejected {count} more", values) : say("rejected {count} fewer", values);
  return more > 0 ? say("approved {count} more", values) : say("approved {count} fewer", values);
}

/** @param {Api.PreviewView} preview */
function about({ since, without_text: lost, without_scores: blank, scored_now: scored, unknown }) {
  const parts = [since ? say("Since {time}.", { time: exactly(since) }) : ""];
  if (scored)
    parts.push(
      say("{count} comments were never judged here, and scored now, with the signals that can still be told.", {
        count: scored,
      }),
    );
  for (const [name, number] of Object.entries(unknown))
    parts.push(
      say("Not known of {count} comments: {name}; it counts as if nothing had been noticed.", { count: number, name }),
    );
  if (lost) parts.push(say("{count} comments could not be looked at, because the text is gone.", { count: lost }));
  if (blank)
    parts.push(say("{count} comments had no scores, and count as when there is no verdict.", { count: blank }));
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
  const heads = [[say("Of those where")]];
  for (const outcome of OUTCOMES) heads.push([WOULD[outcome], "number"]);
  return table(heads, rows, say("Outcomes by what people decided"));
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
          [say("Rule or list")],
          [say("Fired"), "number"],
          [say("Decided"), "number"],
          [say("On what people approved"), "number"],
          [say("On what people rejected"), "number"],
        ],
        rows,
        say("Hits"),
      )
    : null;
}

/**
 * @param {Api.PreviewView} preview
 * @param {Frame["href"]} href
 */
function changed({ changed: list }, href) {
  const rows = list.map((one) => [
    one.id
      ? el("a", { href: href("queue", { list: "decided", id: one.id }), text: one.id.slice(0, 9) })
      : say("an example"),
    doneName(one.before),
    doneName(one.after),
    one.human ? doneName(one.human) : "–",
    one.reasons.map(reasonName).join(", "),
  ]);
  return el(
    "details",
    {},
    el("summary", { text: say("The newest {count} that would change", { count: list.length }) }),
    table(
      [[say("Comment")], [say("Now")], [say("Then")], [say("People")], [say("Why")]],
      rows,
      say("Changed comments"),
    ),
  );
}
