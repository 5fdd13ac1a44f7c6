// How things are called on the page, and how numbers and times are written. Pure; for every module that shows something.

/** @typedef {string} Code A reason that a moderator may give */

/** @type {Record<string, string>} */
const LABELS = {
  spam: "Spam",
  toxicity: "Toxicity",
  severe_toxicity: "Severe toxicity",
  insult: "Insult",
  profanity: "Profanity",
  threat: "Threat",
  identity_attack: "Identity attack",
};
/** @type {Record<string, string>} */
const LISTS = {
  flagged: "To review",
  escalated: "Escalated",
  snoozed: "Put aside",
  reported: "Reported",
  appealed: "Appealed",
  later: "Published first",
  audit: "Blind check",
  decided: "By people",
  approved: "Approved",
  rejected: "Rejected",
};
/** @type {Record<string, string>} */
const EMPTY = {
  flagged: "Nothing waits for you. What comes in appears here by itself.",
  escalated: "What moderators pass on to a lead appears here.",
  snoozed: "What you put aside waits here, and comes back by itself when its time has come.",
  reported: "What readers report appears here.",
  appealed: "When an author says that a rejection was wrong, the comment appears here.",
  later: "Where a site publishes first, what the machine doubted appears here.",
  audit: "A small random share of what the machine decides alone appears here.",
};
/** @type {Record<string, string>} */
const STATES = {
  pending: "Waiting",
  approved: "Approved",
  flagged: "To review",
  rejected: "Rejected",
  erased: "Erased",
};
/** @type {Record<string, string>} */
const DONE = { approve: "Approved", hold: "Held", reject: "Rejected" };

/**
 * Reason codes that a moderator may give: [code, name, letter].
 *
 * @type {[code: Code, name: string, letter: string][]}
 */
export const REASONS = [
  ["spam", "Spam", "s"],
  ["toxicity", "Toxicity", "t"],
  ["severe_toxicity", "Severe toxicity", "v"],
  ["insult", "Insult", "i"],
  ["profanity", "Profanity", "p"],
  ["threat", "Threat", "h"],
  ["identity_attack", "Identity attack", "d"],
  ["off-topic", "Off-topic", "o"],
  ["personal-data", "Personal data", "n"],
  ["illegal", "Illegal", "l"],
  ["other", "Other, with a note", "x"],
];

/** @type {Map<string, Api.HouseRuleView[]>} */
const house = new Map();

/**
 * Know the reasons of the sites' own.
 *
 * @param {Record<string, Api.HouseRuleView[]>} rules by site
 */
export function learnHouseRules(rules) {
  for (const [site, own] of Object.entries(rules)) house.set(site, own);
}

/**
 * The reasons of a site's own. Of several sites, those that all of them have.
 *
 * @param {string[]} sites
 */
export function houseRules(sites) {
  const [first = [], ...others] = sites.map((site) => house.get(site) ?? []);
  return first.filter(({ code }) => others.every((own) => own.some((one) => one.code === code)));
}

/** @param {string} code */
const ownName = (code) => [...house.values()].flat().find((rule) => rule.code === code)?.name;

/**
 * The lists of comments, in the order in which they are shown: what waits, what else wants a look, what was decided.
 *
 * @type {Exclude<keyof Api.ListCounts, "mine">[][]}
 */
export const LIST_GROUPS = [
  ["flagged", "escalated", "snoozed"],
  ["reported", "appealed", "later", "audit"],
  ["decided", "approved", "rejected"],
];

/** @param {string} list */
export const listName = (list) => LISTS[list] ?? list;
/** @param {string} list */
export const emptyText = (list) => EMPTY[list] ?? "Comments appear here by themselves.";
/** @param {string | null} state */
export const stateName = (state) => STATES[state ?? ""] ?? state ?? "";
/** @param {string} outcome */
export const doneName = (outcome) => DONE[outcome] ?? outcome;
/** @param {string} label */
export const labelName = (label) => LABELS[label] ?? sentence(label);
/** @param {string} code */
export const reasonName = (code) => REASONS.find(([known]) => known === code)?.[1] ?? ownName(code) ?? sentence(code);

/**
 * "author_name_is_url" -> "Author name is url".
 *
 * @param {string} word
 */
export function sentence(word) {
  const text = String(word).replaceAll(/[_-]+/gu, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * An actor for people: "policy:1.2" is the machine; "moderator:bo" is bo; "platform:blog/bo" is another bo, over there.
 *
 * @param {string} actor
 */
export function actorName(actor) {
  const [kind, ...rest] = String(actor ?? "").split(":");
  const name = rest.join(":");
  /** @type {Record<string, string>} */
  const kinds = {
    policy: "the machine",
    platform: "the platform",
    author: "the author",
    readers: "readers",
    operator: "an operator",
  };
  if (kind === "platform" && name.includes("/")) return `${name.slice(name.indexOf("/") + 1)} (on the platform)`;
  return kind === "moderator" && name ? name : (kinds[kind] ?? (name || kind));
}

/**
 * To whom something was handed: "moderator:bo" is bo, "role:lead" is a lead.
 *
 * @param {string} to
 */
export function whomName(to) {
  const [kind, name = ""] = to.split(":");
  return kind === "role" ? `${/^[aeiou]/u.test(name) ? "an" : "a"} ${name}` : name;
}

const thousands = new Intl.NumberFormat("en");

/**
 * 1234 -> "1,234".
 *
 * @param {number} [number]
 */
export const count = (number) => thousands.format(number ?? 0);

/**
 * "1 comment", "2 comments".
 *
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/**
 * 0.873 -> "87 %"; what is not quite all or nothing does not look like it.
 *
 * @param {number} share
 */
export function percent(share) {
  const rounded = Math.round(share * 100);
  if (rounded === 100 && share < 1) return "> 99 %";
  if (rounded === 0 && share > 0) return "< 1 %";
  return `${rounded} %`;
}

/**
 * 0.42 -> "+0.42", with a real minus.
 *
 * @param {number} number
 */
export const signed = (number) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(2)}`;

/**
 * How long ago: "now", "5 min", "3 h", "2 d", then the date.
 *
 * @param {string} time
 * @param {number} [now]
 */
export function ago(time, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 60) return "now";
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  if (seconds < 14 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  return new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

const fully = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }); // making one costs more than a row

/**
 * A time in full, in the moderator's zone.
 *
 * @param {string} time
 */
export const exactly = (time) => fully.format(new Date(time));

/**
 * Seconds for people: "40 s", "12 min", "5.0 h", "3.2 d".
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${(seconds / 3_600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

/**
 * "2026-11-24T08:00:00Z" as a <time> shows it.
 *
 * @param {string} time
 */
export function timeOptions(time) {
  return { datetime: time, title: exactly(time), text: ago(time) };
}
