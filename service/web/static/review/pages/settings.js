// The moderator's own settings: theme, care, keys, session. Kept with their account. For `main`.

import { ask } from "../lib/dialogs.js";
import { el, put } from "../lib/dom.js";
import { ACTIONS, ACTION_NAMES, keyHint, keyOf, spell } from "../lib/keys.js";
import { REASONS, roleName } from "../lib/labels.js";
import { phrase, say, within } from "../lib/language.js";
import { languageChooser } from "../lib/language_chooser.js";
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
  ["system", say("As the system")],
  ["light", say("Light")],
  ["dark", say("Dark")],
];
/** @type {[Switch, string, string][]} */
const SWITCHES = [
  [
    "mask",
    say("Cover the worst words"),
    say("Insults and threats stay covered, here and in the lists, until you ask for them."),
  ],
  ["blind", say("Hide authors' names"), say("To judge the words alone.")],
  [
    "numbers",
    say("Show exact numbers in the text"),
    say("What each word adds to the score, in the model's own units."),
  ],
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
      ? put(body, sheetHead(say("Settings")), entering, account(me, signOut))
      : put(body, sheetHead(say("Settings")), appearance(), keys(), pushed, entering, account(me, signOut));
  const end = onPreference((name) => ["keys", "shortcuts"].includes(name) && paint());
  return { node: body, show: async () => paint(), close: end };
}

function appearance() {
  /** @type {HTMLSelectElement} */
  const theme = el(
    "select",
    { "aria-label": say("Theme"), on: { change: () => prefer("theme", theme.value) } },
    THEMES.map(([value, name]) => new Option(name, value, false, value === preference("theme"))),
  );
  return el(
    "section",
    { class: "card settings" },
    el("h2", { text: say("Reading") }),
    el(
      "div",
      { class: "setting" },
      el("label", { for: "set-language", text: say("Language") }),
      languageChooser("set-language"),
    ),
    el("div", { class: "setting" }, el("span", { text: say("Theme") }), theme),
    SWITCHES.map(([name, title, hint]) => toggle(name, title, hint)),
    el("p", {
      class: "hint",
      text: say("This and your keys go with your account, to every browser that you sign in with."),
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
    el("h2", { text: say("Keys") }),
    toggle(
      "shortcuts",
      say("Single keys act"),
      say("Switch this off if you speak to your computer, or press keys by accident."),
    ),
    el("p", {
      class: "hint",
      text: say("To change a key, choose its field and press the new one; Backspace takes it away."),
    }),
    el("div", { class: "key-grid" }, inputs),
    el(
      "p",
      {},
      el(
        "button",
        { type: "button", class: "quiet", on: { click: () => prefer("keys", null) } },
        say("Back to the usual keys"),
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
  if (other) toast(say("“{key}” is taken: {action}.", { key, action: within(ACTIONS[other][1]) }), { kind: "bad" });
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
        say("Sign out everywhere?"),
        el("p", { text: say("This ends all your sessions, on every device, and this one too.") }),
        [[say("Sign out everywhere"), "bad", "yes"]],
      )
    )
      signOut(true);
  };
  const sees = me.sites.length
    ? say("You see {sites}.", { sites: me.sites.join(", ") })
    : say("There are no sites yet.");
  return el(
    "section",
    { class: "card settings" },
    el("h2", { text: say("Session") }),
    el(
      "p",
      {},
      phrase("Signed in as {name}, {role}.", { name: el("strong", { text: me.name }), role: roleName(me.role) }),
      ` ${sees}`,
    ),
    el(
      "p",
      { class: "row-of" },
      el("button", { type: "button", class: "quiet", on: { click: () => signOut(false) } }, say("Sign out")),
      el("button", { type: "button", class: "quiet", on: { click: everywhere } }, say("Sign out everywhere…")),
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
    el("h3", { text: say("After “reject”") }),
    el(
      "dl",
      {},
      REASONS.map(([, text, letter]) =>
        el("div", {}, el("dt", {}, el("kbd", { text: letter.toUpperCase() })), el("dd", { text })),
      ),
    ),
  );
  const note = preference("shortcuts")
    ? say("Keys can be changed or switched off in the settings.")
    : say("Keys are switched off in the settings.");
  return ask(
    say("Keys"),
    [el("div", { class: "keys" }, groups.map(group), reasons), el("p", { class: "hint", text: note })],
    [],
    { wide: true },
  );
}
