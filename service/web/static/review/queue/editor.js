// Edits a comment's text before it is approved: the words, what changes by it, and what was wrong with the author's. For the queue
// page; what is typed is kept in this browser until it is approved or thrown away.

import { announce, el, icon, put } from "../lib/dom.js";
import { draft, keepDraft } from "../lib/drafts.js";
import { REASONS, houseRules } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { diffView } from "../text/render.js";
import { called } from "./row.js";

/** @import { Shown } from "./list_store.js" */

/** @typedef {{ text: string, why: string, note: string, base: string }} Kept What was typed, and the author's text that it was of */

const MASK = "•••"; // what stands where something was masked
const ADDRESS = /•@•/u; // an e-mail address that was dotted out
const AROUND = 60; // characters that are shown beside what changes
const NOTHING = "nothing"; // it was only tidied

/** @param {string} id */
const nameOf = (id) => `edit ${id}`;

/**
 * Keep nothing of an edit any more: its comment was erased.
 *
 * @param {string} id
 */
export function forgetEdit(id) {
  keepDraft(nameOf(id), null);
}

/** The editor, which stands in the place of the buttons while it is open. */
export class Editor {
  /**
   * @param {{
   *   judged: () => Shown | null,
   *   approve: (row: Shown, reasons: string[], note: string, edit: Api.EditInput) => Promise<boolean>, left: () => void,
   * }} options `judged` is the comment if it may be decided now
   */
  constructor({ judged, approve, left }) {
    this.judged = judged;
    this.decide = approve;
    this.left = left;
    this.id = ""; // of the comment that is edited; "": none
    this.base = ""; // its author's text
    this.standing = ""; // what readers see of it as it is
    this.began = ""; // … when what stands here was begun
    /** @type {[id: string, kept: Kept] | null} */
    this.last = null; // what was approved last, should that be undone
    this.input = el("textarea", {
      rows: "5",
      dir: "auto",
      "aria-label": say("The text that readers will see"),
      on: { input: () => this.typed(), keydown: (event) => this.heard(event) },
    });
    this.why = el("select", {
      "aria-label": say("What was wrong with the author’s text?"),
      on: { change: () => this.typed() },
    });
    this.note = el("input", {
      type: "text",
      maxlength: "1000",
      autocomplete: "off",
      "aria-label": say("What was it?"),
      placeholder: say("What was it?"),
      on: { input: () => this.typed() },
    });
    this.wrong = el("p", { class: "wrong", role: "alert" });
    this.changes = el("div", { class: "edit-changes" });
    this.hints = el("div", { class: "edit-hints" });
    this.title = el("h3");
    this.node = el(
      "section",
      { class: "editor", "aria-label": say("Edit before approving"), hidden: true },
      this.layout(),
    );
  }

  layout() {
    const button = (/** @type {string} */ text, /** @type {string} */ kind, /** @type {() => void} */ click) =>
      el("button", { type: "button", class: kind, on: { click } }, text);
    return [
      el(
        "header",
        {},
        this.title,
        el(
          "button",
          {
            type: "button",
            class: "plain icon-only",
            "aria-label": say("Leave, and keep what I typed"),
            on: { click: () => this.leave() },
          },
          icon("cross"),
        ),
      ),
      this.input,
      el(
        "p",
        { class: "edit-tools" },
        button(say("Mask the selection"), "link", () => this.mask()),
        button(say("The author’s words again"), "link", () => this.write(this.base)),
      ),
      this.hints,
      this.changes,
      el(
        "form",
        { class: "edit-end", on: { submit: (event) => (event.preventDefault(), this.approve()) } },
        this.why,
        this.note,
        el("button", { type: "submit", class: "action good" }, icon("check"), say("Approve this text")),
        button(say("Discard"), "quiet", () => this.discard()),
      ),
      this.wrong,
    ];
  }

  /**
   * Begin, or go on with what was typed before.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   */
  begin(row, { content, edit }) {
    const [last, again] = this.last ?? ["", null];
    /** @type {Kept | null} */
    const kept = draft(nameOf(row.id)) ?? (last === row.id ? again : null);
    this.id = row.id;
    this.base = content;
    this.standing = edit?.content ?? content;
    this.began = kept?.base ?? content;
    this.title.textContent = say("Edit {comment}", { comment: called(row) });
    put(this.why, options(row.site));
    this.why.value = kept?.why ?? "";
    this.note.value = kept?.note ?? "";
    this.input.value = kept?.text ?? this.standing;
    this.node.hidden = false;
    this.show(row.id, null);
    this.draw();
    this.input.focus();
    this.input.setSelectionRange(0, 0);
    announce(say("Editing the text. Control and Enter approve it, Escape leaves."));
  }

  /**
   * Another comment may be open, or the author may have changed this one's text.
   *
   * @param {string} id
   * @param {Api.Detail | null} detail
   */
  show(id, detail) {
    if (this.id && id !== this.id) this.close();
    if (!this.id || !detail || detail.content === this.base) return;
    this.base = detail.content;
    this.standing = detail.edit?.content ?? detail.content;
    this.draw();
  }

  close() {
    this.id = "";
    this.node.hidden = true;
    this.wrong.textContent = "";
  }

  leave() {
    this.close();
    this.left();
  }

  discard() {
    keepDraft(nameOf(this.id), null);
    if (this.last?.[0] === this.id) this.last = null;
    this.leave();
  }

  /** @returns {Kept} */
  get kept() {
    return { text: this.input.value, why: this.why.value, note: this.note.value, base: this.began };
  }

  typed() {
    const { base, text, why } = this.kept;
    keepDraft(nameOf(this.id), text === base && !why ? null : this.kept);
    this.wrong.textContent = "";
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  heard(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.approve();
    if (event.key === "Escape") this.leave();
  }

  /** @param {string} text */
  write(text) {
    this.input.value = text;
    this.typed();
    this.input.focus();
  }

  mask() {
    const { selectionStart: start, selectionEnd: end } = this.input;
    if (start === end) {
      this.wrong.textContent = say("Select the words to be masked first.");
      this.input.focus();
      return;
    }
    this.input.setRangeText(MASK, start, end, "end");
    this.typed();
    this.input.focus();
  }

  /** Show what changes by it, and what there is to know. */
  draw() {
    const { value } = this.input;
    const changed = plain(value) !== plain(this.base);
    this.note.hidden = this.why.value !== "other";
    put(
      this.changes,
      changed
        ? diffView(plain(this.base), plain(value), AROUND)
        : el("p", { class: "hint", text: say("These are the author’s words. What you change is shown here.") }),
    );
    put(
      this.hints,
      this.base === this.began
        ? null
        : el("p", {
            class: "hint",
            text: say("The author changed the text after you had begun. Look at what changes by yours."),
          }),
      ADDRESS.test(value)
        ? el("p", {
            class: "hint",
            text: say("E-mail addresses are never kept here: readers will see the dots that stand for them."),
          })
        : null,
    );
  }

  async approve() {
    const { id, input, kept, note, why } = this;
    const text = plain(kept.text);
    const back = text === plain(this.base); // an edit is taken back: nothing is wrong with the author's words
    const same = text === plain(this.standing);
    this.wrong.textContent = !text
      ? say("Nothing is left of the text. Reject the comment instead.")
      : same
        ? say("Nothing is changed. Leave, and approve the comment as it is.")
        : back
          ? ""
          : refusal(kept);
    if (this.wrong.textContent) {
      const field = !text || same ? input : kept.why === "other" ? note : why;
      field.focus();
      return;
    }
    const row = this.judged();
    if (row?.id !== id) return;
    this.last = [id, kept];
    this.close();
    const reasons = back || kept.why === NOTHING ? [] : [kept.why];
    const said = reasons.includes("other") ? kept.note.trim() : "";
    const edit = { content: kept.text, nothing_wrong: !reasons.length };
    if (await this.decide(row, reasons, said, edit)) keepDraft(nameOf(id), null);
  }
}

/**
 * What is still to be said of the author's text; "": nothing.
 *
 * @param {Kept} kept
 */
function refusal({ why, note }) {
  if (!why) return say("Please say what was wrong with the author’s text: the model learns from it.");
  return why === "other" && !note.trim() ? say("Please say what it was.") : "";
}

/**
 * What can have been wrong: on every site, by the site's own rules, and nothing at all.
 *
 * @param {string} site
 */
function options(site) {
  return [
    new Option(say("What was wrong?"), ""),
    ...houseRules([site]).map(({ code, name }) => new Option(name, code)),
    ...REASONS.map(([code, name]) => new Option(code === "other" ? say("Something else") : name, code)),
    new Option(say("Nothing, I only tidied it"), NOTHING),
  ];
}

/**
 * A text without what differs between two ways of storing it: line ends, and space where a line or the text ends.
 *
 * @param {string} text
 */
function plain(text) {
  return text
    .replaceAll(/\r\n?/gu, "\n")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}
