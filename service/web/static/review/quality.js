// How good the machine is when it decides alone, from the blind check. For the statistics page.

import { el } from "./dom.js";
import { table } from "./tables.js";
import { count, percent } from "./words.js";

/** A card for all sites; `items` are {site, report}, without a report where nothing was drawn. */
export function qualityCard(items) {
  const known = items.filter(({ report }) => report !== null);
  const rows = known.map(({ site, report }) => [site, `${count(report.answered)} of ${count(report.sampled)}`, range(report.precision, "good"), range(report.missed, "bad"), range(report.recall, "good")]);
  const heads = [["Site"], ["Judged blind", "number"], ["Of its rejections, people reject too"], ["Of its approvals, people would reject"], ["Of what people reject, it kept back"]];
  return el(
    "section",
    { class: "card quality" },
    el("h2", { text: "How often the machine is right" }),
    el("p", { class: "hint", text: "From the blind check: a random share of what it decided alone, judged without knowing what it said. The bars are 95 % intervals; more answers make them narrower." }),
    rows.length ? table(heads, rows, "Quality by site") : el("p", { class: "hint", text: "Nothing was drawn for it in this time." }),
  );
}

function range({ estimate, low, high, n }, kind) {
  if (!n || high - low === 1) return el("span", { class: "hint", text: "not known yet" });
  const [from, to] = [percent(low), percent(high)];
  const span = el("span", { class: `interval ${kind}` });
  span.style.left = `${low * 100}%`;
  span.style.width = `${(high - low) * 100}%`;
  const point = el("span", { class: "estimate" });
  point.style.left = `${estimate * 100}%`;
  return el("span", { class: "range" }, el("b", { text: percent(estimate) }), el("span", { class: "bar", "aria-hidden": "true" }, span, point), el("span", { class: "meta", text: `${from} to ${to}` }));
}
