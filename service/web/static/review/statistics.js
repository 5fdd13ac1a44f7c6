// The statistics page: what came in, who decided, how long it waits. For `review.js`.

import { get } from "./api.js";
import { el, put } from "./dom.js";
import { dayName, stackedDays } from "./plots.js";
import { qualityCard } from "./quality.js";
import { sheetHead, siteChooser, table } from "./tables.js";
import { actorName, count, duration, percent, reasonName } from "./words.js";

const SPANS = [7, 30, 90, 365];
const OUTCOMES = [["approve", "approved"], ["hold", "held"], ["reject", "rejected"]];

/** Open it. */
export function statisticsPage({ me, go }) {
  const body = el("div", { class: "sheet" });
  const show = async (parameters) => {
    const site = parameters.get("site") ?? "";
    const days = Number(parameters.get("days")) || 30;
    const head = sheetHead("Statistics", siteChooser(me.sites, site, (chosen) => go({ site: chosen, days })), spanChooser(days, (chosen) => go({ site, days: chosen })));
    put(body, head, el("p", { class: "hint", text: "Counting…" }));
    try {
      const [numbers, quality] = await Promise.all([get("/statistics", { site, days }), get("/quality", { site, days })]);
      put(body, head, tiles(numbers), overTime(numbers), qualityCard(quality.items), el("div", { class: "pair" }, queues(numbers), reasons(numbers)), el("div", { class: "pair" }, people(numbers), models(numbers)));
    } catch (problem) {
      put(body, head, el("p", { class: "wrong", role: "alert", text: problem.message }));
    }
  };
  return { node: body, show, close() {} };
}

function spanChooser(days, change) {
  const select = el("select", { "aria-label": "Time", on: { change: () => change(select.value) } }, SPANS.map((span) => new Option(`Last ${span} days`, span, false, span === days)));
  return select;
}

function tiles({ totals, queues: waiting }) {
  const held = waiting.reduce((sum, one) => sum + one.held, 0);
  const oldest = Math.max(0, ...waiting.map((one) => one.oldest ?? 0));
  const share = (value) => (value === null ? "–" : percent(value));
  const tile = (name, value, more) => el("div", { class: "card tile" }, el("dt", { text: name }), el("dd", {}, value, el("div", { class: "meta", text: more })));
  return el(
    "dl",
    { class: "tiles" },
    tile("Came in", count(totals.arrived), "comments"),
    tile("By the machine", share(totals.automatic), "decided; the rest it held"),
    tile("Overturned", share(totals.overturned), `${count(totals.missed)} missed, ${count(totals.false_alarm)} false alarms`),
    tile("By people", count(sum(totals.people)), `${count(totals.people.approve)} approved, ${count(totals.people.reject)} rejected`),
    tile("Waiting now", count(held), oldest ? `the oldest for ${duration(oldest)}` : "nothing waits"),
  );
}

function overTime(numbers) {
  const days = numbers.days.map((day) => ({ day: day.day, line: day.arrived, parts: OUTCOMES.map(([outcome]) => [outcome, day.machine[outcome]]) }));
  const mine = numbers.days.map((day) => ({ day: day.day, line: null, parts: OUTCOMES.map(([outcome]) => [outcome, day.people[outcome]]) }));
  const key = (line) => el("p", { class: "keyline" }, OUTCOMES.map(([outcome, name]) => el("span", {}, el("i", { class: outcome }), name)), line ? el("span", {}, el("i", { class: "line" }), "came in") : null);
  return el(
    "div",
    { class: "pair" },
    el("section", { class: "card" }, el("h2", { text: "What the machine said" }), stackedDays(days, `Outcomes of the machine by day, ${count(sum(numbers.totals.machine))} in all, and ${count(numbers.totals.arrived)} arrivals`), key(true)),
    el("section", { class: "card" }, el("h2", { text: "What people said" }), stackedDays(mine, `Decisions of people by day, ${count(sum(numbers.totals.people))} in all`), key(false)),
  );
}

function queues({ queues: waiting }) {
  const age = (seconds) => (seconds === null ? "–" : duration(seconds));
  return el("section", { class: "card" }, el("h2", { text: "How long the held ones wait" }), table([["Site"], ["Held", "number"], ["Half of them", "number"], ["Nine of ten", "number"], ["Oldest", "number"]], waiting.map((one) => [one.site, count(one.held), age(one.median), age(one.ninetieth), age(one.oldest)]), "Queues"));
}

function reasons(numbers) {
  const rows = numbers.reasons.slice(0, 10).map((one) => [reasonName(one.code), one.by === "human" ? "people" : "the machine", one.outcome === "reject" ? "rejected" : "held", count(one.count)]);
  return el("section", { class: "card" }, el("h2", { text: "Why" }), rows.length ? table([["Reason"], ["Said by"], ["Outcome"], ["Times", "number"]], rows, "Reasons") : nothing());
}

function people(numbers) {
  const rows = numbers.people.slice(0, 20).map((one) => [actorName(one.name), count(one.total), shareBar(one.decided)]);
  return el("section", { class: "card" }, el("h2", { text: "Who decided" }), rows.length ? table([["Who"], ["Decisions", "number"], ["How"]], rows, "People") : nothing());
}

function models(numbers) {
  const rows = numbers.models.slice(0, 10).map((one) => [el("code", { text: one.name }), inUse(one), count(one.total), shareBar(one.decided)]);
  return el("section", { class: "card" }, el("h2", { text: "Model versions" }), rows.length ? table([["Version"], ["In use"], ["Judged", "number"], ["How"]], rows, "Models") : nothing());
}

function inUse({ first, last }) {
  return el("span", { class: "nowrap", text: first === last ? dayName(first) : `${dayName(first)} – ${dayName(last)}` });
}

function shareBar(decided) {
  const said = OUTCOMES.map(([outcome, name]) => `${count(decided[outcome])} ${name}`).join(", ");
  const pieces = OUTCOMES.filter(([outcome]) => decided[outcome]).map(([outcome]) => {
    const piece = el("span", { class: outcome });
    piece.style.flexGrow = String(decided[outcome]);
    return piece;
  });
  return el("span", { class: "share-bar", role: "img", "aria-label": said, title: said }, pieces);
}

function nothing() {
  return el("p", { class: "hint", text: "Nothing in this time." });
}

function sum(decided) {
  return OUTCOMES.reduce((total, [outcome]) => total + decided[outcome], 0);
}
