// Small menus that hear letters: the reason of a rejection, and until when. For the queue page.

import { el, icon } from "./dom.js";
import { trapKeys } from "./keys.js";
import { REASONS } from "./words.js";

let open = null;

/**
 * A menu at a button. `items` are [value, name, letter]. Resolves to {value, note}, or null when it was left. With `note`, a
 * field for one is shown, and `needsNote(value)` says which values want one.
 */
export function menu(button, title, items, { note = false, needsNote = () => false } = {}) {
  open?.(null);
  return new Promise((resolve) => {
    const field = note ? el("input", { type: "text", maxlength: "1000", placeholder: "Note (optional)", "aria-label": "Note", autocomplete: "off" }) : null;
    const wrong = el("p", { class: "wrong", role: "alert" });
    const choose = (value) => {
      const text = field?.value.trim() ?? "";
      if (needsNote(value) && !text) {
        wrong.textContent = "Please say what it is in the note, then choose it again.";
        field.focus();
        return;
      }
      close({ value, note: text });
    };
    const rows = items.map(([value, name, letter]) => el("button", { type: "button", role: "menuitem", class: "menu-item", data: { value }, on: { click: () => choose(value) } }, el("span", { text: name }), letter ? el("kbd", { "aria-hidden": "true", text: letter.toUpperCase() }) : null));
    const node = el("div", { class: "menu", role: "dialog", "aria-label": title }, el("div", { class: "menu-head" }, el("h2", { text: title }), el("button", { type: "button", class: "plain icon-only", "aria-label": "Close", on: { click: () => close(null) } }, icon("cross"))), el("div", { class: "menu-items", role: "menu", "aria-label": title }, rows), field, wrong);
    const close = (value) => {
      if (open !== close) return;
      open = null;
      trapKeys(null);
      removeEventListener("pointerdown", outside, true);
      node.remove();
      if (value === null) button?.focus();
      resolve(value);
    };
    const outside = (event) => !node.contains(event.target) && close(null);
    open = close;
    trapKeys((event) => heard(event, { rows, items, choose, close, field }));
    document.body.append(node);
    place(node, button);
    rows[0].focus();
    addEventListener("pointerdown", outside, true);
  });
}

/** The reason of a rejection. */
export function askReason(button, title = "Reject because of") {
  return menu(button, title, REASONS, { note: true, needsNote: (value) => value === "other" });
}

/** Until when to put something aside: a time in RFC 3339, or null. */
export async function askUntil(button) {
  const at = (days, hour) => {
    const time = new Date();
    time.setDate(time.getDate() + days);
    time.setHours(hour, 0, 0, 0);
    return time.toISOString();
  };
  const monday = (8 - new Date().getDay()) % 7 || 7;
  const items = [
    [new Date(Date.now() + 3_600_000).toISOString(), "In an hour", "h"],
    [new Date(Date.now() + 4 * 3_600_000).toISOString(), "In four hours", "f"],
    [at(1, 9), "Tomorrow at 9:00", "t"],
    [at(monday, 9), "Monday at 9:00", "m"],
    [at(14, 9), "In two weeks", "w"],
  ];
  return (await menu(button, "Look at it again", items))?.value ?? null;
}

function heard(event, { rows, items, choose, close, field }) {
  if (event.key === "Escape") {
    close(null);
    return true;
  }
  const at = rows.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    rows[(at + step + rows.length) % rows.length].focus();
    return true;
  }
  if (document.activeElement === field || event.shiftKey) return false;
  const found = items.find(([, , letter]) => letter === event.key.toLowerCase());
  if (found) choose(found[0]);
  return Boolean(found);
}

function place(node, button) {
  const box = button?.getBoundingClientRect();
  if (!box || innerWidth < 720) return; // a phone's style sheet puts it at the foot
  const left = Math.max(8, Math.min(box.left, innerWidth - node.offsetWidth - 8));
  const above = box.top - node.offsetHeight - 8;
  node.style.left = `${left}px`;
  node.style.top = `${above > 8 ? above : Math.min(box.bottom + 8, innerHeight - node.offsetHeight - 8)}px`;
}
