// Hands a comment over: asks to whom, and what they should know; and shows what was said to whoever it was handed to. For the queue
// page.

import { get } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el, icon } from "../lib/dom.js";
import { draft, keepDraft } from "../lib/drafts.js";
import { actorName, timeOptions, whomName } from "../lib/labels.js";
import { calm } from "../text/unicode.js";
import { called } from "./row.js";

/** @import { Shown } from "./list_store.js" */

/** @typedef {{ to: string, note: string }} Handing */

/**
 * Ask to whom a held comment goes, and what to tell them. Resolves to null when it was left; what was typed is kept then.
 *
 * @param {Shown} row
 * @returns {Promise<Handing | null>}
 */
export async function askWhom(row) {
  const name = `escalation ${row.id}`;
  const note = el("textarea", { rows: "3", maxlength: "1000" });
  note.value = draft(name) ?? "";
  note.addEventListener("input", () => keepDraft(name, note.value));
  const whom = el("select", { autofocus: true }, new Option("Whoever takes it", ""));
  colleagues(row.id).then((people) => {
    whom.append(...people);
    if (people.some(({ value }) => value === row.handed)) whom.value = row.handed;
  });
  const fields = [field("To", whom), field("What should they know? (optional)", note)];
  const does = row.list === "escalated" ? "Hand over" : "Escalate";
  const said = await ask(`${does} ${called(row)}?`, fields, [[does, "primary", "yes"]]);
  if (!said) return null;
  keepDraft(name, null);
  return { to: whom.value, note: note.value.trim() };
}

/**
 * Who sees a comment's site; nobody when that can't be read: then it goes to whoever takes it.
 *
 * @param {string} id
 */
async function colleagues(id) {
  try {
    const { items } = await get(`/comments/${id}/colleagues`);
    return items.map(({ to, name, role }) => new Option(name ? `${name} (${role})` : `Any ${role}`, to));
  } catch {
    return [];
  }
}

/**
 * To whom it was handed, and what they were told.
 *
 * @param {Api.HandedView} view
 */
export function handedView({ to, by, at, note, mine }) {
  return el(
    "section",
    { class: "appeal handed", "aria-label": "Handed over" },
    el(
      "h3",
      {},
      icon("up"),
      mine ? "Handed to you" : `Handed to ${whomName(to)}`,
      el("span", { class: "meta" }, `by ${actorName(by)} `, el("time", timeOptions(at))),
    ),
    note ? el("blockquote", { dir: "auto" }, calm(note)) : null,
  );
}
