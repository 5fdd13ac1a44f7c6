// Hands a comment over: asks to whom, and what they should know; and shows what was said to whoever it was handed to. For the queue
// page.

import { get } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el, icon } from "../lib/dom.js";
import { keeping } from "../lib/drafts.js";
import { agoOptions, byActor, roleName, whomName } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { calm } from "../text/unicode.js";
import { called } from "./row.js";

/** @import { Shown } from "./list_store.js" */

/** @typedef {{ to: string, note: string }} Handing */

/**
 * Where the note to whom a comment is handed is kept until it has arrived.
 *
 * @param {string} id of the comment
 */
export const handingNote = (id) => `escalation ${id}`;

/**
 * Ask to whom a held comment goes, and what to tell them. Resolves to null when it was left.
 *
 * @param {Shown} row
 * @returns {Promise<Handing | null>}
 */
export async function askWhom(row) {
  const note = keeping(handingNote(row.id), el("textarea", { rows: "3", maxlength: "1000" }));
  const whom = el("select", { autofocus: true }, new Option(say("Whoever takes it"), ""));
  colleagues(row.id).then((people) => {
    whom.append(...people);
    if (people.some(({ value }) => value === row.handed)) whom.value = row.handed;
  });
  const fields = [field(say("To"), whom), field(say("What should they know? (optional)"), note)];
  const whose = { comment: called(row) };
  const [title, does] =
    row.list === "escalated"
      ? [say("Hand {comment} over?", whose), say("Hand over")]
      : [say("Escalate {comment}?", whose), say("Escalate")];
  const said = await ask(title, fields, [[does, "primary", "yes"]]);
  if (!said) return null;
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
    return items.map(
      ({ to, name, role }) =>
        new Option(name ? `${name} (${roleName(role)})` : say("Any {role}", { role: roleName(role) }), to),
    );
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
    { class: "appeal handed", "aria-label": say("Handed over") },
    el(
      "h3",
      {},
      icon("up"),
      mine ? say("Handed to you") : to ? say("Handed to {whom}", { whom: whomName(to) }) : say("Escalated"),
      el("span", { class: "meta" }, `${byActor(by)} `, el("time", agoOptions(at))),
    ),
    note ? el("blockquote", { dir: "auto" }, calm(note)) : null,
  );
}
