// One row of the queue. For the queue page.

import { excerptView } from "./care.js";
import { calm } from "./characters.js";
import { el, icon } from "./dom.js";
import { preference } from "./preferences.js";
import { actorName, doneName, labelName, listName, percent, plural, reasonName, sentence, stateName, timeOptions } from "./words.js";

const TELLING = 0.5; // a score from here on is shown beside a reason that has none

/** A row's content. `selected`: its box is ticked; `tick` is called with (shift) when the box is used. */
export function rowView(row, { current, selected, tick, href }) {
  const name = preference("blind") ? "Somebody" : calm(row.author?.name ?? "") || "No name";
  const box = el("input", { type: "checkbox", "aria-label": `Select the comment by ${name}`, on: { click: (event) => tick(event.shiftKey) } });
  box.checked = selected;
  return [
    el("label", { class: "tick" }, box),
    el(
      "a",
      { class: "row-link", href, "aria-current": current ? "true" : null },
      el("span", { class: "row-head" }, el("strong", { class: "row-name", dir: "auto", text: name }), row.claim && !row.claim.mine ? el("span", { class: "looking", title: `${row.claim.by} is looking at this` }, icon("eye"), row.claim.by) : null, el("time", timeOptions(row.created_at))),
      el("span", { class: "row-text", dir: "auto" }, row.text_kept ? excerptView(row) : "The text is no longer kept."),
      el("span", { class: "row-foot" }, footer(row)),
    ),
  ];
}

function footer(row) {
  if (row.left) return el("span", { class: "tag done" }, outcomeText(row.left));
  const parts = [];
  const [reason] = row.reasons;
  if (row.decision && !["flagged", "pending"].includes(row.state)) {
    parts.push(el("span", { class: `tag ${row.state}`, text: `${stateName(row.state)} by ${actorName(row.decision.actor)}` }));
    const doubt = row.list === "later" && row.reasons.find((code) => row.scores[code] !== undefined);
    if (doubt) parts.push(scoreTag(reasonName(doubt), row.scores[doubt]));
  } else if (reason) {
    const score = row.scores[reason];
    parts.push(scoreTag(reasonName(reason), score));
    const [label, highest] = Object.entries(row.scores).sort((a, b) => b[1] - a[1])[0] ?? [];
    if (score === undefined && highest >= TELLING) parts.push(scoreTag(labelName(label), highest));
  }
  if (row.rules.length) parts.push(el("span", { class: "tag rule", text: row.rules[0] }));
  if (row.campaign) parts.push(el("span", { class: "tag plainly", title: plural(row.campaign.size, "near-duplicate") }, icon("copies"), String(row.campaign.size)));
  if (row.reports) parts.push(el("span", { class: "tag plainly", title: plural(row.reports, "report") }, icon("flag"), String(row.reports)));
  if (row.notes) parts.push(el("span", { class: "tag plainly", title: plural(row.notes, "note") }, icon("note"), String(row.notes)));
  if (row.arrived) parts.push(el("span", { class: "tag fresh", text: "New" }));
  parts.push(el("span", { class: "row-site", text: row.site }));
  return parts;
}

function scoreTag(name, score) {
  return el("span", { class: "tag" }, name, score === undefined ? null : el("b", { text: percent(score) }));
}

/** What became of a comment, and by whom: "Rejected by bo". */
export function outcomeText(event) {
  const who = actorName(event.actor);
  if (event.what === "decided") return `${doneName({ approved: "approve", rejected: "reject", flagged: "hold" }[event.state])} by ${who}`;
  if (event.what === "escalated" || event.what === "snoozed") return `${event.what === "snoozed" ? "Put aside" : "Escalated"} by ${who}`;
  return `${sentence(event.what)} by ${who}, now in “${event.list ? listName(event.list) : stateName(event.state)}”`;
}
