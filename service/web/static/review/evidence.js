// Why the machine said what it said: reasons, scores against the site's thresholds, evidence. For the queue page.

import { Past } from "./past.js";
import { el, icon, put, renew } from "./dom.js";
import { people } from "./people.js";
import { actorName, count, doneName, labelName, percent, reasonName, sentence, signed, timeOptions } from "./words.js";

const FEW_SIGNALS = 6;

/** The right pane. `explain(label)` marks a label's words; `tools` has what `people` and `past` need. */
export class Evidence {
  constructor({ back, explain, tools }) {
    Object.assign(this, { explain, tools });
    this.past = new Past(tools);
    this.node = el("aside", { class: "evidence", "aria-label": "Evidence", tabindex: "-1" });
    this.back = el("button", { type: "button", class: "quiet back", on: { click: back } }, icon("back"), "Comment");
  }

  clear() {
    put(this.node);
  }

  /** Show a comment's evidence. In a blind check there is none to be shown. */
  show(row, detail, explanation, blind) {
    if (blind) {
      put(this.node, this.back, el("section", {}, el("h2", { text: "Blind check" }), el("p", { class: "hint", text: "Judge this one by the text alone. What the machine said, and where the comment stands, is hidden: your word tells how often the machine is right, and changes nothing about the comment." })), people(row, detail, this.tools));
      return;
    }
    const again = this.id === row.id;
    this.id = row.id;
    (again ? renew : put)(
      this.node,
      this.back,
      this.reasons(row),
      detail.scores.length ? this.scores(detail, explanation) : null,
      explanation ? this.parts(explanation) : null,
      detail.signals.length || detail.flags.length ? signals(detail) : null,
      people(row, detail, this.tools),
      this.past.notes(row, detail),
      this.past.history(detail),
      el("p", { class: "fine" }, row.model ? `Model ${row.model} · ` : "", `revision ${row.revision} · `, el("code", { text: row.platform_id })),
    );
  }

  reasons(row) {
    const decision = row.decision;
    if (!decision) return el("section", {}, el("h2", { text: "Why" }), el("p", { class: "hint", text: "Nobody has decided yet." }));
    const lines = decision.reasons.map((reason) =>
      el(
        "li",
        { class: "reason" },
        el("span", { class: "reason-name" }, reasonName(reason.code), reason.rule ? el("span", { class: "tag rule", text: reason.rule }) : null),
        reason.score !== undefined && reason.score !== null ? el("span", { class: "number", text: percent(reason.score) }) : null,
        reason.text ? el("span", { class: "meta", text: reason.text }) : null,
      ),
    );
    return el("section", {}, el("h2", {}, "Why", el("span", { class: "meta" }, `${doneName(decision.outcome).toLowerCase()} by ${actorName(decision.actor)} `, el("time", timeOptions(decision.at)))), lines.length ? el("ul", { class: "reasons" }, lines) : el("p", { class: "hint", text: "No reason was given." }), decision.note ? el("p", { class: "note", dir: "auto", text: decision.note }) : null);
  }

  scores(detail, explanation) {
    const bars = [...detail.scores].sort((a, b) => b.score - a.score).map((score) => this.score(score, score.label === explanation?.label));
    return el("section", {}, el("h2", {}, "Scores", el("span", { class: "meta", text: "choose one to mark its words" })), el("ul", { class: "scores" }, bars));
  }

  score({ label, score, hold, reject, discard }, chosen) {
    const reached = reject !== null && score >= reject ? "reaches-reject" : hold !== null && score >= hold ? "reaches-hold" : "";
    const fill = el("span", { class: "fill" });
    fill.style.width = `${score * 100}%`;
    const ticks = [["hold", hold], ["reject", reject], ["discard", discard]].filter(([, at]) => at !== null).map(([name, at]) => {
      const tick = el("span", { class: `tick-${name}`, title: `${name} from ${percent(at)}` });
      tick.style.left = `${at * 100}%`;
      return tick;
    });
    const limits = [["holds", hold], ["rejects", reject], ["discards", discard]].filter(([, at]) => at !== null).map(([name, at]) => `${name} from ${percent(at)}`);
    return el("li", {}, el("button", { type: "button", class: `score ${reached}`, "aria-pressed": String(chosen), title: limits.join(", ") || "no threshold", on: { click: () => this.explain(label) } }, el("span", { class: "score-name", text: labelName(label) }), el("span", { class: "bar", "aria-hidden": "true" }, fill, ticks), el("span", { class: "number", text: percent(score) }), el("span", { class: "unseen", text: `; ${limits.join(", ") || "no threshold"}` })));
  }

  /** What beside the words moved the score. */
  parts(explanation) {
    const words = explanation.parts.filter((part) => part.kind === "span").reduce((sum, part) => sum + part.contribution, 0);
    const others = explanation.parts.filter((part) => part.kind !== "span" && Math.abs(part.contribution) >= 0.05).sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
    const largest = Math.max(Math.abs(words), ...others.map((part) => Math.abs(part.contribution)), 0.01);
    const line = (name, value) => {
      const bar = el("span", { class: value < 0 ? "push against" : "push" });
      bar.style.width = `${(Math.abs(value) / largest) * 100}%`;
      return el("li", {}, el("span", { text: name }), el("span", { class: "push-bar", "aria-hidden": "true" }, bar), el("span", { class: "number", text: signed(value) }));
    };
    return el("details", { class: "parts" }, el("summary", {}, `What makes up ${labelName(explanation.label).toLowerCase()}`), el("ul", {}, line("The words", words), others.map((part) => line(part.kind === "intercept" ? "Where all begin" : sentence(part.name), part.contribution))), el("p", { class: "hint", text: `These add up to ${signed(explanation.logit)}, which is ${percent(explanation.probability)}.` }));
  }
}

function signals(detail) {
  const raised = detail.signals.filter((signal) => signal.raised);
  const others = detail.signals.filter((signal) => !signal.raised && signal.name !== "campaign"); // that has a section of its own
  const lines = [...raised, ...others].map((signal) => el("li", { class: signal.raised ? "signal raised" : "signal" }, el("span", { text: signal.meaning.replace(/\.$/u, "") }), signal.raised ? null : el("span", { class: "number", text: valueOf(signal) })));
  const flags = detail.flags.map((flag) => el("li", { class: "signal raised" }, el("span", { text: sentence(flag) })));
  const all = [...flags, ...lines];
  const list = el("ul", { class: "signals" }, all.slice(0, FEW_SIGNALS));
  const rest = all.slice(FEW_SIGNALS);
  const more = rest.length ? el("button", { type: "button", class: "link", on: { click: () => (list.append(...rest), more.remove()) } }, `${rest.length} more`) : null;
  return el("section", {}, el("h2", { text: "Evidence beyond the text" }), list, more);
}

/** A value by itself: the meaning beside it says the unit. */
function valueOf({ value }) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? count(value) : value.toFixed(1);
}
