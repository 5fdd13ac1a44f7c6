// The audit log: who changed what. For `main`.

import { get, problemOf } from "../lib/api.js";
import { el, renew } from "../lib/dom.js";
import { actorName, exactly } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { sheetHead, table } from "../lib/tables.js";

/** @import { Page } from "../main.js" */

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
  "privacy.erase": say("Person erased"),
  "redis.compact": say("Storage compacted"),
  "session.begin": say("Signed in"),
  "session.end-all": say("Signed out everywhere"),
  "sites.add": say("Site added"),
  "sites.policy": say("Policy changed"),
  "sites.policy.restore": say("Policy restored"),
  "sites.purge": say("Site emptied"),
  "sites.remove": say("Site removed"),
  "sites.rotate": say("Site’s credentials renewed"),
  "sites.set": say("Site changed"),
  "suggestions.erase": say("Suggestions erased"),
};

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
          el("span", { title: one.what, text: ACTS[one.what] ?? one.what }),
          [one.subject, one.site && one.site !== one.subject ? ` (${one.site})` : ""],
          one.note,
        ]);
        renew(
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
        renew(body, head, el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }));
      }
    };
    await more("");
  };
  return { node: body, show, close() {} };
}
