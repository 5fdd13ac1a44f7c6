// One row of the queue. For the queue page.
import { el, icon } from "../lib/dom.js";
import {
  byActor,
  doneName,
  labelName,
  listName,
  reasonName,
  sentence,
  stateName,
  timeOptions,
  whomName,
} from "../lib/labels.js";
import { phrase, say } from "../lib/language.js";
import { count, percent } from "../lib/numbers.js";
import { preference } from "../lib/preferences.js";
import { excerptView } from "../text/content_warning.js";
import { calm } from "../text/unicode.js";

const MOST_WORDS = 200; // characters that can be searched for

/** @import { Left, Shown } from "./list_store.js" */

const ALL = "hold-everything"; // the reason that every comment of a site may have
const TELLING = 0.5; // a score from here on is shown beside a reason that has none
/** @type {Record<string, string>} */
const SAID = { approved: "approve", rejected: "reject", flagged: "hold" };

/**
 * A row's content. `selected`: its box is ticked; `tick` is called with (shift) when the box is used.
 *
 * @param {Shown} row
 * @param {{ current: boolean, selected: boolean, tick: (shift: boolean) => void, href: string }} options
 */
export function rowView(row, { current, selected, tick, href }) {
  const name = preference("blind") ? say("Somebody") : calm(row.author?.name ?? "") || say("No name");
  const box = el("input", {
    type: "checkbox",
    "aria-label": say("Select the comment by {name}", { name }),
    on: { click: (event) => tick(event.shiftKey) },
  });
  box.checked = selected;
  return [
    el("label", { class: "tick" }, box),
    el(
      "a",
      { class: "row-link", href, "aria-current": current ? "true" : null },
      el(
        "span",
        { class: "row-head" },
        el("strong", { class: "row-name", dir: "auto", text: name }),
        row.claim && !row.claim.mine
          ? el(
              "span",
              { class: "looking", title: say("{name} is looking at this", { name: row.claim.by }) },
              icon("eye"),
              row.claim.by,
            )
          : null,
        el("time", timeOptions(row.created_at)),
      ),
      el(
        "span",
        { class: "row-text", dir: "auto" },
        row.text_kept ? excerptView(row) : say("The text is no longer kept."),
      ),
      el("span", { class: "row-foot" }, footer(row)),
    ),
  ];
}

/** @param {Shown} row */
function footer(row) {
  if (row.left) return el("span", { class: "tag done" }, outcomeText(row.left));
  const parts = [];
  if (row.decision && !["flagged", "pending"].includes(row.state ?? "")) {
    parts.push(
      el("span", {
        class: `tag ${row.state}`,
        text: `${stateName(row.state)} ${byActor(row.decision.actor)}`,
      }),
    );
    const doubt = row.list === "later" && row.reasons.find((code) => row.scores[code] !== undefined);
    if (doubt) parts.push(scoreTag(reasonName(doubt), row.scores[doubt]));
  } else parts.push(...whyOf(row).map(([name, score]) => scoreTag(name, score)));
  if (row.rules.length) parts.push(el("span", { class: "tag rule", text: row.rules[0] }));
  if (row.campaign)
    parts.push(
      el(
        "span",
        { class: "tag plainly", title: say("{count} near-duplicates", { count: row.campaign.size }) },
        icon("copies"),
        count(row.campaign.size),
      ),
    );
  if (row.reports)
    parts.push(el("span", { class: "tag plainly", title: reportsText(row.reports) }, icon("flag"), count(row.reports)));
  if (row.notes)
    parts.push(
      el(
        "span",
        { class: "tag plainly", title: say("{count} notes", { count: row.notes }) },
        icon("note"),
        count(row.notes),
      ),
    );
  if (row.handed)
    parts.push(el("span", { class: "tag plainly", text: say("For {whom}", { whom: whomName(row.handed) }) }));
  if (row.edited) parts.push(el("span", { class: "tag plainly", text: say("Edited") }));
  if (row.arrived) parts.push(el("span", { class: "tag fresh", text: say("New") }));
  parts.push(el("span", { class: "row-site", text: row.site }));
  return parts;
}

/**
 * Why a comment waits: what it was held for, and the score that tells most where that has none.
 *
 * @param {Api.Row} row
 * @returns {[name: string, score?: number][]}
 */
export function whyOf({ reasons: [reason], scores }) {
  if (!reason) return [];
  const score = scores[reason];
  const [label, highest] = Object.entries(scores).sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
  if (score !== undefined || highest < TELLING) return [[reasonName(reason), score]];
  return reason === ALL ? [[labelName(label), highest]] : [[reasonName(reason)], [labelName(label), highest]];
}

/**
 * @param {string} name
 * @param {number} [score]
 */
function scoreTag(name, score) {
  return el(
    "span",
    { class: "tag" },
    el("span", { text: name }),
    score === undefined ? null : el("b", { text: percent(score) }),
  );
}

/**
 * How a comment is called in a question: "Ann's comment".
 *
 * @param {Api.Row} row
 */
export function called(row) {
  const name = preference("blind") ? "" : calm(row.author?.name ?? "").trim();
  return name
    ? say("{name}’s comment", { name: name.length > 40 ? `${name.slice(0, 39)}…` : name })
    : say("this comment");
}

/**
 * What became of a comment, and by whom: "Rejected by bo".
 *
 * @param {Left} event
 */
export function outcomeText(event) {
  const by = byActor(event.actor);
  if (event.what === "decided") return `${doneName(SAID[event.state] ?? "")} ${by}`;
  if (event.what === "escalated" || event.what === "snoozed") return `${listName(event.what)} ${by}`;
  return say("{what} {by}, now in “{list}”", {
    what: sentence(event.what),
    by,
    list: event.list ? listName(event.list) : stateName(event.state),
  });
}

/**
 * The page that was commented on, which alone can be followed here, since the platform named it; and what else waits from it.
 *
 * @param {Api.PageView} page
 */
export function pageView({ url, title }) {
  const text = title || url;
  const named = /^https?:\/\//iu.test(url)
    ? el(
        "a",
        { href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url },
        el("span", { dir: "auto", text }),
        icon("out"),
      )
    : el("span", { text });
  const others = `#/queue?${new URLSearchParams(url ? { page: url } : { q: title.slice(0, MOST_WORDS) })}`;
  return [...phrase("on {page}", { page: named }), " · ", el("a", { href: others, text: say("more from there") })];
}

/**
 * How many readers reported it, and why, as far as they said: "3 reports: Spam 2".
 *
 * @param {number} reports
 * @param {Record<string, number>} [reasons]
 */
export function reportsText(reports, reasons = {}) {
  const said = Object.entries(reasons).map(([code, readers]) => `${reasonName(code)} ${count(readers)}`);
  if (!said.length) return say("{count} reports", { count: reports });
  return say("{count} reports: {reasons}", { count: reports, reasons: said.join(", ") });
}
