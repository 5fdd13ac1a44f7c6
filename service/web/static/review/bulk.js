// Decides many comments at once: a selection, everything that a filter finds, or a campaign. For the queue page.

import { send } from "./api.js";
import { ask, field } from "./dialogs.js";
import { el, icon, put } from "./dom.js";
import { keyHint } from "./keys.js";
import { askReason } from "./menus.js";
import { toast, toastProblem } from "./toasts.js";
import { count, doneName, plural, reasonName } from "./words.js";

/** Which comments are selected, and what is done to them together. */
export class Bulk {
  constructor(listing, deciding, { changed, may }) {
    Object.assign(this, { listing, deciding, changed, may, selected: new Set(), last: -1, running: new Map(), over: new Set() });
    this.node = el("div", { class: "selection", role: "toolbar", "aria-label": "Selected comments", hidden: true });
  }

  /** Tick or untick a row; with `through`, all rows since the last one. */
  tick(index, through = false) {
    const { items } = this.listing;
    const on = !this.selected.has(items[index].id);
    const from = through && this.last >= 0 ? Math.min(this.last, index) : index;
    const to = through && this.last >= 0 ? Math.max(this.last, index) : index;
    for (let at = from; at <= to; at += 1) on ? this.selected.add(items[at].id) : this.selected.delete(items[at].id);
    this.last = index;
    this.show();
  }

  clear() {
    this.selected.clear();
    this.last = -1;
    this.show();
  }

  /** Show the bar while something is selected. */
  show() {
    const number = this.selected.size;
    this.node.hidden = number === 0;
    put(
      this.node,
      el("p", {},
        el("strong", { text: `${count(number)} selected` }),
        this.may("bulk") && this.listing.total > number ? el("button", { type: "button", class: "link", on: { click: () => this.decideQuery() } }, `All ${count(this.listing.total)}…`) : null,
        el("button", { type: "button", class: "plain icon-only", "aria-label": "Clear the selection", on: { click: () => this.clear() } }, icon("cross"))),
      el("button", { type: "button", class: "quiet", on: { click: () => this.decideSelected("approve") } }, "Approve", keyHint("approveAll")),
      el("button", { type: "button", class: "quiet", on: { click: (event) => this.rejectSelected(event.currentTarget) } }, "Reject…", keyHint("rejectAll")),
      el("button", { type: "button", class: "quiet", on: { click: () => this.decideSelected("reject", ["spam"]) } }, "Spam", keyHint("spamAll")),
    );
    this.changed();
  }

  async rejectSelected(button) {
    if (!this.selected.size) return toast("Nothing is selected. Select comments with the box on their left.");
    const reason = await askReason(button, `Reject ${count(this.selected.size)} because of`);
    return reason && this.decideSelected("reject", [reason.value], reason.note);
  }

  decideSelected(outcome, reasons = [], note = "") {
    if (!this.selected.size) return toast("Nothing is selected. Select comments with the box on their left.");
    return this.run({ ids: [...this.selected] }, { outcome, reasons, note });
  }

  /** Everything that the filters find. */
  async decideQuery() {
    const choice = await askAction("Decide all that match", "Everything that the list and its filters find, also what is not loaded here. The count comes next.");
    return choice && this.run({ query: this.listing.filters }, choice);
  }

  /** A campaign's near-duplicates, as one. */
  async decideCampaign(campaign) {
    const choice = await askAction("Decide all near-duplicates", "What waits of this campaign on the sites that you moderate, and what the machine alone decided otherwise. The count comes next.");
    return choice && this.run({ campaign: campaign.id }, choice);
  }

  /** Ask what it would do, have it confirmed when it is much, and do it. */
  async run(which, action) {
    try {
      const plan = await send("POST", "/bulk", { ...which, action });
      if (!plan.count) return toast("There is nothing left to decide.");
      const what = action.outcome === "reject" ? "Reject" : "Approve";
      if (plan.confirm && !(await confirmed(plan, what, action))) return null;
      const started = await send("POST", "/bulk", { token: plan.token, ...(plan.confirm ? { confirm: plan.count } : {}) });
      this.deciding.remember({ bulk: started.id, row: {}, until: Date.parse(started.undo_until) });
      if (!this.over.has(started.id)) this.progress(started); // the stream may have told its end before this answer came
      for (const id of which.ids ?? []) this.listing.take(id);
      this.clear();
    } catch (problem) {
      toastProblem(problem);
    }
    return null;
  }

  /** How far a bulk decision is: told by the live stream. */
  progress(view) {
    this.running.get(view.id)?.();
    this.running.delete(view.id);
    if (view.state === "running") {
      this.running.set(view.id, toast(`${count(view.done)} of ${plural(view.count, "comment")} decided…`, { until: Date.now() + 600_000 }));
      return;
    }
    this.over.add(view.id);
    if (view.state === "undoing") return;
    const skipped = view.skipped ? ` ${count(view.skipped)} were left alone, because somebody changed them meanwhile.` : "";
    if (view.state === "undone") toast(`${plural(view.undone, "decision")} taken back.`, { kind: "good" });
    else toast(`${doneName(view.action.outcome)} ${plural(view.done - view.skipped, "comment")}.${skipped}`, { until: Math.max(Date.parse(view.undo_until), Date.now() + 3_000), action: ["Undo all", () => this.deciding.undo(), keyHint("undo")] });
  }
}

async function confirmed(plan, what, action) {
  const typed = el("input", { type: "text", inputmode: "numeric", autocomplete: "off", autofocus: true });
  const sites = Object.entries(plan.sites).map(([site, number]) => el("li", {}, el("span", { text: site }), el("span", { class: "count", text: count(number) })));
  const reasons = action.reasons?.length ? ` as ${action.reasons.map((code) => reasonName(code).toLowerCase()).join(", ")}` : "";
  const content = [
    el("p", {}, `This ${what.toLowerCase()}s `, el("strong", { text: plural(plan.count, "comment") }), `${reasons}.`),
    el("ul", { class: "figures" }, sites),
    field(`Type ${plan.count} to go on`, typed),
  ];
  const check = () => (typed.value.replaceAll(/[\s,.]/gu, "") === String(plan.count) ? "" : `That is not ${plan.count}.`);
  return ask(`${what} ${plural(plan.count, "comment")}?`, content, [[`${what} ${count(plan.count)}`, action.outcome === "reject" ? "bad" : "primary", "yes"]], { check });
}

async function askAction(title, text) {
  const reason = el("select", {}, [new Option("Spam", "spam"), ...["toxicity", "insult", "threat", "identity_attack", "off-topic", "personal-data", "illegal"].map((code) => new Option(reasonName(code), code))]);
  const outcome = await ask(title, [el("p", { text }), field("Reason, when they are rejected", reason)], [["Reject all", "bad", "reject"], ["Approve all", "primary", "approve"]]);
  return outcome && { outcome, reasons: outcome === "reject" ? [reason.value] : [], note: "" };
}
