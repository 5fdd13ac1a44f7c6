// How things are called on the page. Pure; for every module that shows something.
import { say, within } from "./language.js";
import { age, ago, exactly } from "./numbers.js";

/** @typedef {string} Code A reason that a moderator may give */

/** @type {Record<string, string>} */
const LABELS = {
  spam: say("Spam"),
  toxicity: say("Toxicity"),
  severe_toxicity: say("Severe toxicity"),
  insult: say("Insult"),
  profanity: say("Profanity"),
  threat: say("Threat"),
  identity_attack: say("Identity attack"),
};
/** @type {Record<string, string>} */
const LISTS = {
  flagged: say("To review"),
  escalated: say("Escalated"),
  snoozed: say("Put aside"),
  reported: say("Reported"),
  appealed: say("Appealed"),
  later: say("Published first"),
  audit: say("Blind check"),
  decided: say("By people"),
  approved: say("Approved"),
  rejected: say("Rejected"),
};
/** @type {Record<string, string>} */
const EMPTY = {
  flagged: say("Nothing waits for you. What comes in appears here by itself."),
  escalated: say("What moderators pass on to a lead appears here."),
  snoozed: say("What you put aside waits here, and comes back by itself when its time has come."),
  reported: say("What readers report appears here."),
  appealed: say("When an author says that a rejection was wrong, the comment appears here."),
  later: say("Where a site publishes first, what the machine doubted appears here."),
  audit: say("A small random share of what the machine decides alone appears here."),
};
/** @type {Record<string, string>} */
const STATES = {
  pending: say("Waiting"),
  approved: say("Approved"),
  flagged: say("To review"),
  rejected: say("Rejected"),
  erased: say("Erased"),
};
/** @type {Record<string, string>} */
const DONE = { approve: say("Approved"), hold: say("Held"), reject: say("Rejected") };
/** @type {Record<string, string>} The same within a sentence. */
const WORDS = {
  approve: say("approved"),
  hold: say("held"),
  reject: say("rejected"),
  pending: say("waiting"),
  approved: say("approved"),
  flagged: say("to review"),
  rejected: say("rejected"),
};
/** @type {Record<string, string>} */
const BY = {
  policy: say("by the machine"),
  platform: say("by the platform"),
  author: say("by the author"),
  readers: say("by readers"),
  operator: say("by an operator"),
};
/** @type {Record<string, string>} */
const ROLES = { moderator: say("moderator"), lead: say("lead"), operator: say("operator") };
/** @type {Record<string, string>} */
const WHOM = { moderator: say("a moderator"), lead: say("a lead"), operator: say("an operator") };

/**
 * Reason codes that a moderator may give: [code, name, letter].
 *
 * @type {[code: Code, name: string, letter: string][]}
 */
export const REASONS = [
  ["spam", say("Spam"), "s"],
  ["toxicity", say("Toxicity"), "t"],
  ["severe_toxicity", say("Severe toxicity"), "v"],
  ["insult", say("Insult"), "i"],
  ["profanity", say("Profanity"), "p"],
  ["threat", say("Threat"), "h"],
  ["identity_attack", say("Identity attack"), "d"],
  ["off-topic", say("Off-topic"), "o"],
  ["personal-data", say("Personal data"), "n"],
  ["illegal", say("Illegal"), "l"],
  ["other", say("Other, with a note"), "x"],
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
export const emptyText = (list) => EMPTY[list] ?? say("Comments appear here by themselves.");
/** @param {string | null} state */
export const stateName = (state) => STATES[state ?? ""] ?? state ?? "";
/** @param {string} outcome */
export const doneName = (outcome) => DONE[outcome] ?? outcome;
/**
 * An outcome or a state as it stands within a sentence: "approved", "to review".
 *
 * @param {string} outcome
 */
export const word = (outcome) => WORDS[outcome] ?? outcome;
/** @param {string} role */
export const roleName = (role) => ROLES[role] ?? role;
/** @param {string} label */
export const labelName = (label) => LABELS[label] ?? sentence(label);
/** @param {string} code */
export const reasonName = (code) => REASONS.find(([known]) => known === code)?.[1] ?? ownName(code) ?? sentence(code);

/**
 * Reasons within a sentence: "spam, off-topic".
 *
 * @param {string[]} codes
 */
export const reasonWords = (codes) => codes.map((code) => within(reasonName(code))).join(", ");

/**
 * A word of the service's in the language of the page: "author_name_url" -> "Author name url".
 *
 * @param {string} word
 */
export function sentence(word) {
  const text = String(word).replaceAll(/[_-]+/gu, " ").trim();
  return say(text.charAt(0).toUpperCase() + text.slice(1));
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
    policy: say("the machine"),
    platform: say("the platform"),
    author: say("the author"),
    readers: say("readers"),
    operator: say("an operator"),
    stranger: say("somebody unknown"),
  };
  if (kind === "platform" && name.includes("/"))
    return say("{name} (on the platform)", { name: name.slice(name.indexOf("/") + 1) });
  return kind === "moderator" && name ? name : (kinds[kind] ?? (name || kind));
}

/**
 * Who did something: "by the machine", "by bo".
 *
 * @param {string} actor
 */
export const byActor = (actor) =>
  BY[actor.split(":")[0]] && !isPerson(actor) ? BY[actor.split(":")[0]] : say("by {name}", { name: actorName(actor) });

/**
 * Whether an actor is somebody with a name.
 *
 * @param {string} actor
 */
export const isPerson = (actor) => actor.startsWith("moderator:") || actor.startsWith("platform:");

/**
 * To whom something was handed: "moderator:bo" is bo, "role:lead" is a lead.
 *
 * @param {string} to
 */
export function whomName(to) {
  const [kind, name = ""] = to.split(":");
  return kind === "role" ? (WHOM[name] ?? name) : name;
}

/**
 * "2026-11-24T08:00:00Z" as a <time> shows it.
 *
 * @param {string} time
 */
export function timeOptions(time) {
  return { datetime: time, title: exactly(time), text: age(time) };
}

/**
 * The same within a sentence: "3 min ago".
 *
 * @param {string} time
 */
export function agoOptions(time) {
  return { datetime: time, title: exactly(time), text: ago(time) };
}

/**
 * A colon and what stands behind it, if there is something: French puts a space before it.
 *
 * @param {string} more
 */
export const colon = (more) => (more ? say("{what}: {more}", { what: "", more }) : "");
