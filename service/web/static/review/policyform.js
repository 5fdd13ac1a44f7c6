// A policy as a form: mode, thresholds, rules, lists. Writes into the draft it is given. For `policy.js`.

import { el, icon, put } from "./dom.js";
import { field } from "./dialogs.js";
import { labelName } from "./words.js";

const MODES = [
  ["by-score", "By score: the thresholds below decide"],
  ["hold-everything", "Hold everything for a moderator"],
  ["hold-new-authors", "Hold new authors until some of theirs are approved"],
  ["approve-first", "Publish first, review later what would be held"],
];
const OUTCOMES = [["approve", "Approve"], ["hold", "Hold"], ["reject", "Reject"]];
const THEN = [["hold", "Hold"], ["reject", "Reject"], ["discard", "Reject as blatant"], ["approve", "Approve"], ["tag", "Only tag"]];
const STATUS = [["live", "Live"], ["shadow", "Shadow (only noted)"], ["draft", "Draft (off)"]];
const STEPS = [["hold", "Hold from"], ["reject", "Reject from"], ["discard", "Discard from"]];
const KINDS = [["words", "Words and phrases"], ["domains", "Domains"]];

/** The form. `view` has the thresholds that apply by default; `fixed`: only to be read; `changed` is called after each change. */
export class PolicyForm {
  constructor(draft, { view, fixed, changed }) {
    Object.assign(this, { draft, view, changed });
    this.draft.rules ??= [];
    this.draft.lists ??= [];
    this.measures = { rules: el("div", { class: "measures" }), lists: el("div", { class: "measures" }) };
    this.node = el("fieldset", { class: "policy", disabled: fixed }, el("legend", { class: "unseen", text: "The policy" }), this.mode(), this.thresholds(), this.section("rules"), this.section("lists"));
    this.node.addEventListener("input", (event) => clear(event.target));
  }

  /** Show mistakes at the fields that their JSON pointers name; those that have none are returned. */
  mark(mistakes) {
    for (const input of this.node.querySelectorAll("[aria-invalid]")) clear(input);
    const elsewhere = mistakes.filter(({ detail, pointer = "" }, number) => !this.markOne(pointer, detail, number));
    this.node.querySelector("[aria-invalid]")?.focus();
    return elsewhere;
  }

  markOne(pointer, message, number) {
    const fields = [...this.node.querySelectorAll("[data-pointer]")];
    const input = fields.filter((one) => pointer === one.dataset.pointer || pointer.startsWith(`${one.dataset.pointer}/`)).sort((a, b) => b.dataset.pointer.length - a.dataset.pointer.length)[0];
    if (!input) return false;
    input.closest("details")?.setAttribute("open", "");
    const wrong = el("p", { class: "wrong", role: "alert", id: `wrong-${number}`, text: message });
    input.setAttribute("aria-invalid", "true");
    if (!input.hasAttribute("aria-errormessage")) input.setAttribute("aria-errormessage", wrong.id);
    (input.closest(".field, td") ?? input).append(wrong);
    return true;
  }

  mode() {
    const release = field("Approvals that release an author", this.number("release_after", 1, 100));
    const show = () => (release.hidden = this.draft.mode !== "hold-new-authors");
    const mode = this.select("mode", MODES, show);
    show();
    const languages = [...OUTCOMES, ["", "Trust the scores all the same"]];
    return el(
      "section",
      { class: "card" },
      el("h2", { text: "How comments are decided" }),
      field("Mode", mode),
      release,
      el("div", { class: "fields" }, field("In a language that the model does not know", this.select("unsupported_language", languages)), field("When the machine can't say anything", this.select("on_no_verdict", OUTCOMES))),
    );
  }

  thresholds() {
    const body = el("tbody");
    const fill = () => put(body, Object.keys(this.view.effective).map((label) => this.steps(label, fill)));
    fill();
    return el("section", { class: "card" }, el("h2", { text: "Thresholds" }), el("p", { class: "hint", text: "In percent of probability; an empty field means never." }), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Thresholds" }, el("table", { class: "steps" }, el("thead", {}, el("tr", {}, el("th", { scope: "col", text: "Score" }), STEPS.map(([, name]) => el("th", { scope: "col", text: name })), el("th", { scope: "col" }, el("span", { class: "unseen", text: "Default" })))), body)));
  }

  steps(label, again) {
    const own = this.draft.thresholds?.[label];
    const now = own ?? this.view.effective[label];
    const inputs = STEPS.map(([step, name]) => {
      const input = el("input", { type: "number", min: "0", max: "100", step: "any", "aria-label": `${labelName(label)}: ${name.toLowerCase()}, percent`, data: { pointer: `/policy/thresholds/${label}` } });
      input.value = now[step] === null || now[step] === undefined ? "" : String(Number((now[step] * 100).toFixed(4)));
      input.addEventListener("change", () => {
        const steps = { hold: null, reject: null, discard: null, ...now, ...this.draft.thresholds?.[label] };
        steps[step] = input.value === "" ? null : Number((Number(input.value) / 100).toFixed(6));
        this.draft.thresholds = { ...this.draft.thresholds, [label]: steps };
        this.changed();
      });
      return el("td", {}, input);
    });
    const usual = () => {
      const { [label]: _, ...others } = this.draft.thresholds;
      this.draft.thresholds = others;
      again();
      this.changed();
    };
    return el("tr", {}, el("th", { scope: "row", text: labelName(label) }), inputs, el("td", {}, own ? el("button", { type: "button", class: "link", "aria-label": `Use the default for ${labelName(label)}`, on: { click: usual } }, "Default") : null));
  }

  section(kind) {
    const rules = kind === "rules";
    const add = () => {
      const fresh = rules ? { name: "", when: "", then: "hold", status: "shadow" } : { name: "", entries: [], then: "hold" };
      this.draft[kind] = [...this.draft[kind], fresh];
      this.fill(kind);
      this.measures[kind].lastElementChild.querySelector("input").focus();
      this.changed();
    };
    this.fill(kind);
    return el(
      "section",
      { class: "card" },
      el("h2", { text: rules ? "Rules" : "Lists" }),
      el("p", { class: "hint", text: rules ? "In this order; the first that holds decides. Example of a condition: links >= 3 and author_vouched == 0" : "Whole words; * stands for any letters. Lists are asked before rules." }),
      this.measures[kind],
      el("button", { type: "button", class: "quiet", on: { click: add } }, rules ? "Add a rule" : "Add a list"),
    );
  }

  fill(kind) {
    put(this.measures[kind], this.draft[kind].map((measure, index) => this.measure(kind, measure, index)));
  }

  measure(kind, measure, index) {
    const at = `/policy/${kind}/${index}`;
    const input = (name, options = {}) => {
      const node = el(options.rows ? "textarea" : "input", { autocomplete: "off", spellcheck: "false", ...options, data: { pointer: `${at}/${name}` } });
      node.value = Array.isArray(measure[name]) ? measure[name].join(name === "entries" ? "\n" : ", ") : (measure[name] ?? "");
      node.addEventListener("change", () => {
        const parts = node.value.split(name === "entries" ? /\n/u : /[,\s]+/u).map((part) => part.trim()).filter(Boolean);
        this.set(measure, name, ["entries", "tags", "fields"].includes(name) ? parts : node.value.trim());
      });
      return node;
    };
    const select = (name, choices) => {
      const node = el("select", { data: { pointer: `${at}/${name}` }, on: { change: () => this.set(measure, name, node.value) } }, choices.map(([value, text]) => new Option(text, value, false, value === (measure[name] ?? choices[0][0]))));
      return node;
    };
    const more = el("details", {}, el("summary", { text: "More" }), el("div", { class: "fields" }, field("Reason code", input("code")), field("Tags", input("tags")), field("Last day", input("expires", { type: "date" })), field("Owner", input("owner")), field("Note", input("note"))));
    const own = kind === "rules" ? field("When", input("when", { rows: "2", class: "code" })) : [el("div", { class: "fields" }, field("Entries are", select("kind", KINDS)), field("Fields (empty: text, name and address)", input("fields"))), field("Entries, one a line", input("entries", { rows: "4", class: "code" }))];
    const move = (by, name, picture) => el("button", { type: "button", class: "plain icon-only", "aria-label": `${name} ${measure.name || "this"}`, disabled: by !== 0 && !this.draft[kind][index + by], on: { click: () => this.move(kind, index, by) } }, icon(picture));
    return el(
      "div",
      { class: "measure", role: "group", "aria-label": measure.name || (kind === "rules" ? "New rule" : "New list") },
      el("div", { class: "fields" }, field("Name", input("name")), field("Then", select("then", THEN)), field("Status", select("status", STATUS)), el("span", { class: "moves" }, move(-1, "Move up", "up"), move(1, "Move down", "down"), move(0, "Remove", "cross"))),
      own,
      more,
    );
  }

  /** Put a value in, or take it out where it is what it would be anyway. */
  set(measure, name, value) {
    const empty = value === "" || (Array.isArray(value) && !value.length && name !== "entries");
    if (empty && !["name", "when"].includes(name)) delete measure[name];
    else measure[name] = value;
    this.changed();
  }

  move(kind, index, by) {
    const items = [...this.draft[kind]];
    const [one] = items.splice(index, 1);
    if (by) items.splice(index + by, 0, one);
    this.draft[kind] = items;
    this.fill(kind);
    this.changed();
  }

  select(name, choices, then = () => {}) {
    const node = el("select", { data: { pointer: `/policy/${name}` } }, choices.map(([value, text]) => new Option(text, value, false, value === (this.draft[name] ?? ""))));
    node.addEventListener("change", () => {
      this.draft[name] = node.value || null;
      then();
      this.changed();
    });
    return node;
  }

  number(name, min, max) {
    const node = el("input", { type: "number", min, max, data: { pointer: `/policy/${name}` } });
    node.value = this.draft[name] ?? 1;
    node.addEventListener("change", () => {
      this.draft[name] = Number(node.value);
      this.changed();
    });
    return node;
  }
}

function clear(input) {
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-errormessage");
  for (const wrong of (input.closest(".field, td") ?? input.parentElement).querySelectorAll(".wrong")) wrong.remove();
}
