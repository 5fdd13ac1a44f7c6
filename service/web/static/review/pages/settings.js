// The moderator's own settings: theme, care, keys, session. Kept with their account. For `main`.

import { ask } from "../lib/dialogs.js";
import { el, put } from "../lib/dom.js";
import { ACTIONS, ACTION_NAMES, keyHint, keyOf, spell } from "../lib/keys.js";
import { REASONS } from "../lib/labels.js";
import { onPreference, prefer, preference } from "../lib/preferences.js";
import { sheetHead } from "../lib/tables.js";
import { toast } from "../lib/toasts.js";
import { signingIn } from "./account.js";
import { telling } from "./push.js";

/**
 * @import { Action } from "../lib/keys.js"
 * @import { Frame, Page } from "../main.js"
 */

/** @typedef {"mask" | "blind" | "numbers" | "shortcuts"} Switch */

const THEMES = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];
/** @type {[Switch, string, string][]} */
const SWITCHES = [
  ["mask", "Cover the worst words", "Insults and threats stay covered, here and in the lists, until you ask for them."],
  ["blind", "Hide authors' names", "To judge the words alone."],
  ["numbers", "Show exact numbers in the text", "What each word adds to the score, in the model's own units."],
];

/**
 * Open it.
 *
 * @param {Pick<Frame, "me" | "signOut" | "renewed">} frame
 * @returns {Page}
 */
export function settingsPage({ me, signOut, renewed }) {
  const body = el("div", { class: "sheet" });
  const entering = signingIn({ me, renewed });
  const pushed = me.enrols ? null : telling();
  const paint = () =>
    me.enrols
      ? put(body, sheetHead("Settings"), entering, account(me, signOut))
      : put(body, sheetHead("Settings"), appearance(), keys(), pushed, entering, account(me, signOut));
  const end = onPreference((name) => ["keys", "shortcuts"].includes(name) && paint());
  return { node: body, show: async () => paint(), close: end };
}

function appearance() {
  /** @type {HTMLSelectElement} */
  const theme = el(
    "select",
    { "aria-label": "Theme", on: { change: () => prefer("theme", theme.value) } },
    THEMES.map(([value, name]) => new Option(name, value, false, value === preference("theme"))),
  );
  return el(
    "section",
    { class: "card settings" },
    el("h2", { text: "Reading" }),
    el("div", { class: "setting" }, el("span", { text: "Theme" }), theme),
    SWITCHES.map(([name, title, hint]) => toggle(name, title, hint)),
    el("p", {
      class: "hint",
      text: "This and your keys go with your account, to every browser that you sign in with.",
    }),
  );
}

/**
 * @param {Switch} name
 * @param {string} title
 * @param {string} hint
 */
function toggle(name, title, hint) {
  /** @type {HTMLInputElement} */
  const box = el("input", {
    type: "checkbox",
    id: `set-${name}`,
    "aria-describedby": `set-${name}-hint`,
    on: { change: () => prefer(name, box.checked) },
  });
  box.checked = preference(name);
  return el(
    "div",
    { class: "setting" },
    el(
      "div",
      {},
      el("label", { for: box.id, text: title }),
      el("p", { class: "hint", id: `set-${name}-hint`, text: hint }),
    ),
    box,
  );
}

function keys() {
  const on = preference("shortcuts");
  const inputs = ACTION_NAMES.map((action) => {
    const [, title] = ACTIONS[action];
    const input = el("input", {
      type: "text",
      id: `key-${action}`,
      maxlength: "1",
      autocomplete: "off",
      spellcheck: "false",
      disabled: !on,
      readonly: true,
    });
    input.value = keyOf(action).replace("shift+", "⇧");
    input.addEventListener("keydown", (event) => {
      if (["Tab", "Shift", "Escape", "Enter"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey)
        return;
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
    el("p", {
      class: "hint",
      text: "To change a key, choose its field and press the new one; Backspace takes it away.",
    }),
    el("div", { class: "key-grid" }, inputs),
    el(
      "p",
      {},
      el(
        "button",
        { type: "button", class: "quiet", on: { click: () => prefer("keys", null) } },
        "Back to the usual keys",
      ),
    ),
  );
}

/**
 * @param {Action} action
 * @param {string} key
 */
function set(action, key) {
  const other = key && ACTION_NAMES.find((one) => one !== action && keyOf(one) === key);
  if (other) toast(`“${key}” is taken: ${ACTIONS[other][1].toLowerCase()}.`, { kind: "bad" });
  else prefer("keys", { ...preference("keys"), [action]: key });
}

/**
 * @param {Api.SessionView} me
 * @param {Frame["signOut"]} signOut
 */
function account(me, signOut) {
  const everywhere = async () => {
    if (
      await ask(
        "Sign out everywhere?",
        el("p", { text: "This ends all your sessions, on every device, and this one too." }),
        [["Sign out everywhere", "bad", "yes"]],
      )
    )
      signOut(true);
  };
  const sees = me.sites.length ? `You see ${me.sites.join(", ")}.` : "There are no sites yet.";
  return el(
    "section",
    { class: "card settings" },
    el("h2", { text: "Session" }),
    el("p", {}, "Signed in as ", el("strong", { text: me.name }), `, ${me.role}. ${sees}`),
    el(
      "p",
      { class: "row-of" },
      el("button", { type: "button", class: "quiet", on: { click: () => signOut(false) } }, "Sign out"),
      el("button", { type: "button", class: "quiet", on: { click: everywhere } }, "Sign out everywhere…"),
    ),
  );
}

// All keys at a glance. For `main`.

/** Show the keys. */
export function help() {
  const groups = [...new Set(Object.values(ACTIONS).map(([, , group]) => group))];
  /** @param {string} name */
  const group = (name) =>
    el(
      "section",
      {},
      el("h3", { text: name }),
      el(
        "dl",
        {},
        ACTION_NAMES.filter((action) => ACTIONS[action][2] === name).map((action) =>
          el("div", {}, el("dt", {}, keyHint(action)), el("dd", { text: ACTIONS[action][1] })),
        ),
      ),
    );
  const reasons = el(
    "section",
    {},
    el("h3", { text: "After “reject”" }),
    el(
      "dl",
      {},
      REASONS.map(([, text, letter]) =>
        el("div", {}, el("dt", {}, el("kbd", { text: letter.toUpperCase() })), el("dd", { text })),
      ),
    ),
  );
  const note = preference("shortcuts")
    ? "Keys can be changed or switched off in the settings."
    : "Keys are switched off in the settings.";
  return ask(
    "Keys",
    [el("div", { class: "keys" }, groups.map(group), reasons), el("p", { class: "hint", text: note })],
    [],
    { wide: true },
  );
}
