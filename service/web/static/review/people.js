// Who wrote it: history on the site, marks, and near-duplicates. For the evidence pane.

import { send } from "./api.js";
import { ask, field } from "./dialogs.js";
import { excerptView } from "./care.js";
import { el, icon } from "./dom.js";
import { keyHint } from "./keys.js";
import { toast, toastProblem } from "./toasts.js";
import { exactly, percent, plural, stateName, timeOptions } from "./words.js";

/** The sections on the author and the campaign. Tools: `href(filters, id)`, `may(right)`, `campaign(view)`, `reload()`. */
export function people(row, detail, tools) {
  return [detail.author && row.author?.digest ? author(row, detail, tools) : null, detail.campaign ? campaign(detail.campaign, row, tools) : null];
}

function author(row, detail, tools) {
  const { total, counted, states, last } = detail.author;
  const share = el("span", { class: "standing", "aria-hidden": "true" });
  const figures = ["approved", "flagged", "rejected", "pending"].filter((state) => states[state]).map((state) => {
    const piece = el("span", { class: state });
    piece.style.flexGrow = String(states[state]);
    share.append(piece);
    return el("li", {}, el("span", { class: `dot ${state}` }), el("b", { text: states[state] }), stateName(state).toLowerCase());
  });
  const others = last.filter((one) => one.id !== row.id).slice(0, 4);
  return el(
    "section",
    {},
    el("h2", {}, "The author", el("span", { class: "meta", text: `${plural(total, "comment")} on ${row.site}` })),
    detail.marks.map((mark) => el("p", { class: `banner ${mark.what}` }, icon(mark.what === "trusted" ? "check" : "ban"), el("span", {}, el("strong", { text: mark.what === "trusted" ? "Trusted" : "Blocked" }), ` by ${mark.by}${mark.until ? ` until ${exactly(mark.until)}` : ""}${mark.note ? `: ${mark.note}` : ""}`), tools.may("marks") ? el("button", { type: "button", class: "link", on: { click: () => unmark(mark, tools) } }, "Take back") : null)),
    total > 0 ? [share, el("ul", { class: "figures inline" }, figures)] : null,
    counted < total ? el("p", { class: "hint", text: `Of the last ${counted}.` }) : null,
    others.length ? el("ul", { class: "small-rows" }, others.map((one) => smallRow(one, tools))) : null,
    el("p", { class: "row-of" },
      total > 1 ? el("a", { class: "link", href: tools.href({ list: row.list || "flagged", author: row.author.digest }) }, "All that waits by this author") : null,
      tools.may("marks") ? [el("button", { type: "button", class: "quiet", on: { click: () => mark(row, "trusted", tools) } }, icon("check"), "Trust…"), el("button", { type: "button", class: "quiet", on: { click: () => mark(row, "blocked", tools) } }, icon("ban"), "Block…")] : null),
  );
}

function campaign(view, row, tools) {
  const others = view.members.filter((one) => one.id !== row.id).slice(0, 3);
  return el(
    "section",
    { class: "campaign" },
    el("h2", {}, icon("copies"), plural(view.size, "near-duplicate"), el("span", { class: "meta", text: `on ${plural(view.sites, "site")}` })),
    others.length ? el("ul", { class: "small-rows" }, others.map((one) => smallRow(one, tools))) : null,
    el("p", { class: "row-of" }, view.held ? el("button", { type: "button", class: "primary", on: { click: () => tools.campaign(view) } }, "Decide all…", keyHint("campaign")) : el("span", { class: "hint", text: "None of them waits." }), el("a", { class: "link", href: tools.href({ list: "flagged", campaign: view.id }) }, "Show them")),
  );
}

function smallRow(row, tools) {
  const score = Math.max(0, ...Object.values(row.scores));
  return el("li", {}, el("a", { href: tools.href(null, row.id) }, el("span", { class: `dot ${row.state}`, title: stateName(row.state) }), el("span", { class: "small-text", dir: "auto" }, row.text_kept ? excerptView(row) : "The text is no longer kept."), el("span", { class: "meta" }, percent(score), " · ", el("time", timeOptions(row.created_at)))));
}

async function mark(row, what, tools) {
  const until = el("select", {}, [["30", "30 days"], ["90", "90 days"], ["365", "A year"], ["", "For good"]].map(([days, name]) => new Option(name, days)));
  const note = el("input", { type: "text", maxlength: "1000", autocomplete: "off" });
  const trust = what === "trusted";
  const text = trust ? "What this author writes on this site is approved, unless a rule says otherwise." : "What this author writes on this site is rejected from now on. What is there already stays as it is.";
  const said = await ask(trust ? "Trust this author?" : "Block this author?", [el("p", { text }), field("For how long", until), field("Note for other moderators", note)], [[trust ? "Trust" : "Block", trust ? "primary" : "bad", "yes"]]);
  if (!said) return;
  const end = until.value ? new Date(Date.now() + until.value * 86_400_000).toISOString() : null;
  await tell("PUT", { site: row.site, digest: row.author.digest, what, until: end, note: note.value.trim() }, trust ? "This author is trusted now." : "This author is blocked now.", tools);
}

function unmark(one, tools) {
  return tell("DELETE", { site: one.site, digest: one.digest }, "Taken back.", tools);
}

async function tell(method, body, text, tools) {
  try {
    await send(method, "/authors", body);
    toast(text, { kind: "good" });
    tools.reload();
  } catch (problem) {
    toastProblem(problem);
  }
}
