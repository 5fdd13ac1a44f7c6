// Erases a comment, or all of its author's, when somebody has typed that they mean it. For the evidence pane.

import { send } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el } from "../lib/dom.js";
import { say } from "../lib/language.js";
import { toast, toastProblem } from "../lib/toasts.js";
import { called } from "./row.js";

/** @import { Shown } from "./list_store.js" */

/**
 * Ask, and erase a comment or all of its author's. The live stream takes them out of the lists.
 *
 * @param {Shown} row
 * @param {Api.Detail} detail
 */
export async function erase(row, detail) {
  const typed = el("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  const total = row.author?.digest ? (detail.author?.total ?? 1) : 1;
  const whom = el(
    "select",
    { autofocus: true },
    new Option(say("This comment"), ""),
    total > 1
      ? new Option(say("All {count} comments of this author on {site}", { count: total, site: row.site }), "author")
      : null,
  );
  const check = () => (typed.value.trim().toLowerCase() === "erase" ? "" : say("Type the word erase."));
  const said = await ask(
    say("Erase {comment} for good?", { comment: called(row) }),
    [
      el("p", {
        text: say(
          "Words, author, evidence and notes are gone at once, here and in what was learnt from. Nobody can bring them back. The platform is told.",
        ),
      }),
      field(say("What"), whom),
      field(say("Type erase to go on"), typed),
    ],
    [[say("Erase"), "bad", "yes"]],
    { check },
  );
  if (!said) return;
  try {
    const answer = await send("POST", `/comments/${row.id}/erase`, { author: whom.value === "author" });
    toast(say("{count} comments erased.", { count: answer.erased }));
  } catch (problem) {
    toastProblem(problem);
  }
}
