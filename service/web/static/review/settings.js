// The moderator's own settings: theme, care, keys, session. Kept in this browser. For `review.js`.

import { ask } from "./dialogs.js";
import { el, put } from "./dom.js";
import { ACTIONS, keyOf, spell } from "./keys.js";
import { changes, preference, prefer } from "./preferences.js";
import { sheetHead } from "./tables.js";
import { toast } from "./toasts.js";

const THEMES = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]];
const SWITCHES = [
  ["mask", "Cover the worst words", "Insults and threats stay covered, here and in the lists, until you ask for them."],
  ["blind", "Hide authors' names", "To judge the words alone."],
  ["numbers", "Show exact numbers in the text", "What each word adds to the score, in the model's own units."],
];

/** Open it. */
export function settingsPage({ me, signOut }) {
  const body = el("div", { class: "sheet" });
  const paint = () => put(body, sheetHead("Settings"), appearance(), keys(), account(me, signOut));
  const changed = ({ detail }) => ["keys", "shortcuts"].includes(detail.name) && paint();
  changes.addEventListener("change", changed);
  return { node: body, show: async () => paint(), close: () => changes.removeEventListener("change", changed) };
}

function appearance() {
  const theme = el("select", { "aria-label": "Theme", on: { change: () => prefer("theme", theme.value) } }, THEMES.map(([value, name]) => new Option(name, value, false, value === preference("theme"))));
  return el("section", { class: "card settings" }, el("h2", { text: "Reading" }), el("div", { class: "setting" }, el("span", { text: "Theme" }), theme), SWITCHES.map(([name, title, hint]) => toggle(name, title, hint)));
}

function toggle(name, title, hint) {
  const box = el("input", { type: "checkbox", id: `set-${name}`, "aria-describedby": `set-${name}-hint`, on: { change: () => prefer(name, box.checked) } });
  box.checked = preference(name);
  return el("div", { class: "setting" }, el("div", {}, el("label", { for: box.id, text: title }), el("p", { class: "hint", id: `set-${name}-hint`, text: hint })), box);
}

function keys() {
  const on = preference("shortcuts");
  const inputs = Object.entries(ACTIONS).map(([action, [, title]]) => {
    const input = el("input", { type: "text", id: `key-${action}`, maxlength: "1", autocomplete: "off", spellcheck: "false", disabled: !on, readonly: true });
    input.value = keyOf(action).replace("shift+", "⇧");
    input.addEventListener("keydown", (event) => {
      if (["Tab", "Shift", "Escape", "Enter"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      if (event.key === "Backspace" || event.key === "Delete") set(action, "");
      else if (event.key.length === 1 && event.key !== " ") set(action, spell(event));
      document.getElementById(input.id)?.focus();
    });
    return el("div", { class: "setting" }, el("label", { for: input.id, text: title }), input);
  });
  return el(
    "section",
    { class: "card settings" },
    el("h2", { text: "Keys" }),
    toggle("shortcuts", "Single keys act", "Switch this off if you speak to your computer, or press keys by accident."),
    el("p", { class: "hint", text: "To change a key, choose its field and press the new one; Backspace takes it away." }),
    el("div", { class: "key-grid" }, inputs),
    el("p", {}, el("button", { type: "button", class: "quiet", on: { click: () => prefer("keys", null) } }, "Back to the usual keys")),
  );
}

function set(action, key) {
  const other = key && Object.keys(ACTIONS).find((one) => one !== action && keyOf(one) === key);
  if (other) toast(`“${key}” is taken: ${ACTIONS[other][1].toLowerCase()}.`, { kind: "bad" });
  else prefer("keys", { ...preference("keys"), [action]: key });
}

function account(me, signOut) {
  const everywhere = async () => {
    if (await ask("Sign out everywhere?", el("p", { text: "This ends all your sessions, on every device, and this one too." }), [["Sign out everywhere", "bad", "yes"]])) signOut(true);
  };
  const sees = me.sites.length ? `You see ${me.sites.join(", ")}.` : "There are no sites yet.";
  return el("section", { class: "card settings" }, el("h2", { text: "Session" }), el("p", {}, "Signed in as ", el("strong", { text: me.name }), `, ${me.role}. ${sees}`), el("p", { class: "row-of" }, el("button", { type: "button", class: "quiet", on: { click: () => signOut(false) } }, "Sign out"), el("button", { type: "button", class: "quiet", on: { click: everywhere } }, "Sign out everywhere…")));
}
