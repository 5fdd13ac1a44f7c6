// Why the machine said what it said: reasons, scores against the site's thresholds, evidence. For the queue page.
import { send } from "../lib/api.js";
import { el, icon, put, renew } from "../lib/dom.js";
import { keepDraft, keeping } from "../lib/drafts.js";
import { keyHint } from "../lib/keys.js";
import {
  actorName,
  agoOptions,
  byActor,
  doneName,
  isPerson,
  labelName,
  reasonName,
  sentence,
  timeOptions,
  whomName,
  word,
} from "../lib/labels.js";
import { heard, phrase, say, within } from "../lib/language.js";
import { percent, signed } from "../lib/numbers.js";
import { preference } from "../lib/preferences.js";
import { toastProblem } from "../lib/toasts.js";
import { passagesOf } from "../text/highlights.js";
import { calm } from "../text/unicode.js";
import { skeleton } from "./comment.js";
import { erase } from "./erase.js";
import { featureName } from "./features.js";
import { grounds } from "./grounds.js";

/**
 * @import { Tools } from "./author.js"
 * @import { Shown } from "./list_store.js"
 */

/**
 * What a part of an explanation is called. It quotes nothing: the words may be covered.
 *
 * @param {Api.Explanation["parts"][number]} part
 * @param {Api.Explanation["parts"]} meanings of passages that were read apart, which are numbered in the text
 * @param {Map<string, string>} noticed what signals mean, which a site may have learnt to heed
 */
function partName(part, meanings, noticed) {
  if (part.kind === "intercept") return say("Where all begin");
  if (part.kind === "rest") return say("Everything else");
  if (part.kind === "signal") return noticed.get(part.name.split("=")[0]) ?? sentence(part.name);
  if (part.kind !== "meaning") return featureName(part.name);
  return meanings.length
    ? say("What passage {number} means", { number: meanings.indexOf(part) + 1 })
    : say("What it means");
}

const LIKELY = 0.5; // a score without a threshold from which on it is shown

/** The right pane. `explain(label)` marks a label's words; `tools` has what `grounds` and `CommentHistory` need. */
export class Evidence {
  /** @param {{ back: () => void, explain: (label: string) => unknown, tools: Tools }} options */
  constructor({ back, explain, tools }) {
    this.explain = explain;
    this.tools = tools;
    this.id = ""; // of what is shown
    this.history = new CommentHistory(tools);
    this.node = el("aside", { class: "evidence", "aria-label": say("Evidence"), tabindex: "-1" });
    this.back = el(
      "button",
      { type: "button", class: "quiet back", on: { click: back } },
      icon("back"),
      say("Comment"),
    );
  }

  clear() {
    this.id = "";
    put(this.node);
  }

  /**
   * Nothing is known of a comment yet.
   *
   * @param {string} id
   */
  waiting(id) {
    if (this.id === `?${id}`) return;
    this.id = `?${id}`;
    put(this.node, this.back, el("div", { "aria-busy": "true" }, skeleton(3), skeleton(6)));
  }

  /**
   * Show a comment's evidence. In a blind check there is none to be shown.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   * @param {Api.Explanation | null} explanation
   * @param {boolean} blind
   */
  show(row, detail, explanation, blind) {
    if (blind) {
      put(
        this.node,
        this.back,
        el(
          "section",
          {},
          el("h2", { text: say("Blind check") }),
          el("p", {
            class: "hint",
            text: say(
              "Judge this one by the text alone. What the machine said, and where the comment stands, is hidden: your word tells how often the machine is right, and changes nothing about the comment.",
            ),
          }),
        ),
      );
      return;
    }
    const again = this.id === row.id;
    this.id = row.id;
    (again ? renew : put)(
      this.node,
      this.back,
      this.why(row, detail, explanation),
      grounds(row, detail, this.tools),
      this.history.notes(row, detail),
      this.history.changes(row, detail),
      this.tools.may("erase")
        ? el(
            "p",
            { class: "row-of" },
            el(
              "button",
              { type: "button", class: "link", on: { click: () => erase(row, detail) } },
              say("Erase for good…"),
            ),
          )
        : null,
    );
  }

  /**
   * Who or what put it where it stands, with the scores that reached a threshold; those that did not are folded away.
   *
   * @param {Api.Row} row
   * @param {Api.Detail} detail
   * @param {Api.Explanation | null} explanation
   */
  why({ decision }, detail, explanation) {
    const sorted = [...detail.scores].sort((a, b) => b.score - a.score);
    const high = sorted.filter(telling);
    const low = sorted.filter((score) => !telling(score));
    const bars = (/** @type {Api.Score[]} */ scores) =>
      el(
        "ul",
        { class: "scores" },
        scores.map((score) => this.score(score, score.label === explanation?.label)),
      );
    const numbers = preference("numbers");
    return el(
      "section",
      {},
      el("h2", {}, say("Why"), decision ? this.decided(decision) : null),
      decision ? null : el("p", { class: "hint", text: say("Nobody has decided yet.") }),
      high.length ? bars(high) : null,
      decision ? reasons(decision, high) : null,
      decision?.note ? el("p", { class: "note", dir: "auto", text: decision.note }) : null,
      low.length
        ? el(
            "details",
            { open: numbers, data: { name: `scores ${numbers}` } },
            el("summary", {
              text: say("{count} low scores, at most {share}", { count: low.length, share: percent(low[0].score) }),
            }),
            bars(low),
          )
        : null,
      explanation ? this.parts(explanation, detail) : null,
    );
  }

  /** @param {Api.DecisionView} decision */
  decided({ outcome, actor, at }) {
    return el("span", { class: "meta" }, `${word(outcome)} `, this.history.who(actor), " ", el("time", agoOptions(at)));
  }

  /**
   * @param {Api.Score} score
   * @param {boolean} chosen
   */
  score({ label, score, hold, reject, discard }, chosen) {
    const reached =
      reject !== null && score >= reject ? "reaches-reject" : hold !== null && score >= hold ? "reaches-hold" : "";
    const fill = el("span", { class: "fill" });
    fill.style.width = `${score * 100}%`;
    const ticks = [];
    const limits = [];
    for (const [name, at, mark, limit] of limitsOf({ hold, reject, discard })) {
      if (at === null) continue;
      const tick = el("span", {
        class: `tick-${name}`,
        title: mark,
      });
      tick.style.insetInlineStart = `${at * 100}%`;
      ticks.push(tick);
      limits.push(limit);
    }
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: `score ${reached}`,
          "aria-pressed": String(chosen),
          title: limits.join(", ") || say("no threshold"),
          on: { click: () => this.explain(label) },
        },
        el("span", { class: "score-name", text: labelName(label) }),
        el("span", { class: "bar", "aria-hidden": "true" }, fill, ticks),
        el("span", { class: "number", text: percent(score) }),
        el("span", { class: "unseen", text: `; ${limits.join(", ") || say("no threshold")}` }),
      ),
    );
  }

  /**
   * What beside the words moved the score.
   *
   * @param {Api.Explanation} explanation
   * @param {Api.Detail} detail
   */
  parts(explanation, detail) {
    const words = explanation.parts
      .filter((part) => part.kind === "span")
      .reduce((sum, part) => sum + part.contribution, 0);
    const others = explanation.parts
      .filter((part) => part.kind !== "span" && Math.abs(part.contribution) >= 0.05)
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
    const largest = Math.max(Math.abs(words), ...others.map((part) => Math.abs(part.contribution)), 0.01);
    const meanings = passagesOf(explanation);
    const noticed = new Map(detail.signals.map(({ name, meaning }) => [name, heard(meaning).replace(/\.$/u, "")]));
    /**
     * @param {string} name
     * @param {number} value
     */
    const line = (name, value) => {
      const bar = el("span", { class: value < 0 ? "push against" : "push" });
      bar.style.width = `${(Math.abs(value) / largest) * 100}%`;
      return el(
        "li",
        {},
        el("span", { text: name }),
        el("span", { class: "push-bar", "aria-hidden": "true" }, bar),
        el("span", { class: "number", text: signed(value) }),
      );
    };
    return el(
      "details",
      { class: "parts" },
      el("summary", {}, say("What makes up {label}", { label: within(labelName(explanation.label)) })),
      el(
        "ul",
        {},
        line(say("The words"), words),
        others.map((part) => line(partName(part, meanings, noticed), part.contribution)),
      ),
      el("p", {
        class: "hint",
        text: say("These add up to {sum}, which is {share}.", {
          sum: signed(explanation.logit),
          share: percent(explanation.probability),
        }),
      }),
    );
  }
}

/**
 * Whether a score is to be seen at once.
 *
 * @param {Api.Score} score
 */
const telling = ({ score, hold, reject }) => score >= Math.min(hold ?? LIKELY, reject ?? LIKELY);

/**
 * Why it was decided so, but for what a bar says; in full where exact numbers are shown, and where it was told to the author.
 *
 * @param {Api.DecisionView} decision
 * @param {Api.Score[]} shown
 */
function reasons(decision, shown) {
  const full = preference("numbers") || isPerson(decision.actor);
  const lines = decision.reasons
    .filter(
      ({ code, score }) => full || score === undefined || score === null || !shown.some(({ label }) => label === code),
    )
    .map(({ code, rule, text }) =>
      el(
        "li",
        { class: "reason" },
        el(
          "span",
          { class: "reason-name" },
          reasonName(code),
          rule ? el("span", { class: "tag rule", text: rule }) : null,
        ),
        full && text ? el("span", { class: "meta", text: heard(text) }) : null,
      ),
    );
  if (!decision.reasons.length) return el("p", { class: "hint", text: say("No reason was given.") });
  return lines.length ? el("ul", { class: "reasons" }, lines) : null;
}

/**
 * A score's thresholds: which, from where, and how that is said at the mark and in a row.
 *
 * @param {Pick<Api.Score, "hold" | "reject" | "discard">} thresholds
 * @returns {[name: string, at: number | null, mark: string, limit: string][]}
 */
function limitsOf({ hold, reject, discard }) {
  const [held, rejected, discarded] = [hold, reject, discard].map((at) => ({ share: percent(at ?? 0) }));
  return [
    ["hold", hold, say("hold from {share}", held), say("holds from {share}", held)],
    ["reject", reject, say("reject from {share}", rejected), say("rejects from {share}", rejected)],
    ["discard", discard, say("discard from {share}", discarded), say("discards from {share}", discarded)],
  ];
}

// What happened to a comment, and what moderators noted about it. For the evidence pane.

/** @type {Record<string, string>} */
const WHAT = {
  submitted: say("Came in"),
  edited: say("Edited"),
  requeued: say("Judged anew"),
  reported: say("Reported"),
  "text-dropped": say("Text dropped, by age"),
  undone: say("Taken back"),
};

/** Notes and history. Tools: `reload()`. */
class CommentHistory {
  /** @param {Tools} tools */
  constructor(tools) {
    this.tools = tools;
  }

  /**
   * @param {Api.Row} row
   * @param {Api.Detail} detail
   */
  notes(row, detail) {
    const name = `note ${row.id}`;
    const input = keeping(
      name,
      el("textarea", {
        rows: "2",
        maxlength: "1000",
        "aria-label": say("A note for other moderators"),
        placeholder: say("A note for other moderators"),
      }),
    );
    const save = async () => {
      const text = input.value.trim();
      if (!text) return input.focus();
      try {
        await send("POST", `/comments/${row.id}/notes`, { text });
        keepDraft(name, null);
        this.tools.reload();
      } catch (problem) {
        toastProblem(problem);
      }
      return null;
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
      if (event.key === "Escape") input.blur();
    });
    const lines = detail.notes.map((note) =>
      el(
        "li",
        {},
        el("p", { class: "note", dir: "auto", text: note.text }),
        el("p", { class: "meta" }, `${actorName(note.by)} `, el("time", timeOptions(note.at))),
      ),
    );
    return el(
      "section",
      { class: "notes" },
      el("h2", { text: say("Notes") }),
      lines.length ? el("ul", {}, lines) : null,
      el(
        "form",
        { on: { submit: (event) => (event.preventDefault(), save()) } },
        input,
        el("button", { type: "submit", class: "quiet" }, say("Add note"), keyHint("note")),
      ),
    );
  }

  /**
   * Who did it; of a person, a way to what else they decided.
   *
   * @param {string} actor
   */
  who(actor) {
    if (!isPerson(actor)) return byActor(actor);
    const name = actorName(actor);
    const title = say("What {name} decided", { name });
    const href = this.tools.href({ list: "decided", by: actor });
    return phrase("by {name}", { name: el("a", { href, title, text: name }) });
  }

  /**
   * Everything that happened. It is folded away while nobody has had to do with the comment.
   *
   * @param {Api.Row} row
   * @param {Api.Detail} detail
   */
  changes(row, detail) {
    const lines = detail.history.map((change, index) => {
      const decision = change.decision;
      const what = decision
        ? doneName(decision.outcome)
        : change.to
          ? say("Handed to {whom}", { whom: whomName(change.to) })
          : (WHAT[change.what] ?? sentence(change.what));
      const why = decision?.reasons.map((reason) => reasonName(reason.code)).join(", ");
      return el(
        "li",
        { class: `event ${change.state}` },
        el("span", {}, el("b", { text: what }), " ", this.who(change.actor)),
        el("time", timeOptions(change.at)),
        why ? el("span", { class: "meta", text: why }) : null,
        decision?.note ? el("span", { class: "note", dir: "auto", text: decision.note }) : null,
        change.content ? shownText(change.content, index) : null,
      );
    });
    return el(
      "details",
      {
        open: detail.history.some(({ what, actor }) => what !== "submitted" && isPerson(actor)),
        data: { name: "history" },
      },
      el("summary", { text: say("History") }),
      el("ol", { class: "history" }, lines.reverse()),
      el(
        "p",
        { class: "fine" },
        row.model ? `${say("Model {model}", { model: row.model })} · ` : "",
        `${say("revision {revision}", { revision: row.revision })} · `,
        el("code", { text: row.platform_id }),
      ),
    );
  }
}

/**
 * The text that readers were to see from a change on. It may hold what is covered elsewhere: it comes when one asks for it.
 *
 * @param {string} text
 * @param {number} change
 */
function shownText(text, change) {
  return el(
    "details",
    { data: { name: `text of ${change}` } },
    el("summary", { text: say("Show the edited text") }),
    el("span", { class: "note", dir: "auto", text: calm(text) }),
  );
}
