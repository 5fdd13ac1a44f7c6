// Whoever wrote it: what else they wrote, and trusting and blocking them. For the evidence pane.
import { send } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el, icon } from "../lib/dom.js";
import { keepDraft, keeping } from "../lib/drafts.js";
import { actorName, byActor, colon, stateName, timeOptions } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { exactly, percent } from "../lib/numbers.js";
import { preference } from "../lib/preferences.js";
import { toast, toastProblem } from "../lib/toasts.js";
import { excerptView } from "../text/content_warning.js";
import { calm } from "../text/unicode.js";

/**
 * @typedef {{
 *   href: (filters: Api.Query | null, id?: string) => string,
 *   may: (right: Api.Right) => boolean,
 *   campaign: (view: Api.CampaignView) => unknown,
 *   campaigns: (id: string) => string,
 *   blocked: (row: Api.Row, whom: "author" | "address" | "network") => unknown,
 *   reload: () => void,
 * }} Tools What the sections need to act
 */

/**
 * What else the author wrote, folded away.
 *
 * @param {Api.Row} row
 * @param {Api.AuthorHistory} history
 * @param {Tools} tools
 */
export function lastComments(row, { total, last }, tools) {
  const others = last.filter((one) => one.id !== row.id).slice(0, 4);
  if (!others.length) return null;
  const list = /** @type {Api.Query["list"]} */ (row.list || "flagged");
  return el(
    "details",
    { data: { name: "last" } },
    el("summary", { text: say("What else they wrote") }),
    smallRows(others, tools),
    total > 1
      ? el(
          "a",
          { class: "link", href: tools.href({ list, author: row.author?.digest ?? "" }) },
          say("All that waits by this author"),
        )
      : null,
  );
}

/**
 * A button that trusts or blocks.
 *
 * @param {Api.Row} row
 * @param {"author" | "address" | "network"} whom
 * @param {"trusted" | "blocked"} what
 * @param {Tools} tools
 */
export function markButton(row, whom, what, tools) {
  const name = { author: null, address: say("Block this address…"), network: say("Block this network…") }[whom];
  return el(
    "button",
    { type: "button", class: "link", "aria-label": name, on: { click: () => mark(row, whom, what, tools) } },
    what === "trusted" ? say("Trust…") : say("Block…"),
  );
}

/**
 * What a moderator marked somebody as.
 *
 * @param {Api.MarkView} mark
 * @param {Tools} tools
 */
export function banner(mark, tools) {
  return el(
    "p",
    { class: `banner ${mark.what}` },
    icon(mark.what === "trusted" ? "check" : "ban"),
    el(
      "span",
      {},
      el("strong", { text: markName(mark) }),
      ` ${
        mark.until
          ? say("by {name} until {time}", { name: actorName(mark.by), time: exactly(mark.until) })
          : byActor(mark.by)
      }${colon(mark.note)}`,
    ),
    tools.may("marks")
      ? el("button", { type: "button", class: "link", on: { click: () => unmark(mark, tools) } }, say("Take back"))
      : null,
  );
}

/** @param {Api.MarkView} mark */
function markName({ what, digest }) {
  if (what === "trusted") return say("Trusted");
  if (digest.startsWith("n")) return say("Network blocked");
  return digest.startsWith("i") ? say("Address blocked") : say("Blocked");
}

/**
 * A list of comments, a line each, that lead to them; `names`: with their authors.
 *
 * @param {Api.Row[]} rows
 * @param {Pick<Tools, "href">} tools
 * @param {{ names?: boolean }} [options]
 */
export function smallRows(rows, tools, { names = false } = {}) {
  return el(
    "ul",
    { class: "small-rows" },
    rows.map((row) => smallRow(row, tools, names)),
  );
}

/**
 * @param {Api.Row} row
 * @param {Pick<Tools, "href">} tools
 * @param {boolean} names
 */
function smallRow(row, tools, names) {
  const author = names && !preference("blind") ? calm(row.author?.name ?? "").trim() : "";
  const score = Math.max(0, ...Object.values(row.scores));
  return el(
    "li",
    {},
    el(
      "a",
      { href: tools.href(null, row.id) },
      el("span", { class: `dot ${row.state}`, title: stateName(row.state) }),
      el(
        "span",
        { class: "small-text", dir: "auto" },
        author ? [el("b", { text: author }), " "] : null,
        row.text_kept ? excerptView(row) : say("The text is no longer kept."),
      ),
      el("span", { class: "meta" }, percent(score), " · ", el("time", timeOptions(row.created_at))),
    ),
  );
}

const BLOCKED = {
  author: say("This author is blocked now."),
  address: say("This address is blocked now."),
  network: say("This network is blocked now."),
};
/** @type {Record<"author" | "address" | "network", (name: string) => string>} */
const WHOSE = {
  author: (name) => name,
  address: (name) => say("the IP address of {name}", { name }),
  network: (name) => say("the network of {name}", { name }),
};
/** @type {Record<string, [whom: string, promise: string]>} */
const DIALOGS = {
  trusted: [
    say("this author"),
    say(
      "What this author writes on this site is approved, before any list, rule or score is asked. An address alone is not enough, since anybody can type it: it counts where your platform vouches for them, and from networks and with the link that they have been approved with, those of this comment among them.",
    ),
  ],
  author: [
    say("this author"),
    say(
      "What comes with this e-mail address on this site is rejected from now on, before any list, rule or score is asked. For what is there already you are asked next.",
    ),
  ],
  address: [
    say("this IP address"),
    say(
      "What comes from it on this site is rejected from now on, before any list, rule or score is asked. Addresses change hands: a month is often enough. For what is there already you are asked next.",
    ),
  ],
  network: [
    say("this network"),
    say(
      "What comes from its 256 addresses (of IPv6: its /48) on this site is rejected from now on, before any list, rule or score is asked, unless its author is trusted. Others may share it: a month is often enough. For what is there already you are asked next.",
    ),
  ],
};

/**
 * @param {Api.Row} row
 * @param {"author" | "address" | "network"} whom
 * @param {"trusted" | "blocked"} what
 * @param {Tools} tools
 */
async function mark(row, whom, what, tools) {
  const { site } = row;
  const name = preference("blind") ? "" : calm(row.author?.name ?? "").trim();
  const until = el(
    "select",
    {},
    [
      ["30", say("{count} days", { count: 30 })],
      ["90", say("{count} days", { count: 90 })],
      ["365", say("A year")],
      ["", say("For good")],
    ].map(([days, name]) => new Option(name, days)),
  );
  const draftName = `mark ${what} ${whom} ${row.id}`;
  const note = keeping(draftName, el("input", { type: "text", maxlength: "1000", autocomplete: "off" }));
  const trust = what === "trusted";
  const [called, text] = DIALOGS[trust ? what : whom];
  const who = name ? WHOSE[whom](name) : called;
  const said = await ask(
    trust ? say("Trust {whom} on {site}?", { whom: who, site }) : say("Block {whom} on {site}?", { whom: who, site }),
    [el("p", { text }), field(say("For how long"), until), field(say("Note for other moderators"), note)],
    [[trust ? say("Trust") : say("Block"), trust ? "primary" : "bad", "yes"]],
  );
  if (!said) return;
  const end = until.value ? new Date(Date.now() + Number(until.value) * 86_400_000).toISOString() : null;
  const comment = row.id;
  const done = await tell(
    () => send("PUT", "/authors", { site, comment, whom, what, until: end, note: note.value.trim() }),
    trust ? say("This author is trusted now.") : BLOCKED[whom],
    tools,
  );
  if (done) keepDraft(draftName, null);
  if (done && !trust) tools.blocked(row, whom);
}

/**
 * @param {Api.MarkView} one
 * @param {Tools} tools
 */
function unmark(one, tools) {
  const { site, digest } = one;
  return tell(() => send("DELETE", "/authors", { site, digest }), say("Taken back."), tools);
}

/**
 * Do it and say so; whether it was done.
 *
 * @param {() => Promise<unknown>} act
 * @param {string} text
 * @param {Tools} tools
 */
async function tell(act, text, tools) {
  try {
    await act();
  } catch (problem) {
    toastProblem(problem);
    return false;
  }
  toast(text, { kind: "good" });
  tools.reload();
  return true;
}
