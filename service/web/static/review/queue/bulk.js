// Decides many comments at once: a selection, everything that a filter finds, or a campaign. For the queue page.
import { send } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el, icon, landing, renew } from "../lib/dom.js";
import { keepDraft } from "../lib/drafts.js";
import { keyHint } from "../lib/keys.js";
import { houseRules, reasonName, reasonWords } from "../lib/labels.js";
import { phrase, say } from "../lib/language.js";
import { count } from "../lib/numbers.js";
import { toast, toastProblem } from "../lib/toasts.js";
import { askReason } from "./actions.js";

/**
 * @import { Code } from "../lib/labels.js"
 * @import { Decisions } from "./decisions.js"
 * @import { ListStore } from "./list_store.js"
 */

/** @type {Code[]} */
const CODES = ["spam", "toxicity", "insult", "threat", "identity_attack", "off-topic", "personal-data", "illegal"];
const BEFORE = {
  author: say("Also what this author wrote before?"),
  address: say("Also what this address wrote before?"),
  network: say("Also what this network wrote before?"),
};
const NOTHING = say("Nothing is selected. Select comments with the box on their left.");

/** The bar of what is ticked, and what is done to many comments together. */
export class Bulk {
  /**
   * @param {ListStore} store
   * @param {Decisions} decisions
   * @param {(right: Api.Right) => boolean} may
   * @param {string[]} all the sites that are seen
   */
  constructor(store, decisions, may, all) {
    this.all = all;
    this.store = store;
    this.decisions = decisions;
    this.may = may;
    /** @type {Map<string, () => void>} */
    this.running = new Map(); // a bulk decision -> takes its message away
    /** @type {Set<string>} */
    this.over = new Set();
    this.node = el("div", {
      class: "selection",
      role: "toolbar",
      "aria-label": say("Selected comments"),
      hidden: true,
    });
  }

  /** Show the bar while something is ticked. */
  show() {
    const { ticked, total } = this.store;
    const number = ticked.size;
    landing(() => (this.node.hidden = number === 0));
    renew(
      this.node,
      el(
        "p",
        {},
        el("strong", { text: say("{count} selected", { count: number }) }),
        this.may("bulk") && total !== null && total > number
          ? el(
              "button",
              { type: "button", class: "link", on: { click: () => this.decideQuery() } },
              say("All {count}…", { count: total }),
            )
          : null,
        el(
          "button",
          {
            type: "button",
            class: "plain icon-only",
            "aria-label": say("Clear the selection"),
            on: { click: () => this.store.untick() },
          },
          icon("cross"),
        ),
      ),
      el(
        "button",
        { type: "button", class: "quiet", on: { click: () => this.decideSelected("approve") } },
        say("Approve"),
        keyHint("approveAll"),
      ),
      el(
        "button",
        { type: "button", class: "quiet", on: { click: (event) => this.rejectSelected(event.currentTarget) } },
        say("Reject…"),
        keyHint("rejectAll"),
      ),
      el(
        "button",
        { type: "button", class: "quiet", on: { click: () => this.decideSelected("reject", ["spam"]) } },
        say("Spam"),
        keyHint("spamAll"),
      ),
    );
  }

  /** @param {HTMLElement | null} button */
  async rejectSelected(button) {
    if (!this.store.ticked.size) return toast(NOTHING);
    const name = "rejection of the selection";
    const title = say("Reject {count} because of", { count: this.store.ticked.size });
    const reason = await askReason(button, this.sites(), title, name);
    if (reason && (await this.decideSelected("reject", [reason.value], reason.note))) keepDraft(name, null);
    return null;
  }

  /** Those that the selected comments are of. */
  sites() {
    return [...new Set([...this.store.ticked].map((id) => this.store.find(id)?.site ?? ""))];
  }

  /**
   * @param {Api.Outcome} outcome
   * @param {Code[]} [reasons]
   * @param {string} [note]
   */
  async decideSelected(outcome, reasons = [], note = "") {
    if (!this.store.ticked.size) {
      toast(NOTHING);
      return false;
    }
    const ids = [...this.store.ticked];
    const seen = Object.fromEntries(ids.map((id) => [id, this.store.find(id)?.revision ?? 0]));
    return this.run({ ids, seen }, { outcome, reasons, note });
  }

  /** Everything that the filters find. */
  async decideQuery() {
    const choice = await askAction(
      say("Decide all that match"),
      say("Everything that the list and its filters find, also what is not loaded here. The count comes next."),
      this.store.filters.site ? [this.store.filters.site] : this.all,
    );
    return choice && this.run({ query: this.store.filters }, choice);
  }

  /**
   * A campaign's near-duplicates, as one.
   *
   * @param {Api.CampaignView} campaign
   */
  async decideCampaign(campaign) {
    const choice = await askAction(
      say("Decide all near-duplicates"),
      say(
        "What waits of this campaign on the sites that you moderate, and what the machine alone decided otherwise. The count comes next.",
      ),
      this.all,
    );
    return choice && this.run({ campaign: campaign.id }, choice);
  }

  /**
   * Somebody was blocked: what is there of them already, counted, to be rejected or left.
   *
   * @param {Api.Row} row a comment of theirs
   * @param {"author" | "address" | "network"} whom
   */
  async cleanUp(row, whom) {
    const reason = reasonField([row.site]);
    try {
      /** @param {boolean} published */
      const counted = async (published) => {
        const same = { comment: row.id, whom, published };
        const action = /** @type {Api.BulkAction} */ ({ outcome: "reject", reasons: ["spam"] });
        return /** @type {Api.BulkPlan} */ (await send("POST", "/bulk", { same, action })).count;
      };
      const waiting = await counted(false);
      const all = await counted(true);
      if (!all) return null;
      const published = all - waiting;
      const there = [
        waiting ? say("{count} comments to review", { count: waiting }) : "",
        published ? say("{count} published", { count: published }) : "",
      ];
      const chosen = await ask(
        BEFORE[whom],
        [
          el("p", { text: say("On {site}: {there}.", { site: row.site, there: there.filter(Boolean).join(", ") }) }),
          field(say("Reason"), reason),
        ],
        [
          [say("Leave them"), "quiet", "leave"],
          ...(published
            ? [/** @type {[string, string, string]} */ ([say("Reject all {count}", { count: all }), "bad", "all"])]
            : []),
          ...(waiting
            ? [
                /** @type {[string, string, string]} */ ([
                  say("Reject the {count} to review", { count: waiting }),
                  "bad",
                  "waiting",
                ]),
              ]
            : []),
        ],
      );
      if (chosen !== "all" && chosen !== "waiting") return null;
      const same = { comment: row.id, whom, published: chosen === "all" };
      return this.run({ same }, { outcome: "reject", reasons: [reason.value], note: "" });
    } catch (problem) {
      toastProblem(problem);
    }
    return null;
  }

  /**
   * Ask what it would do, have it confirmed when it is much, and do it. Resolves to whether it was begun.
   *
   * @param {{ ids?: string[], seen?: Record<string, number>, query?: Api.Query, campaign?: string, same?: Api.Same }} which
   * @param {Api.BulkAction} action
   */
  async run(which, action) {
    try {
      const plan = /** @type {Api.BulkPlan} */ (await send("POST", "/bulk", { ...which, action }));
      if (!plan.count) {
        toast(say("There is nothing left to decide."));
        return false;
      }
      if (plan.confirm && !(await confirmed(plan, action))) return false;
      const yes = { token: plan.token, ...(plan.confirm ? { confirm: plan.count } : {}) };
      const started = await this.decisions.sent(this.begin(yes));
      if (!this.over.has(started.id)) this.progress(started); // the stream may have told its end before this answer came
      for (const id of which.ids ?? []) this.store.take(id);
      this.store.untick();
      return true;
    } catch (problem) {
      toastProblem(problem);
      return false;
    }
  }

  /** @param {Api.BulkInput} yes */
  async begin(yes) {
    const started = /** @type {Api.BulkView} */ (await send("POST", "/bulk", yes));
    this.decisions.remember({ bulk: started.id });
    return started;
  }

  /**
   * How far a bulk decision is: told by the live stream.
   *
   * @param {Api.BulkView} view
   */
  progress(view) {
    this.running.get(view.id)?.();
    this.running.delete(view.id);
    if (view.state === "running") {
      this.running.set(
        view.id,
        toast(say("{done} of {count} comments decided…", { done: view.done, count: view.count }), {
          until: Date.now() + 600_000,
        }),
      );
      return;
    }
    this.over.add(view.id);
    if (view.state === "undoing") return;
    const skipped = view.skipped
      ? ` ${say("{count} were left alone, because somebody changed them meanwhile.", { count: view.skipped })}`
      : "";
    const done = { count: view.done - view.skipped };
    if (view.state === "undone") toast(say("{count} decisions taken back.", { count: view.undone }), { kind: "good" });
    else
      toast(
        (view.action.outcome === "approve"
          ? say("Approved {count} comments.", done)
          : say("Rejected {count} comments.", done)) + skipped,
        {
          until: Math.max(Date.parse(view.undo_until), Date.now() + 3_000),
          action: [say("Undo all"), () => this.decisions.undoBulk(view.id), keyHint("undo")],
        },
      );
  }
}

/**
 * @param {Api.BulkPlan} plan
 * @param {Api.BulkAction} action
 */
async function confirmed(plan, action) {
  const typed = el("input", { type: "text", inputmode: "numeric", autocomplete: "off", autofocus: true });
  const sites = Object.entries(plan.sites).map(([site, number]) =>
    el("li", {}, el("span", { text: site }), el("span", { class: "count", text: count(number) })),
  );
  const approve = action.outcome === "approve";
  const values = {
    comments: el("strong", { text: say("{count} comments", { count: plan.count }) }),
    reasons: reasonWords(action.reasons ?? []),
  };
  const content = [
    el(
      "p",
      {},
      approve
        ? phrase("This approves {comments}.", values)
        : values.reasons
          ? phrase("This rejects {comments} as {reasons}.", values)
          : phrase("This rejects {comments}.", values),
    ),
    el("ul", { class: "figures" }, sites),
    field(say("Type {count} to go on", { count: plan.count }), typed),
  ];
  const check = () =>
    typed.value.replaceAll(/[\s,.]/gu, "") === String(plan.count)
      ? ""
      : say("That is not {count}.", { count: plan.count });
  return ask(
    approve
      ? say("Approve {count} comments?", { count: plan.count })
      : say("Reject {count} comments?", { count: plan.count }),
    content,
    [
      approve
        ? [say("Approve {count}", { count: plan.count }), "primary", "yes"]
        : [say("Reject {count}", { count: plan.count }), "bad", "yes"],
    ],
    { check },
  );
}

/**
 * A choice of the reason.
 *
 * @param {string[]} sites
 */
function reasonField(sites) {
  const codes = [...houseRules(sites).map(({ code }) => code), ...CODES];
  /** @type {HTMLSelectElement} */
  const node = el(
    "select",
    {},
    codes.map((code) => new Option(reasonName(code), code, false, code === "spam")),
  );
  return node;
}

/**
 * @param {string} title
 * @param {string} text
 * @param {string[]} sites whose comments they may be
 * @returns {Promise<Api.BulkAction | null>}
 */
async function askAction(title, text, sites) {
  const reason = reasonField(sites);
  const outcome = await ask(
    title,
    [el("p", { text }), field(say("Reason, when they are rejected"), reason)],
    [
      [say("Reject all"), "bad", "reject"],
      [say("Approve all"), "primary", "approve"],
    ],
  );
  if (outcome === "approve") return { outcome, reasons: [], note: "" };
  return outcome === "reject" ? { outcome, reasons: [reason.value], note: "" } : null;
}
