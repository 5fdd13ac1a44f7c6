// The buttons under a comment: what can be done with it, given where it stands. For the queue page.

import { announce, el, icon, isNarrow, landing, put } from "../lib/dom.js";
import { keepDraft, keeping } from "../lib/drafts.js";
import { handle, keyHint, keyOf, letterOf, trapKeys } from "../lib/keys.js";
import { REASONS, houseRules } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { clockOf } from "../lib/numbers.js";
import { askWhom, handingNote } from "./handing.js";
import { called } from "./row.js";

/**
 * @import { Picture } from "../lib/dom.js"
 * @import { Decisions } from "./decisions.js"
 * @import { ListStore, Shown } from "./list_store.js"
 * @import { Sight } from "./sight.js"
 */

/** @typedef {"approve" | "edit" | "reject" | "spam" | "escalate" | "snooze"} Act A key, and what it does as a rule */
/** @typedef {Act | "return" | "uphold"} Deed */

/**
 * @template {string} Value
 * @typedef {{ value: Value, note: string }} Chosen
 */

/**
 * What can be done, by where a comment stands: [action, name, picture, kind].
 *
 * @type {Record<Act, [name: string, picture: Picture, kind: string]>}
 */
const BUTTONS = {
  approve: [say("Approve"), "check", "good"],
  edit: [say("Edit…"), "note", ""],
  reject: [say("Reject…"), "ban", "bad"],
  spam: [say("Spam"), "cross", "bad"],
  escalate: [say("Escalate…"), "up", ""],
  snooze: [say("Later…"), "clock", ""],
};
/** @type {Choice[]} */
const USUAL = [["approve"], ["reject"], ["spam"], ["escalate"], ["snooze"]];

/** @typedef {[action: Act, name?: string, does?: Deed]} Choice */

const MORNING = 9; // o'clock, when what was put aside for a day comes back

/** The bar. It acts on the comment that is shown, once all of it is here and was on the screen for a moment. */
export class Actions {
  /**
   * @param {ListStore} store
   * @param {Decisions} decisions
   * @param {Sight} sight
   * @param {(row: Shown, detail: Api.Detail) => void} edit begins to edit the text
   */
  constructor(store, decisions, sight, edit) {
    this.store = store;
    this.decisions = decisions;
    this.sight = sight;
    this.edit = edit;
    this.node = el("div", { class: "actions", role: "toolbar", "aria-label": say("Decide") });
    this.made = ""; // of which choices
    this.end = () => {};
    this.wait(false);
  }

  /**
   * There is no comment to decide, or not all of it is here: `coming`.
   *
   * @param {boolean} coming
   */
  wait(coming) {
    this.node.hidden = !coming;
    if (coming && !this.made) this.make(USUAL);
    this.ready(false);
  }

  /**
   * Show what can be done with a comment in a list. `overtaken`: it is no longer what is shown; `editing`: its text is being
   * edited, and no key decides about it as it is.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   * @param {{ list: string, overtaken: boolean, editing: boolean }} where
   */
  show(row, { appeal, may_edit: edits }, { list, overtaken, editing }) {
    const may = !appeal?.open || appeal.may_judge;
    this.node.hidden = !may || editing;
    this.make(may ? editable(choicesFor(row, list, Boolean(appeal?.open)), edits) : []);
    this.ready(may && !overtaken && this.sight.seen);
  }

  /** @param {boolean} on */
  ready(on) {
    this.node.setAttribute("aria-busy", String(!on));
    for (const button of this.node.children) button.setAttribute("aria-disabled", String(!on));
  }

  /** @param {Choice[]} choices */
  make(choices) {
    const made = JSON.stringify(choices);
    if (made === this.made) return;
    this.made = made;
    this.end();
    /** @type {[Act, () => unknown, HTMLElement][]} */
    const buttons = choices.map(([action, name, does = action]) => {
      const [usual, picture, kind] = BUTTONS[action];
      const button = el(
        "button",
        { type: "button", class: `action ${kind}`, "aria-keyshortcuts": keyOf(action) || null, data: { act: does } },
        icon(picture),
        el("span", { text: name ?? usual }),
        keyHint(action),
      );
      const act = () => this.act(does, button);
      button.addEventListener("click", act);
      return [action, act, button];
    });
    const held = /** @type {HTMLElement | null} */ (this.node.querySelector(":focus"))?.dataset.act;
    put(
      this.node,
      buttons.map(([, , button]) => button),
    );
    if (held) (buttons.find(([, , { dataset }]) => dataset.act === held) ?? buttons[0])?.[2].focus();
    this.end = handle(Object.fromEntries(buttons.map(([action, act]) => [action, act])));
  }

  close() {
    this.end();
  }

  /** The comment that a key may decide now, as it is shown; null, and it is said why. */
  get target() {
    return this.node.hidden ? null : this.judged;
  }

  /** The comment that may be decided now, also while its text is being edited; null, and it is said why. */
  get judged() {
    const { current, shown } = this.store;
    if (!current.id) return null;
    if (current.newer) {
      announce(say("It has changed since you opened it. Look at what is new first."));
      /** @type {HTMLElement | null} */ (document.querySelector(".accept"))?.focus();
      return null;
    }
    if (current.detail && this.sight.seen) return shown;
    announce(say("Not yet: it has only just come up."));
    return null;
  }

  /**
   * Do what was chosen, asking first for what it takes.
   *
   * @param {Deed} deed
   * @param {HTMLElement} button
   */
  async act(deed, button) {
    const row = this.target;
    if (!row) return;
    const { decisions } = this;
    const { detail } = this.store.current;
    if (deed === "approve") decisions.decide(row, "approve");
    else if (deed === "edit") detail && this.edit(row, detail);
    else if (deed === "spam") decisions.decide(row, "reject", ["spam"]);
    else if (deed === "return") decisions.giveBack(row);
    else if (deed === "reject" || (deed === "uphold" && !given(row).length)) {
      const title = say("Reject {comment} because of", { comment: called(row) });
      const name = `rejection ${row.id}`;
      const reason = await askReason(button, [row.site], title, name);
      if (reason && (await decisions.decide(row, "reject", [reason.value], reason.note))) keepDraft(name, null);
    } else if (deed === "uphold") decisions.decide(row, "reject", given(row), row.decision?.note ?? "");
    else if (deed === "snooze") {
      const until = await askUntil(button, say("Look at {comment} again", { comment: called(row) }));
      if (until) decisions.snooze(row, until);
    } else if (deed === "escalate") {
      const handing = await askWhom(row);
      if (handing && (await decisions.escalate(row, handing))) keepDraft(handingNote(row.id), null);
    }
  }
}

/**
 * The reasons of a decision that a moderator may give as well.
 *
 * @param {Shown} row
 */
function given(row) {
  const codes = row.decision?.reasons.map((reason) => reason.code) ?? [];
  return [...REASONS.map(([code]) => code), ...houseRules([row.site]).map(({ code }) => code)].filter(
    (code) => codes.includes(code) && (code !== "other" || row.decision?.note),
  );
}

/**
 * @param {Shown} row
 * @param {string} list
 * @param {boolean} appealed
 * @returns {Choice[]}
 */
function choicesFor(row, list, appealed) {
  if (list === "audit") return [["approve"], ["reject"], ["spam"]];
  if (appealed)
    return [
      ["approve", say("Approve")],
      ["reject", say("Uphold"), "uphold"],
    ];
  if (row.state === "approved") return [["approve", say("Confirm")], ["reject"], ["spam"]];
  if (row.state === "rejected")
    return [
      [
        "approve",
        row.reasons.includes("spam") || row.decision?.reasons.some((reason) => reason.code === "spam")
          ? say("Not spam")
          : say("Approve"),
      ],
      ["reject", say("Other reason…")],
    ];
  if (row.state === "flagged" && row.list === "snoozed")
    return [["approve"], ["reject"], ["spam"], ["snooze", say("Back to the queue"), "return"]];
  if (row.state === "flagged" && row.list === "escalated")
    return [
      ["approve"],
      ["reject"],
      ["spam"],
      ["escalate", say("Hand over…")],
      ["snooze", say("Back to the queue"), "return"],
    ];
  if (row.state === "pending") return [["approve"], ["reject"], ["spam"]];
  return USUAL;
}

/**
 * What can be done where a text may be edited: approving the edited one stands beside approving it as it is.
 *
 * @param {Choice[]} choices
 * @param {boolean} edits
 * @returns {Choice[]}
 */
function editable(choices, edits) {
  return edits ? choices.flatMap((choice) => (choice[0] === "approve" ? [choice, ["edit"]] : [choice])) : choices;
}

// Small menus that hear letters: the reason of a rejection, and until when. For the queue page.

/**
 * @template {string} Value
 * @typedef {[value: Value, name: string, letter: string, more?: string]} Item `more` says what it means, where that is to be seen
 */

/** @type {((value: Chosen<any> | null) => void) | null} */
let open = null;

/**
 * A menu at a button. `items` are [value, name, letter, more]. Resolves to {value, note}, or null when it was left. With `note`, a
 * field for one is shown, and `needsNote(value)` says which values want one; what is typed is kept under `draftName`.
 *
 * @template {string} Value
 * @param {HTMLElement | null} button
 * @param {string} title
 * @param {Item<Value>[]} items
 * @param {{ note?: boolean, needsNote?: (value: Value) => boolean, draftName?: string }} [options]
 * @returns {Promise<Chosen<Value> | null>}
 */
export function menu(button, title, items, { note = false, needsNote = () => false, draftName = "" } = {}) {
  open?.(null);
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  return new Promise((resolve) => {
    const field = note
      ? el("input", {
          type: "text",
          maxlength: "1000",
          placeholder: say("Note (optional)"),
          "aria-label": say("Note"),
          autocomplete: "off",
        })
      : null;
    if (field && draftName) keeping(draftName, field);
    const wrong = el("p", { class: "wrong", role: "alert" });
    /** @type {Value | null} */
    let wanted = null; // what was chosen and wants a note
    /** @param {Value} value */
    const choose = (value) => {
      const text = field?.value.trim() ?? "";
      if (needsNote(value) && !text) {
        wanted = value;
        wrong.textContent = say("Please say what it is in a note, then press Enter.");
        field?.focus();
        return;
      }
      close({ value, note: text });
    };
    const entered = () => (wanted === null ? rows[0].focus() : choose(wanted));
    const rows = items.map(([value, name, letter, more]) =>
      el(
        "button",
        { type: "button", role: "menuitem", class: "menu-item", data: { value }, on: { click: () => choose(value) } },
        el("span", { text: name }, more ? el("small", { class: "hint", text: more, dir: "auto" }) : null),
        letter ? el("kbd", { "aria-hidden": "true", text: letter.toUpperCase() }) : null,
      ),
    );
    const node = el(
      "div",
      { class: "menu", role: "dialog", "aria-label": title },
      el(
        "div",
        { class: "menu-head" },
        el("h2", { text: title }),
        el(
          "button",
          { type: "button", class: "plain icon-only", "aria-label": say("Close"), on: { click: () => close(null) } },
          icon("cross"),
        ),
      ),
      el("div", { class: "menu-items", role: "menu", "aria-label": title }, rows),
      field,
      wrong,
    );
    /** @param {Chosen<Value> | null} value */
    const close = (value) => {
      if (open !== close) return;
      open = null;
      trapKeys(null);
      removeEventListener("pointerdown", outside, true);
      landing(() => {
        node.remove();
        if (before !== document.body && before?.isConnected) before.focus();
        else if (value === null) button?.focus();
      });
      resolve(value);
    };
    /** @param {Event} event */
    const outside = (event) => !node.contains(/** @type {Node} */ (event.target)) && close(null);
    open = close;
    trapKeys((event) => heard(event, { rows, items, choose, close, field, entered }));
    document.body.append(node);
    place(node, button);
    rows[0].focus();
    addEventListener("pointerdown", outside, true);
  });
}

/**
 * The reason of a rejection: those that every site has, and the sites' own, by number.
 *
 * @param {HTMLElement | null} button
 * @param {string[]} sites
 * @param {string} title
 * @param {string} draftName where the note is kept until it has arrived
 */
export function askReason(button, sites, title, draftName) {
  /** @type {Item<string>[]} */
  const own = houseRules(sites).map(({ code, name, text }, place) => [
    code,
    name,
    place < 9 ? String(place + 1) : "",
    text === name ? "" : text,
  ]);
  return menu(button, title, [...own, ...REASONS], { note: true, needsNote: (value) => value === "other", draftName });
}

/**
 * Until when to put something aside: a time in RFC 3339, or null.
 *
 * @param {HTMLElement | null} button
 * @param {string} title
 */
export async function askUntil(button, title) {
  /**
   * @param {number} days
   * @param {number} hour
   */
  const at = (days, hour) => {
    const time = new Date();
    time.setDate(time.getDate() + days);
    time.setHours(hour, 0, 0, 0);
    return time.toISOString();
  };
  const monday = (8 - new Date().getDay()) % 7 || 7;
  /** @type {[string, string, string][]} */
  const items = [
    [new Date(Date.now() + 3_600_000).toISOString(), say("In an hour"), "h"],
    [new Date(Date.now() + 4 * 3_600_000).toISOString(), say("In four hours"), "f"],
    [at(1, MORNING), say("Tomorrow at {time}", { time: clockOf(new Date().setHours(MORNING, 0)) }), "t"],
    [at(monday, MORNING), say("Monday at {time}", { time: clockOf(new Date().setHours(MORNING, 0)) }), "m"],
    [at(14, MORNING), say("In two weeks"), "w"],
  ];
  return (await menu(button, title, items))?.value ?? null;
}

/**
 * @template {string} Value
 * @param {KeyboardEvent} event
 * @param {{
 * rows: HTMLElement[], items: Item<Value>[], choose: (value: Value) => void,
 * close: (value: null) => void, field: HTMLElement | null, entered: () => void
 * }} menu
 */
function heard(event, { rows, items, choose, close, field, entered }) {
  if (event.key === "Escape") {
    close(null);
    return true;
  }
  const at = rows.findIndex((row) => row === document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    rows[(at + step + rows.length) % rows.length].focus();
    return true;
  }
  if (field && document.activeElement === field) {
    if (event.key === "Enter") entered();
    return event.key === "Enter";
  }
  if (event.shiftKey) return false;
  const found = items.find(([, , letter]) => letter && letter === letterOf(event));
  if (found) choose(found[0]);
  return Boolean(found);
}

/**
 * @param {HTMLElement} node
 * @param {HTMLElement | null} button
 */
function place(node, button) {
  const box = button?.getBoundingClientRect();
  if (isNarrow()) return; // a phone's style sheet puts it at the foot
  if (!box) {
    node.style.left = `${(innerWidth - node.offsetWidth) / 2}px`;
    node.style.top = `${Math.max(8, (innerHeight - node.offsetHeight) / 3)}px`;
    return;
  }
  const left = Math.max(8, Math.min(box.left, innerWidth - node.offsetWidth - 8));
  const above = box.top - node.offsetHeight - 8;
  node.style.left = `${left}px`;
  node.style.top = `${above > 8 ? above : Math.min(box.bottom + 8, innerHeight - node.offsetHeight - 8)}px`;
}
