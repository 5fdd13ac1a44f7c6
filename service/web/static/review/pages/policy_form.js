// A policy as a form: mode, thresholds, rules, lists. Writes into the draft it is given. For `policy`.

import { field } from "../lib/dialogs.js";
import { el, icon, put } from "../lib/dom.js";
import { labelName } from "../lib/labels.js";
import { heard, phrase, say, within } from "../lib/language.js";
import { houseRulesSection } from "./policy_house_rules.js";

/** @import { Picture } from "../lib/dom.js" */

/**
 * @typedef {"rules" | "lists"} Kind
 * @typedef {Record<string, unknown>} Measure A rule or a list, as it is being written
 */

/** @type {[value: string, name: string][]} */
const MODES = [
  ["by-score", say("By score: the thresholds below decide")],
  ["hold-everything", say("Hold everything for a moderator")],
  ["hold-new-authors", say("Hold new authors until some of theirs are approved")],
  ["approve-first", say("Publish first, review later what would be held")],
];
/** @type {[value: string, name: string][]} */
const PRESETS = [
  ["quiet", say("Quiet: asks moderators less")],
  ["balanced", say("Balanced")],
  ["strict", say("Strict: misses less")],
];
/** @type {[value: string, name: string][]} */
const OUTCOMES = [
  ["approve", say("Approve")],
  ["hold", say("Hold")],
  ["reject", say("Reject")],
];
/** @type {[value: string, name: string][]} */
const THEN = [
  ["hold", say("Hold")],
  ["reject", say("Reject")],
  ["discard", say("Reject as blatant")],
  ["approve", say("Approve")],
  ["tag", say("Only tag")],
];
/** @type {[value: string, name: string][]} */
const STATUS = [
  ["live", say("Live")],
  ["shadow", say("Shadow (only noted)")],
  ["draft", say("Draft (off)")],
];
/** @type {["hold" | "reject" | "discard", string][]} */
const STEPS = [
  ["hold", say("Hold from")],
  ["reject", say("Reject from")],
  ["discard", say("Discard from")],
];
/** @type {[value: string, name: string][]} */
const KINDS = [
  ["words", say("Words and phrases")],
  ["domains", say("Domains")],
];

/** The form. `view` has the thresholds that apply by default; `fixed`: only to be read; `changed` is called after each change. */
export class PolicyForm {
  /**
   * @param {Api.Policy} draft
   * @param {{ view: Api.PolicyView, fixed: boolean, changed: () => void }} options
   */
  constructor(draft, { view, fixed, changed }) {
    this.draft = draft;
    this.view = view;
    this.changed = changed;
    draft.preset ??= "balanced";
    draft.rules ??= [];
    draft.lists ??= [];
    this.measures = { rules: el("div", { class: "measures" }), lists: el("div", { class: "measures" }) };
    this.node = el(
      "fieldset",
      { class: "policy", disabled: fixed },
      el("legend", { class: "unseen", text: say("The policy") }),
      this.mode(),
      this.thresholds(),
      this.section("rules"),
      this.section("lists"),
      houseRulesSection(draft, () => this.changed()),
    );
    this.node.addEventListener("input", (event) => clear(/** @type {Element} */ (event.target)));
  }

  /**
   * Show mistakes at the fields that their JSON pointers name; those that have none are returned.
   *
   * @param {Api.Mistake[]} mistakes
   */
  mark(mistakes) {
    for (const input of this.node.querySelectorAll("[aria-invalid]")) clear(input);
    const elsewhere = mistakes.filter((mistake, number) => !this.markOne(mistake, number));
    /** @type {HTMLElement | null} */ (this.node.querySelector("[aria-invalid]"))?.focus();
    return elsewhere;
  }

  /**
   * @param {Api.Mistake} mistake
   * @param {number} number
   */
  markOne(mistake, number) {
    const { pointer = "" } = mistake;
    /** @type {NodeListOf<HTMLElement>} */
    const fields = this.node.querySelectorAll("[data-pointer]");
    const at = (/** @type {HTMLElement} */ one) => one.dataset.pointer ?? "";
    const input = [...fields]
      .filter((one) => pointer === at(one) || pointer.startsWith(`${at(one)}/`))
      .sort((a, b) => at(b).length - at(a).length)[0];
    if (!input) return false;
    input.closest("details")?.setAttribute("open", "");
    const wrong = el("p", { class: "wrong", role: "alert", id: `wrong-${number}`, text: mistakeText(mistake) });
    input.setAttribute("aria-invalid", "true");
    if (!input.hasAttribute("aria-errormessage")) input.setAttribute("aria-errormessage", wrong.id);
    (input.closest(".field, td") ?? input).append(wrong);
    return true;
  }

  mode() {
    const release = field(say("Approvals that release an author"), this.number("release_after", 1, 100));
    const show = () => (release.hidden = this.draft.mode !== "hold-new-authors");
    const mode = this.select("mode", MODES, show);
    show();
    /** @type {[value: string, name: string][]} */
    const languages = [...OUTCOMES, ["", say("Trust the scores all the same")]];
    return el(
      "section",
      { class: "card" },
      el("h2", { text: say("How comments are decided") }),
      field(say("Mode"), mode),
      release,
      el(
        "div",
        { class: "fields" },
        field(say("In a language that the model does not know"), this.select("unsupported_language", languages)),
        field(say("When the machine can't say anything"), this.select("on_no_verdict", OUTCOMES)),
      ),
    );
  }

  thresholds() {
    const body = el("tbody");
    const fill = () =>
      put(
        body,
        Object.keys(this.preset()).map((label) => this.steps(label, fill)),
      );
    fill();
    return el(
      "section",
      { class: "card" },
      el("h2", { text: say("Thresholds") }),
      field(say("Preset"), this.select("preset", PRESETS, fill)),
      el("p", { class: "hint", text: say("In percent of probability; an empty field means never.") }),
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": say("Thresholds") },
        el(
          "table",
          { class: "steps" },
          el(
            "thead",
            {},
            el(
              "tr",
              {},
              el("th", { scope: "col", text: say("Score") }),
              STEPS.map(([, name]) => el("th", { scope: "col", text: name })),
              el("th", { scope: "col" }, el("span", { class: "unseen", text: say("Default") })),
            ),
          ),
          body,
        ),
      ),
    );
  }

  /** The thresholds of labels that the draft sets none for. */
  preset() {
    return this.view.presets[this.draft.preset ?? "balanced"] ?? {};
  }

  /**
   * @param {string} label
   * @param {() => void} again
   */
  steps(label, again) {
    const own = this.draft.thresholds?.[label];
    const now = own ?? this.preset()[label];
    const inputs = STEPS.map(([step, name]) => {
      const input = el("input", {
        type: "number",
        min: "0",
        max: "100",
        step: "any",
        "aria-label": say("{label}: {name}, percent", { label: labelName(label), name: within(name) }),
        data: { pointer: `/policy/thresholds/${label}` },
      });
      const share = now[step] ?? null;
      input.value = share === null ? "" : String(Number((share * 100).toFixed(4)));
      input.addEventListener("input", () => {
        const steps = { hold: null, reject: null, discard: null, ...now, ...this.draft.thresholds?.[label] };
        steps[step] = input.value === "" ? null : Number((Number(input.value) / 100).toFixed(6));
        this.draft.thresholds = { ...this.draft.thresholds, [label]: steps };
        warn(steps);
        this.changed();
      });
      return el("td", {}, input);
    });
    const wrong = el("p", { class: "hint warn", role: "status" });
    const warn = (/** @type {Partial<Api.Thresholds>} */ { hold = null, reject = null, discard = null }) => {
      const upside = hold !== null && ((reject !== null && hold > reject) || (discard !== null && hold > discard));
      wrong.textContent = upside
        ? say("Hold stands above reject, so nothing is held for it.")
        : reject !== null && discard !== null && reject > discard
          ? say("Reject stands above discard, so all that is rejected is discarded.")
          : "";
    };
    warn(now);
    const usual = () => {
      const { [label]: _, ...others } = this.draft.thresholds ?? {};
      this.draft.thresholds = others;
      again();
      this.changed();
    };
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, labelName(label), wrong),
      inputs,
      el(
        "td",
        {},
        own
          ? el(
              "button",
              {
                type: "button",
                class: "link",
                "aria-label": say("Use the default for {label}", { label: labelName(label) }),
                on: { click: usual },
              },
              say("Default"),
            )
          : null,
      ),
    );
  }

  /** @param {Kind} kind */
  section(kind) {
    const rules = kind === "rules";
    const add = () => {
      const fresh = rules
        ? { name: "", when: "", then: "hold", status: "shadow" }
        : { name: "", entries: [], then: "hold" };
      this.put(kind, [...this.items(kind), fresh]);
      this.measures[kind].lastElementChild?.querySelector("input")?.focus();
      this.changed();
    };
    this.fill(kind);
    return el(
      "section",
      { class: "card" },
      el("h2", { text: rules ? say("Rules") : say("Lists") }),
      el(
        "p",
        { class: "hint" },
        rules
          ? phrase("In this order; the first that holds decides. Example of a condition: {condition}", {
              condition: el("code", { text: "links >= 3 and author_vouched == 0" }),
            })
          : say("Whole words; * stands for any letters. Lists are asked before rules."),
      ),
      this.measures[kind],
      el(
        "button",
        { type: "button", class: "quiet", on: { click: add } },
        rules ? say("Add a rule") : say("Add a list"),
      ),
    );
  }

  /**
   * The rules or the lists of the draft.
   *
   * @param {Kind} kind
   */
  items(kind) {
    return /** @type {Measure[]} */ (/** @type {unknown} */ (this.draft[kind] ?? []));
  }

  /**
   * Have others instead.
   *
   * @param {Kind} kind
   * @param {Measure[]} items
   */
  put(kind, items) {
    Object.assign(this.draft, { [kind]: items });
    this.fill(kind);
  }

  /** @param {Kind} kind */
  fill(kind) {
    put(
      this.measures[kind],
      this.items(kind).map((measure, index) => this.measure(kind, measure, index)),
    );
  }

  /**
   * @param {Kind} kind
   * @param {Measure} measure
   * @param {number} index
   */
  measure(kind, measure, index) {
    const at = `/policy/${kind}/${index}`;
    /**
     * @param {string} name
     * @param {Record<string, unknown>} [options]
     */
    const input = (name, options = {}) => {
      /** @type {HTMLTextAreaElement | HTMLInputElement} */
      const node = el(options.rows ? "textarea" : "input", {
        autocomplete: "off",
        spellcheck: "false",
        ...options,
        data: { pointer: `${at}/${name}` },
      });
      const value = measure[name] ?? "";
      node.value = Array.isArray(value) ? value.join(name === "entries" ? "\n" : ", ") : String(value);
      node.addEventListener("input", () => {
        const parts = node.value
          .split(name === "entries" ? /\n/u : /[,\s]+/u)
          .map((part) => part.trim())
          .filter(Boolean);
        this.set(measure, name, ["entries", "tags", "fields"].includes(name) ? parts : node.value.trim());
      });
      return node;
    };
    /**
     * @param {string} name
     * @param {[value: string, name: string][]} choices
     */
    const select = (name, choices) => {
      /** @type {HTMLSelectElement} */
      const node = el(
        "select",
        { data: { pointer: `${at}/${name}` }, on: { change: () => this.set(measure, name, node.value) } },
        choices.map(([value, text]) => new Option(text, value, false, value === (measure[name] ?? choices[0][0]))),
      );
      return node;
    };
    const more = el(
      "details",
      {},
      el("summary", { text: say("More") }),
      el(
        "div",
        { class: "fields" },
        field(say("Reason code"), input("code")),
        field(say("Tags"), input("tags")),
        field(say("Last day (of a rule)"), input("expires", { type: "date" })),
        field(say("Owner"), input("owner")),
        field(say("Note"), input("note")),
      ),
    );
    const own =
      kind === "rules"
        ? field(say("When"), input("when", { rows: "2", class: "code" }))
        : [
            el(
              "div",
              { class: "fields" },
              field(say("Entries are"), select("kind", KINDS)),
              field(say("Fields (empty: text, name and address)"), input("fields")),
            ),
            field(say("Entries, one a line"), input("entries", { rows: "4", class: "code" })),
          ];
    /**
     * @param {number} by
     * @param {string} name
     * @param {Picture} picture
     */
    const move = (by, name, picture) =>
      el(
        "button",
        {
          type: "button",
          class: "plain icon-only",
          "aria-label": say("{action} {name}", { action: name, name: String(measure.name || say("this")) }),
          disabled: by !== 0 && !this.items(kind)[index + by],
          on: { click: () => this.move(kind, index, by) },
        },
        icon(picture),
      );
    return el(
      "div",
      {
        class: "measure",
        role: "group",
        "aria-label": measure.name || (kind === "rules" ? say("New rule") : say("New list")),
      },
      el(
        "div",
        { class: "fields" },
        field(say("Name"), input("name")),
        field(say("Then"), select("then", THEN)),
        field(say("Status"), select("status", STATUS)),
        el(
          "span",
          { class: "moves" },
          move(-1, say("Move up"), "up"),
          move(1, say("Move down"), "down"),
          move(0, say("Remove"), "cross"),
        ),
      ),
      own,
      more,
    );
  }

  /**
   * Put a value in, or take it out where it is what it would be anyway.
   *
   * @param {Measure} measure
   * @param {string} name
   * @param {string | string[]} value
   */
  set(measure, name, value) {
    const empty = value === "" || (Array.isArray(value) && !value.length && name !== "entries");
    if (empty && !["name", "when"].includes(name)) delete measure[name];
    else measure[name] = value;
    this.changed();
  }

  /**
   * @param {Kind} kind
   * @param {number} index
   * @param {number} by
   */
  move(kind, index, by) {
    const items = [...this.items(kind)];
    const [one] = items.splice(index, 1);
    if (by) items.splice(index + by, 0, one);
    this.put(kind, items);
    this.changed();
  }

  /**
   * @param {"mode" | "preset" | "unsupported_language" | "on_no_verdict"} name
   * @param {[value: string, name: string][]} choices
   * @param {() => void} [then]
   */
  select(name, choices, then = () => {}) {
    const node = el(
      "select",
      { data: { pointer: `/policy/${name}` } },
      choices.map(([value, text]) => new Option(text, value, false, value === (this.draft[name] ?? ""))),
    );
    node.addEventListener("change", () => {
      Object.assign(this.draft, { [name]: node.value || null });
      then();
      this.changed();
    });
    return node;
  }

  /**
   * @param {"release_after"} name
   * @param {number} min
   * @param {number} max
   */
  number(name, min, max) {
    const node = el("input", { type: "number", min, max, data: { pointer: `/policy/${name}` } });
    node.value = String(this.draft[name] ?? 1);
    node.addEventListener("input", () => {
      this.draft[name] = Number(node.value);
      this.changed();
    });
    return node;
  }
}

/** @param {Element} input */
function clear(input) {
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-errormessage");
  for (const wrong of (input.closest(".field, td") ?? input.parentElement ?? input).querySelectorAll(".wrong"))
    wrong.remove();
}

/**
 * What is wrong, in the language of the page.
 *
 * @param {Api.Mistake} mistake
 */
export function mistakeText({ detail, said = "", values = {}, line, column }) {
  const mistake = Object.keys(values).length ? say(said, values) : heard(said || detail);
  return line ? say("Line {line}, column {column}: {mistake}", { line, column, mistake }) : mistake;
}
