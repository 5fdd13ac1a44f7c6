// The audit log: who changed what. For `review.js`.

import { get } from "./api.js";
import { el, put } from "./dom.js";
import { sheetHead, table } from "./tables.js";
import { actorName, exactly } from "./words.js";

/** Open it. */
export function auditPage() {
  const body = el("div", { class: "sheet" });
  const show = async () => {
    const head = sheetHead("Audit log");
    const lines = [];
    const more = async (cursor) => {
      try {
        const page = await get("/audit-log", { cursor });
        lines.push(...page.items);
        const rows = lines.map((one) => [exactly(one.at), actorName(one.actor), el("code", { text: one.what }), [one.subject, one.site && one.site !== one.subject ? ` (${one.site})` : ""], one.note]);
        put(body, head, el("section", { class: "card" }, lines.length ? table([["When"], ["Who"], ["What"], ["On what"], ["Note"]], rows, "Changes") : el("p", { class: "hint", text: "Nothing was changed yet." })), page.next ? el("p", {}, el("button", { type: "button", class: "quiet", on: { click: () => more(page.next) } }, "Show older ones")) : null);
      } catch (problem) {
        put(body, head, el("p", { class: "wrong", role: "alert", text: problem.message }));
      }
    };
    await more("");
  };
  return { node: body, show, close() {} };
}
