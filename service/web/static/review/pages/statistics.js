// The statistics page: what came in, who decided, how long it waits. For `main`.
import { get, problemOf } from "../lib/api.js";
import { stackedDays } from "../lib/charts.js";
import { el, renew } from "../lib/dom.js";
import { actorName, reasonName, word } from "../lib/labels.js";
import { phrase, say } from "../lib/language.js";
import { clockOf, count, dayName, duration, exactPercent, listed, percent } from "../lib/numbers.js";
import { sheetHead, siteChooser, table } from "../lib/tables.js";

/**
 * @import { Day } from "../lib/charts.js"
 * @import { Frame, Page } from "../main.js"
 */

const SPANS = [7, 30, 90, 365];
/** @type {[Api.Outcome, string][]} */
const OUTCOMES = [
  ["approve", say("approved")],
  ["hold", say("held")],
  ["reject", say("rejected")],
];

/**
 * Open it.
 *
 * @param {Frame} frame
 * @returns {Page}
 */
export function statisticsPage({ me, go }) {
  const body = el("div", { class: "sheet" });
  /** @param {URLSearchParams} parameters */
  const show = async (parameters) => {
    const site = parameters.get("site") ?? "";
    const days = Number(parameters.get("days")) || 30;
    const head = sheetHead(
      say("Statistics"),
      siteChooser(me.sites, site, (chosen) => go({ site: chosen, days })),
      spanChooser(days, (chosen) => go({ site, days: chosen })),
    );
    renew(body, head, el("p", { class: "hint", text: say("Counting…") }));
    try {
      const [numbers, quality] = await Promise.all([
        get("/statistics", { site, days }),
        get("/quality", { site, days }),
      ]);
      renew(
        body,
        head,
        tiles(numbers),
        midnights(numbers),
        overTime(numbers),
        qualityCard(quality.items),
        queues(numbers),
        reasons(numbers),
        el("div", { class: "pair" }, people(numbers), models(numbers)),
      );
    } catch (problem) {
      renew(body, head, el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }));
    }
  };
  return { node: body, show, close() {} };
}

/**
 * @param {number} days
 * @param {(days: string) => unknown} change
 */
function spanChooser(days, change) {
  /** @type {HTMLSelectElement} */
  const select = el(
    "select",
    { "aria-label": say("Time"), on: { change: () => change(select.value) } },
    SPANS.map((span) => new Option(say("Last {count} days", { count: span }), String(span), false, span === days)),
  );
  return select;
}

/**
 * By whose midnight the days are counted.
 *
 * @param {Api.StatisticsView} numbers
 */
function midnights({ midnights: all }) {
  return all.map(({ zone, at, sites }) => {
    const said = { zone: el("code", { text: zone }), time: clockOf(Date.parse(at)), sites: listed([...sites]) };
    return el(
      "p",
      { class: "hint" },
      all.length > 1
        ? phrase("{sites}: days begin at midnight in the time zone {zone}, which is {time} here.", said)
        : phrase("Days begin at midnight in the time zone {zone}, which is {time} here.", said),
    );
  });
}

/** @param {Api.StatisticsView} numbers */
function tiles({ totals, queues: waiting }) {
  const held = waiting.reduce((sum, one) => sum + one.held, 0);
  const oldest = Math.max(0, ...waiting.map((one) => one.oldest ?? 0));
  /** @param {number | null} value */
  const share = (value) => (value === null ? "–" : percent(value));
  /**
   * @param {string} name
   * @param {string} value
   * @param {string} more
   */
  const tile = (name, value, more) =>
    el(
      "div",
      { class: "card tile" },
      el("dt", { text: name }),
      el("dd", {}, value, el("div", { class: "meta", text: more })),
    );
  return el(
    "dl",
    { class: "tiles" },
    tile(say("Came in"), count(totals.arrived), say("comments")),
    tile(say("By the machine"), share(totals.automatic), say("decided; the rest it held")),
    tile(
      say("Overturned"),
      share(totals.overturned),
      say("{missed} missed, {alarms} false alarms", { missed: totals.missed, alarms: totals.false_alarm }),
    ),
    tile(
      say("By people"),
      count(sum(totals.people)),
      say("{approved} approved, {rejected} rejected", {
        approved: totals.people.approve,
        rejected: totals.people.reject,
      }),
    ),
    tile(
      say("Waiting now"),
      count(held),
      oldest ? say("the oldest for {time}", { time: duration(oldest) }) : say("nothing waits"),
    ),
  );
}

/** @param {Api.StatisticsView} numbers */
function overTime(numbers) {
  /** @type {Day[]} */
  const days = numbers.days.map((day) => ({
    day: day.day,
    line: day.arrived,
    parts: OUTCOMES.map(([outcome]) => [outcome, day.machine[outcome]]),
  }));
  /** @type {Day[]} */
  const mine = numbers.days.map((day) => ({
    day: day.day,
    line: null,
    parts: OUTCOMES.map(([outcome]) => [outcome, day.people[outcome]]),
  }));
  /** @param {boolean} line */
  const key = (line) =>
    el(
      "p",
      { class: "keyline" },
      OUTCOMES.map(([outcome, name]) => el("span", {}, el("i", { class: outcome }), name)),
      line ? el("span", {}, el("i", { class: "line" }), say("came in")) : null,
    );
  return el(
    "div",
    { class: "pair" },
    el(
      "section",
      { class: "card" },
      el("h2", { text: say("What the machine said") }),
      stackedDays(
        days,
        say("Outcomes of the machine by day, {all} in all, and {arrived} arrivals", {
          all: sum(numbers.totals.machine),
          arrived: numbers.totals.arrived,
        }),
      ),
      key(true),
    ),
    el(
      "section",
      { class: "card" },
      el("h2", { text: say("What people said") }),
      stackedDays(mine, say("Decisions of people by day, {all} in all", { all: sum(numbers.totals.people) })),
      key(false),
    ),
  );
}

/** @param {Api.StatisticsView} numbers */
function queues({ queues: waiting }) {
  /** @param {number | null} seconds */
  const age = (seconds) => (seconds === null ? "–" : duration(seconds));
  return el(
    "section",
    { class: "card" },
    el("h2", { text: say("How long the held ones wait") }),
    table(
      [
        [say("Site")],
        [say("Held"), "number"],
        [say("Half of them"), "number"],
        [say("Nine of ten"), "number"],
        [say("Oldest"), "number"],
      ],
      waiting.map((one) => [one.site, count(one.held), age(one.median), age(one.ninetieth), age(one.oldest)]),
      say("Queues"),
    ),
  );
}

/** @param {Api.StatisticsView} numbers */
function reasons(numbers) {
  const rows = numbers.reasons
    .slice(0, 10)
    .map((one) => [
      reasonName(one.code),
      one.by === "human" ? say("people") : say("the machine"),
      word(one.outcome),
      count(one.count),
    ]);
  return el(
    "section",
    { class: "card" },
    el("h2", { text: say("Why") }),
    rows.length
      ? table([[say("Reason")], [say("Said by")], [say("Outcome")], [say("Times"), "number"]], rows, say("Reasons"))
      : nothing(),
  );
}

/** @param {Api.StatisticsView} numbers */
function people(numbers) {
  const rows = numbers.people.slice(0, 20).map((one) => [actorName(one.name), count(one.total), shareBar(one.decided)]);
  return el(
    "section",
    { class: "card" },
    el("h2", { text: say("Who decided") }),
    rows.length ? table([[say("Who")], [say("Decisions"), "number"], [say("How")]], rows, say("People")) : nothing(),
  );
}

/** @param {Api.StatisticsView} numbers */
function models(numbers) {
  const rows = numbers.models
    .slice(0, 10)
    .map((one) => [el("code", { text: one.name }), inUse(one), count(one.total), shareBar(one.decided)]);
  return el(
    "section",
    { class: "card" },
    el("h2", { text: say("Model versions") }),
    rows.length
      ? table([[say("Version")], [say("In use")], [say("Judged"), "number"], [say("How")]], rows, say("Models"))
      : nothing(),
  );
}

/** @param {Api.By} by */
function inUse({ first, last }) {
  return el("span", {
    class: "nowrap",
    text: first === last ? dayName(first) : `${dayName(first)} – ${dayName(last)}`,
  });
}

/** @param {Api.Outcomes} decided */
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
  return el("p", { class: "hint", text: say("Nothing in this time.") });
}

/** @param {Api.Outcomes} decided */
function sum(decided) {
  return OUTCOMES.reduce((total, [outcome]) => total + decided[outcome], 0);
}

// How good the machine is when it decides alone, from the blind check. For the statistics page.

/**
 * A card for all sites; `items` are {site, report}, without a report where nothing was drawn.
 *
 * @param {Api.SiteQuality[]} items
 */
export function qualityCard(items) {
  const rows = [];
  for (const { site, report } of items) {
    if (report)
      rows.push([
        site,
        say("{place} of {all}", { place: report.answered, all: report.sampled }),
        range(report.precision, "good"),
        range(report.missed, "bad"),
        range(report.recall, "good"),
      ]);
  }
  /** @type {[string, string?][]} */
  const heads = [
    [say("Site")],
    [say("Judged blind"), "number"],
    [say("Of its rejections, people reject too")],
    [say("Of its approvals, people would reject")],
    [say("Of what people reject, it kept back")],
  ];
  return el(
    "section",
    { class: "card quality" },
    el("h2", { text: say("How often the machine is right") }),
    el("p", {
      class: "hint",
      text: say(
        "From the blind check: a random share of what it decided alone, judged without knowing what it said. The bars are intervals at {share} confidence; more answers make them narrower.",
        { share: exactPercent(0.95) },
      ),
    }),
    rows.length
      ? table(heads, rows, say("Quality by site"))
      : el("p", { class: "hint", text: say("Nothing was drawn for it in this time.") }),
  );
}

/**
 * @param {Api.Interval} interval
 * @param {string} kind
 */
function range({ estimate, low, high, n }, kind) {
  if (!n || high - low === 1) return el("span", { class: "hint", text: say("not known yet") });
  const [from, to] = [percent(low), percent(high)];
  const span = el("span", { class: `interval ${kind}` });
  span.style.insetInlineStart = `${low * 100}%`;
  span.style.width = `${(high - low) * 100}%`;
  const point = el("span", { class: "estimate" });
  point.style.insetInlineStart = `${estimate * 100}%`;
  return el(
    "span",
    { class: "range" },
    el("b", { text: percent(estimate) }),
    el("span", { class: "bar", "aria-hidden": "true" }, span, point),
    el("span", { class: "meta", text: say("{from} to {to}", { from, to }) }),
  );
}
