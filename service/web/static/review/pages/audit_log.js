// The audit log: who changed what. For `main`.
import { get, problemOf } from "../lib/api.js";
import { el, renew } from "../lib/dom.js";
import { actorName, roleName, word } from "../lib/labels.js";
import { heard, say, within } from "../lib/language.js";
import { count, exactly } from "../lib/numbers.js";
import { sheetHead, siteChooser, table } from "../lib/tables.js";

/** @import { Frame, Page } from "../main.js" */

/** @type {Record<string, string>} What was done, by the service's words for it. */
const ACTS = {
  "account.accept": say("Invitation accepted"),
  "account.password": say("Own password changed"),
  "account.provider": say("Organisation’s sign-in connected"),
  "account.recovery-codes": say("New recovery codes"),
  "account.second-factor": say("Own second factor changed"),
  "authors.blocked": say("Author blocked"),
  "authors.trusted": say("Author trusted"),
  "authors.unmark": say("Mark taken back"),
  "bulk.decide": say("Many comments decided"),
  "bulk.undo": say("Decision about many taken back"),
  "comments.edit": say("Comment edited"),
  "comments.erase": say("Comments erased"),
  "comments.export": say("Comments exported"),
  "comments.import": say("Comments imported"),
  "comments.import.undo": say("Import taken back"),
  "comments.requeue": say("Comments judged anew"),
  "comments.unedit": say("Edit taken back"),
  "data.backup": say("Back-up made"),
  "data.restore": say("Back-up restored"),
  "deliveries.replay": say("Call-backs sent again"),
  "deliveries.resume": say("Deliveries resumed"),
  "keys.replace": say("Keys replaced"),
  "keys.rotate": say("Key renewed"),
  "models.promote": say("Model put to use"),
  "models.rollback": say("Model taken back"),
  "models.shadow": say("Shadow model chosen"),
  "models.train": say("Model trained"),
  "moderators.access": say("Role or sites changed"),
  "moderators.add": say("Moderator added"),
  "moderators.invite": say("Somebody invited"),
  "moderators.link": say("New link for a moderator"),
  "moderators.lock": say("Moderator locked or unlocked"),
  "moderators.password": say("Moderator’s password set"),
  "moderators.remove": say("Moderator removed"),
  "moderators.second-factor": say("Second factor taken away"),
  "notices.try": say("Notice tried"),
  "other-reader.learn": say("Other reader’s vectors learnt"),
  "privacy.erase": say("Person erased"),
  "redis.compact": say("Storage compacted"),
  "session.begin": say("Signed in"),
  "session.end-all": say("Signed out everywhere"),
  "session.refused": say("Sign-in refused"),
  "sites.add": say("Site added"),
  "sites.policy": say("Policy changed"),
  "sites.policy.restore": say("Policy restored"),
  "sites.purge": say("Site emptied"),
  "sites.remove": say("Site removed"),
  "sites.rotate": say("Site’s credentials renewed"),
  "sites.set": say("Site changed"),
  "suggestions.erase": say("Suggestions erased"),
};

/** @type {Record<string, string>} What the service's own notes are made of. */
const NOTED = {
  active: say("active"),
  again: say("again"),
  "all sites": say("all sites"),
  "by a link: new password": say("by a link: new password"),
  "by invitation": say("by invitation"),
  connected: say("connected"),
  "for a new password": say("for a new password"),
  "for the provider": say("for the organisation’s sign-in"),
  "in no group any more": say("in no group any more"),
  locked: say("locked"),
  on: say("on"),
  "second factor on": say("second factor on"),
  "second factor taken away by it": say("second factor taken away by it"),
  "taken away": say("taken away"),
  "wrong code": say("wrong code"),
  wrong: say("wrong password"),
};
/** @type {[pattern: RegExp, words: (...found: string[]) => string][]} The same, with something filled in. */
const FILLED = [
  [/^new: (.+)$/u, (part) => say("new: {access}", { access: noted(part) })],
  [/^was (.+)$/u, (part) => say("was {access}", { access: noted(part) })],
  [/^by invitation, as (.+)$/u, (name) => say("by invitation, as {name}", { name })],
  [/^(\d+) bytes$/u, (size) => say("{count} bytes", { count: Number(size) })],
  [/^made at (.+)$/u, (time) => say("made at {time}", { time: Date.parse(time) ? exactly(time) : time })],
  [/^(approve|hold|reject) ([\d,]+)$/u, (outcome, number) => `${count(amount(number))} ${word(outcome)}`],
  [/^[\d,]+$/u, (number) => count(amount(number))],
];
const DIGITS = /[0-9a-f]{32}$/u;
const WHOLE = new Set(["data.backup", "data.restore", "other-reader.learn", "privacy.erase", "redis.compact"]); // they say it all
const OWN = /^(?:account|bulk|comments\.requeue|data|deliveries|moderators|session)\b/u; // acts whose notes nobody typed

/** @param {string} number */
const amount = (number) => Number(number.replaceAll(",", ""));

/**
 * A part of a note that the service wrote, in the language of the page; a name stays.
 *
 * @param {string} part
 * @returns {string}
 */
function noted(part) {
  for (const [pattern, words] of FILLED) {
    const found = pattern.exec(part);
    if (found) return words(...(found.length > 1 ? found.slice(1) : found));
  }
  return NOTED[part] ?? roleName(part);
}

/**
 * @param {Api.AuditLine} line
 */
function noteOf({ note, what }) {
  const edition = /^Edition (\d+) again\.(.*)$/su.exec(note);
  if (edition) return say("Edition {count} again.", { count: Number(edition[1]) }) + edition[2];
  if (what === "other-reader.learn") return say("from {count} decisions", { count: Number(note) });
  if (!OWN.test(what)) return heard(note);
  const whole = noted(note); // some have a comma within
  const sides = note.split(" → ").map((side) => side.split(", ").map(noted).join(", "));
  return whole === note ? sides.join(" → ") : whole;
}

/**
 * Open it.
 *
 * @param {Frame} frame
 * @returns {Page}
 */
export function auditPage({ me, go, href }) {
  const body = el("div", { class: "sheet" });
  /** @param {URLSearchParams} parameters */
  const show = async (parameters) => {
    const filters = Object.fromEntries(["site", "actor", "what"].map((name) => [name, parameters.get(name) ?? ""]));
    const only = (/** @type {Record<string, string>} */ other) => go({ ...filters, ...other });
    const head = sheetHead(
      say("Audit log"),
      actChooser(filters.what, (what) => only({ what })),
      siteChooser(me.sites, filters.site, (site) => only({ site })),
      filters.actor
        ? el(
            "button",
            { type: "button", class: "filter-chip", on: { click: () => only({ actor: "" }) } },
            say("Only {name}", { name: within(actorName(filters.actor)) }),
            " ×",
          )
        : null,
    );
    /** @type {Api.AuditLine[]} */
    const lines = [];
    /** @param {string | null} cursor */
    const more = async (cursor) => {
      try {
        const page = await get("/audit-log", { ...filters, cursor });
        lines.push(...page.items);
        renew(
          body,
          head,
          lines.length
            ? card(lines, (actor) => href("audit", { ...filters, actor }), href)
            : nothing(Object.values(filters).some(Boolean)),
          page.next ? older(() => more(page.next)) : null,
        );
      } catch (problem) {
        renew(body, head, el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }));
      }
    };
    await more("");
  };
  return { node: body, show, close() {} };
}

/**
 * @param {string} chosen
 * @param {(what: string) => void} change
 */
function actChooser(chosen, change) {
  const acts = Object.entries(ACTS).sort(([, one], [, other]) => one.localeCompare(other));
  /** @type {HTMLSelectElement} */
  const select = el(
    "select",
    { "aria-label": say("What"), on: { change: () => change(select.value) } },
    new Option(say("Everything"), ""),
    acts.map(([act, name]) => new Option(name, act, false, act === chosen)),
  );
  return select;
}

/** @param {() => unknown} more */
const older = (more) =>
  el("p", {}, el("button", { type: "button", class: "quiet", on: { click: more } }, say("Show older ones")));

/**
 * What it was done to. An author's digest, or the id of many decisions at once, tells nobody anything: their site does.
 *
 * @param {Api.AuditLine} line
 */
function subjectOf({ site, subject, what }) {
  if (WHOLE.has(what)) return "";
  if (!site || site === subject) return subject;
  return DIGITS.test(subject) ? el("span", { title: subject, text: site }) : `${subject} (${site})`;
}

/**
 * @param {Api.AuditLine[]} lines
 * @param {(actor: string) => string} by the address of what somebody did
 * @param {Frame["href"]} href
 */
function card(lines, by, href) {
  const rows = lines.map((one) => {
    const act = el("span", { title: one.what, text: ACTS[one.what] ?? one.what });
    const policy = one.what.startsWith("sites.policy") && one.site;
    return [
      el("span", { class: "nowrap", text: exactly(one.at) }),
      el("a", {
        class: "nowrap",
        href: by(one.actor),
        title: say("Only {name}", { name: within(actorName(one.actor)) }),
        text: actorName(one.actor),
      }),
      policy ? el("a", { href: href("policy", { site: one.site }), title: one.what, text: ACTS[one.what] }) : act,
      subjectOf(one),
      noteOf(one),
    ];
  });
  return el(
    "section",
    { class: "card" },
    table([[say("When")], [say("Who")], [say("What")], [say("On what")], [say("Note")]], rows, say("Changes")),
  );
}

/** @param {boolean} filtered */
function nothing(filtered) {
  const text = filtered ? say("Nothing found") : say("Nothing was changed yet.");
  return el("section", { class: "card" }, el("p", { class: "hint", text }));
}
