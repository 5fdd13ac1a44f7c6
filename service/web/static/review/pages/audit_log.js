// The audit log: who changed what. For `main`.

import { get, problemOf } from "../lib/api.js";
import { el, put } from "../lib/dom.js";
import { actorName, exactly } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { sheetHead, table } from "../lib/tables.js";

/** @import { Page } from "../main.js" */

/**
 * Open it.
 *
 * @returns {Page}
 */
export function auditPage() {
  const body = el("div", { class: "sheet" });
  const show = async () => {
    const head = sheetHead(say("Audit log"));
    /** @type {Api.AuditLine[]} */
    const lines = [];
    /** @param {string | null} cursor */
    const more = async (cursor) => {
      try {
        const page = await get("/audit-log", { cursor });
        lines.push(...page.items);
        const rows = lines.map((one) => [
          el("span", { class: "nowrap", text: exactly(one.at) }),
          actorName(one.actor),
          el("code", { text: one.what }),
          [one.subject, one.site && one.site !== one.subject ? ` (${one.site})` : ""],
          one.note,
        ]);
        put(
          body,
          head,
          el(
            "section",
            { class: "card" },
            lines.length
              ? table(
                  [[say("When")], [say("Who")], [say("What")], [say("On what")], [say("Note")]],
                  rows,
                  say("Changes"),
                )
              : el("p", { class: "hint", text: say("Nothing was changed yet.") }),
          ),
          page.next
            ? el(
                "p",
                {},
                el(
                  "button",
                  { type: "button", class: "quiet", on: { click: () => more(page.next) } },
                  say("Show older ones"),
                ),
              )
            : null,
        );
      } catch (problem) {
        put(body, head, el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }));
      }
    };
    await more("");
  };
  return { node: body, show, close() {} };
}
