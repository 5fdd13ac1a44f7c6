// Campaigns: near-duplicates, how far they spread, where they stand, and one decision for all of one. For `main`.
import { get, problemOf } from "../lib/api.js";
import { el, renew } from "../lib/dom.js";
import { listen } from "../lib/events.js";
import { handle } from "../lib/keys.js";
import { agoOptions } from "../lib/labels.js";
import { phrase, say } from "../lib/language.js";
import { count } from "../lib/numbers.js";
import { sheetHead } from "../lib/tables.js";
import { smallRows } from "../queue/author.js";
import { standing } from "../queue/grounds.js";
import { Bulk } from "../queue/bulk.js";
import { Decisions } from "../queue/decisions.js";
import { ListStore } from "../queue/list_store.js";
import { excerptView } from "../text/content_warning.js";

/** @import { Frame, Page } from "../main.js" */

/**
 * Open it.
 *
 * @param {Frame} frame
 * @returns {Page}
 */
export function campaignsPage({ me, may, href, live }) {
  const body = el("div", { class: "sheet" });
  const store = new ListStore();
  const decisions = new Decisions(store);
  const bulk = new Bulk(store, decisions, may, me.sites);
  let shown = new URLSearchParams();
  const show = async (/** @type {URLSearchParams} */ parameters) => {
    shown = parameters;
    const id = parameters.get("id") ?? "";
    try {
      const views = id ? [await get(`/campaigns/${id}`)] : (await get("/campaigns")).items;
      if (parameters !== shown) return;
      renew(
        body,
        sheetHead(
          id ? say("One campaign") : say("Campaigns"),
          ...(id ? [link(say("All campaigns"), href("campaigns"))] : []),
        ),
        views.length
          ? views.map((view) => card(view, Boolean(id)))
          : el("p", {
              class: "hint",
              text: say("When several comments say much the same, they appear here together."),
            }),
      );
    } catch (problem) {
      renew(
        body,
        sheetHead(say("Campaigns"), link(say("All campaigns"), href("campaigns"))),
        el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }),
      );
    }
  };
  /**
   * @param {Api.CampaignView} view
   * @param {boolean} whole
   */
  const card = (view, whole) => {
    const latest = view.members.at(-1);
    const comment = (/** @type {string} */ id) => href("queue", { id });
    return el(
      "section",
      { class: "card campaign-card", "aria-label": say("{count} near-duplicates", { count: view.size }) },
      el(
        "h2",
        {},
        say("{count} near-duplicates", { count: view.size }),
        el("span", { class: "meta", text: say("on {count} sites", { count: view.sites }) }),
        el("span", { class: "meta" }, phrase("the last one {time}", { time: el("time", agoOptions(view.last_at)) })),
      ),
      el("p", { class: "meta", text: standing(view) }),
      whole
        ? smallRows([...view.members].reverse(), { href: (_, id = "") => comment(id) })
        : latest
          ? el(
              "p",
              { class: "campaign-words", dir: "auto" },
              latest.text_kept ? excerptView(latest) : say("The text is no longer kept."),
            )
          : null,
      whole && view.members.length < view.size
        ? el("p", { class: "hint", text: say("The latest {count} that you may see.", { count: view.members.length }) })
        : null,
      el(
        "p",
        { class: "row-of" },
        el(
          "button",
          {
            type: "button",
            class: view.held ? "primary" : "quiet",
            on: { click: () => bulk.decideCampaign(view) },
          },
          say("Decide all…"),
        ),
        whole ? null : link(say("Show them"), href("campaigns", { id: view.id })),
      ),
    );
  };
  const ends = [
    handle({ undo: () => decisions.undo() }),
    listen({
      hear: ({ name, data }) => {
        if (name === "bulk") bulk.progress(data);
        if (name === "bulk" && ["done", "undone"].includes(data.state)) show(shown);
      },
      state: (on, again) => {
        live(on);
        if (again) show(shown);
      },
    }),
  ];
  return { node: body, show, close: () => ends.forEach((end) => end()) };
}

/**
 * @param {string} text
 * @param {string} address
 */
const link = (text, address) => el("a", { class: "link", href: address }, text);
