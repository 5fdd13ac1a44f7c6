// What speaks for or against a comment beside its words, in a line for each of those that it can be known by: its author, the
// address, the network, the campaign, the text, the form. What is ordinary stays folded away. For the evidence pane.
import { el, icon } from "../lib/dom.js";
import { keyHint } from "../lib/keys.js";
import { sentence } from "../lib/labels.js";
import { heard, say } from "../lib/language.js";
import { count, decimal, duration } from "../lib/numbers.js";
import { preference } from "../lib/preferences.js";
import { banner, lastComments, markButton } from "./author.js";

/**
 * @import { Tools } from "./author.js"
 * @typedef {"author" | "address" | "network" | "campaign" | "text" | "form"} Group
 * @typedef {{ text: string, kind?: "raised" | "good" }} Fact
 * @typedef {Map<string, Api.SignalView["value"]>} Known
 */

const RUSH = 3; // comments in ten minutes, or links to one domain, that are no longer ordinary
const CROWD = 20; // comments in a day
const HASTE = 3; // seconds, within which nobody has read and written

/** @type {Record<Group, string>} */
const GROUPS = {
  author: say("Author"),
  address: say("Address"),
  network: say("Network"),
  campaign: say("Campaign"),
  text: say("Text"),
  form: say("Form"),
};
/** @type {Record<string, [group: Group, text: string, kind?: Fact["kind"]]>} What a signal that is raised says. */
const FLAGS = {
  author_vouched_for: ["author", say("vouched for by the platform"), "good"],
  author_claimed: ["author", say("not proven to be theirs")],
  author_name_url: ["author", say("a link as the name")],
  email_disposable: ["author", say("throw-away e-mail address")],
  email_role: ["author", say("a function’s e-mail address")],
  email_undeliverable: ["author", say("e-mail address takes no mail")],
  list_email: ["author", say("on a loaded list")],
  list_ip: ["address", say("on a loaded list")],
  httpbl_spammer: ["address", say("http:BL: spam")],
  httpbl_harvester: ["address", say("http:BL: gathers addresses")],
  httpbl_suspicious: ["address", say("http:BL: suspicious")],
  link_ip: ["text", say("a link to a bare IP address")],
  link_mismatch: ["text", say("a link that shows another domain")],
  link_punycode: ["text", say("a link beyond ASCII")],
  other_flagged: ["text", say("another reader: spam or abuse")],
  ping_closed: ["text", say("pingbacks are closed")],
  ping_own: ["text", say("from the site itself")],
  ping_self_link: ["text", say("leads to its own source")],
  ping_stranger: ["text", say("from an unknown domain")],
  ping_unverified: ["text", say("its source was not seen")],
  form_no_script: ["form", say("no script ran")],
  form_nonce_failed: ["form", say("wrong token")],
  form_pasted: ["form", say("pasted")],
  honeypot: ["form", say("hidden field filled in")],
  referrer_elsewhere: ["form", say("came from elsewhere")],
  user_agent_missing: ["form", say("no browser named")],
  user_agent_program: ["form", say("sent by a program")],
};
/** @type {Record<string, string>} Raised signals that say little by themselves. */
const ORDINARY = {
  author_name_in_url: say("the name stands in the web address"),
  author_url: say("a web address was given"),
  author_url_deep: say("a web address deep into a site"),
  other_silent: say("another reader did not answer"),
  ping: say("a pingback"),
  reply: say("an answer to a comment"),
  text_damaged: say("a damaged text"),
};

/**
 * What a signal that is raised says, in a few words.
 *
 * @param {string} name
 */
export const raisedText = (name) => FLAGS[name]?.[1] ?? ORDINARY[name] ?? sentence(name);

/**
 * The section.
 *
 * @param {Api.Row} row
 * @param {Api.Detail} detail
 * @param {Tools} tools
 */
export function grounds(row, detail, tools) {
  const facts = factsOf(row, detail);
  const may = tools.may("marks");
  /** @type {Partial<Record<Group, (Node | null)[]>>} */
  const acts = {
    author:
      may && row.author?.digest
        ? [markButton(row, "author", "trusted", tools), markButton(row, "author", "blocked", tools)]
        : [],
    address: may && detail.address_known ? [markButton(row, "address", "blocked", tools)] : [],
    network: may && detail.address_known ? [markButton(row, "network", "blocked", tools)] : [],
    campaign: detail.campaign ? campaignActs(detail.campaign, tools) : [],
  };
  const lines = /** @type {Group[]} */ (Object.keys(GROUPS))
    .filter((group) => facts[group].length || acts[group]?.length)
    .map((group) => line(group, facts[group], acts[group] ?? []));
  return el(
    "section",
    { class: "grounds" },
    el("h2", { text: say("Evidence") }),
    detail.marks.map((mark) => banner(mark, tools)),
    el("dl", {}, lines),
    detail.author ? lastComments(row, detail.author, tools) : null,
    detail.signals.length ? signals(detail) : null,
  );
}

/**
 * @param {Group} group
 * @param {Fact[]} facts
 * @param {(Node | null)[]} acts
 */
function line(group, facts, acts) {
  const known = facts.length ? facts : [{ text: say("nothing known"), kind: "" }];
  return el(
    "div",
    { class: "ground", data: { group } },
    el("dt", { text: GROUPS[group] }),
    el(
      "dd",
      {},
      el(
        "span",
        { class: "facts" },
        known.flatMap(({ text, kind = "" }, at) => [at ? " · " : null, el("span", { class: `fact ${kind}`, text })]),
      ),
      acts.length ? el("span", { class: "acts" }, acts) : null,
    ),
  );
}

/**
 * @param {Api.CampaignView} view
 * @param {Tools} tools
 */
const campaignActs = (view, tools) => [
  el("a", { class: "link", href: tools.campaigns(view.id) }, say("Show them")),
  el(
    "button",
    { type: "button", class: view.held ? "primary" : "quiet", on: { click: () => tools.campaign(view) } },
    say("Decide all…"),
    keyHint("campaign"),
  ),
];

/**
 * What is out of the ordinary, or tells whom one has before oneself.
 *
 * @param {Api.Row} row
 * @param {Api.Detail} detail
 * @returns {Record<Group, Fact[]>}
 */
function factsOf(row, detail) {
  /** @type {Known} */
  const known = new Map(detail.signals.map(({ name, value }) => [name, value]));
  const facts = {
    author: detail.author ? authorFacts(row, detail.author, known) : [],
    address: [
      ...tally(standingOf(known, "ip")),
      ...crowd(known, "ip_emails", (count) => say("{count} other authors", { count })),
    ],
    network: tally(standingOf(known, "network")),
    campaign: detail.campaign ? campaignFacts(detail.campaign) : repeated(known),
    text: textFacts(detail, known),
    form: /** @type {Fact[]} */ ([]),
  };
  for (const [group, prefix] of /** @type {const} */ ([
    ["author", "email"],
    ["address", "ip"],
    ["network", "network"],
  ]))
    facts[group].push(...rush(known, prefix));
  const here = facts.address.map(({ text }) => text);
  facts.network = facts.network.filter(({ text }) => !here.includes(text));
  if (here.length && !facts.network.length) facts.network.push({ text: say("nothing more") });
  const seconds = known.get("seconds_to_submit");
  if (typeof seconds === "number" && seconds < HASTE)
    facts.form.push({ text: say("sent after {time}", { time: duration(seconds) }), kind: "raised" });
  for (const { name, raised, meaning } of detail.signals) {
    if (!raised || name in ORDINARY) continue;
    const [group, text, kind = "raised"] = FLAGS[name] ?? ["text", heard(meaning).replace(/\.$/u, "")];
    facts[group].push({ text, kind });
  }
  return facts;
}

/**
 * @param {Api.Row} row
 * @param {Api.AuthorHistory} history
 * @param {Known} known
 */
function authorFacts(row, { total, counted, states }, known) {
  const others = { ...states, [row.state ?? ""]: (states[row.state ?? ""] ?? 0) - 1 };
  const [own] = tally(others);
  const days = Number(known.get("author_days") ?? 0);
  const here = standingOf(known, "author");
  const box = standingOf(known, "author_box");
  const [elsewhere] = tally({ approved: box.approved - here.approved, rejected: box.rejected - here.rejected });
  /** @type {(Fact | false | undefined)[]} */
  const facts = [
    total < 2 && { text: say("new here") },
    days >= 1 && { text: say("here for {count} days", { count: Math.floor(days) }) },
    own &&
      (counted < total ? { ...own, text: say("{what} of the last {count}", { what: own.text, count: counted }) } : own),
    elsewhere && { ...elsewhere, text: say("elsewhere {what}", { what: elsewhere.text }) },
    ...crowd(known, "email_names", (count) => say("{count} other names", { count })),
  ];
  return facts.filter((fact) => typeof fact === "object");
}

/** @param {Api.CampaignView} view */
function campaignFacts(view) {
  const sites = view.sites > 1 ? [{ text: say("on {count} sites", { count: view.sites }) }] : [];
  return [
    { text: say("{count} near-duplicates", { count: view.size }), kind: /** @type {const} */ ("raised") },
    ...sites,
    ...tally(view.states),
  ];
}

/**
 * @param {Known} known
 * @returns {Fact[]}
 */
function repeated(known) {
  const times = Number(known.get("repeats") ?? 0);
  return times ? [{ text: say("said {count} times before", { count: times }), kind: "raised" }] : [];
}

/**
 * @param {Api.Detail} detail
 * @param {Known} known
 * @returns {Fact[]}
 */
function textFacts({ flags, links }, known) {
  const [domain] = tally(standingOf(known, "domain"));
  return [
    ...flags.map((flag) => ({ text: sentence(flag), kind: /** @type {const} */ ("raised") })),
    ...(links.length ? [{ text: say("{count} links", { count: links.length }) }] : []),
    ...(domain ? [{ ...domain, text: say("linked domain {what}", { what: domain.text }) }] : []),
    ...crowd(known, "domain_comments", (count) => say("{count} other links there", { count }), RUSH),
  ];
}

/**
 * What stands of somebody: so many approved, so many rejected.
 *
 * @param {Known} known
 * @param {string} prefix
 */
const standingOf = (known, prefix) => ({
  approved: Number(known.get(`${prefix}_approved`) ?? 0),
  rejected: Number(known.get(`${prefix}_rejected`) ?? 0),
});

/**
 * "3 approved, 1 rejected"; nothing, where there is none.
 *
 * @param {Record<string, number>} states
 * @returns {Fact[]}
 */
function tally(states) {
  const text = standing({ states });
  return text ? [{ text, kind: states.rejected > 0 ? "raised" : undefined }] : [];
}

/**
 * Where several comments stand: "3 rejected, 12 to review".
 *
 * @param {{ states: Record<string, number> }} view
 */
export function standing({ states: { approved = 0, rejected = 0, flagged = 0 } }) {
  return [
    approved > 0 && say("{count} approved", { count: approved }),
    rejected > 0 && say("{count} rejected", { count: rejected }),
    flagged > 0 && say("{count} to review", { count: flagged }),
  ]
    .filter(Boolean)
    .join(", ");
}

/**
 * @param {Known} known
 * @param {string} name
 * @param {(count: number) => string} text
 * @param {number} [least]
 * @returns {Fact[]}
 */
function crowd(known, name, text, least = 1) {
  const number = Number(known.get(name) ?? 0);
  return number >= least ? [{ text: text(number), kind: "raised" }] : [];
}

/**
 * @param {Known} known
 * @param {"email" | "ip" | "network"} prefix
 * @returns {Fact[]}
 */
function rush(known, prefix) {
  const lately = crowd(known, `${prefix}_10m`, (count) => say("{count} more in 10 minutes", { count }), RUSH);
  return lately.length
    ? lately
    : crowd(known, `${prefix}_1d`, (count) => say("{count} more in a day", { count }), CROWD);
}

/** @param {Api.Detail} detail */
function signals(detail) {
  const told = detail.signals.filter((signal) => signal.name !== "campaign");
  const lines = told.map((signal) =>
    el(
      "li",
      { class: signal.raised ? "signal raised" : "signal" },
      el("span", { text: heard(signal.meaning).replace(/\.$/u, "") }),
      signal.raised ? null : el("span", { class: "number", text: valueOf(signal) }),
    ),
  );
  const numbers = preference("numbers");
  return el(
    "details",
    { open: numbers, data: { name: `signals ${numbers}` } },
    el("summary", {}, say("All signals"), keyHint("numbers")),
    el("ul", { class: "signals" }, lines),
  );
}

/**
 * A value by itself: the meaning beside it says the unit.
 *
 * @param {Api.SignalView} signal
 */
function valueOf({ value }) {
  if (typeof value === "boolean") return value ? say("yes") : say("no");
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? count(value) : decimal(value, 1);
}
