// How one signs in: the password, the second factor, its recovery codes. For `settings`.
import { get, problemOf, remember, send } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el, put } from "../lib/dom.js";
import { say } from "../lib/language.js";
import { duration } from "../lib/numbers.js";
import { toast, toastProblem } from "../lib/toasts.js";

/** @import { Frame } from "../main.js" */

/**
 * The section of the settings. A change begins a new session, which `renewed` is told.
 *
 * @param {Pick<Frame, "me" | "renewed">} frame
 * @returns {HTMLElement}
 */
export function signingIn({ me, renewed }) {
  const body = el("div", {});
  const paint = async () => {
    try {
      put(body, sections(await get("/account")));
    } catch (problem) {
      toastProblem(problem);
    }
  };
  /** @param {Api.SessionView} session */
  const changed = async (session) => {
    remember(session);
    await paint();
    renewed(session);
  };
  /** @param {Api.AccountView} account */
  const sections = (account) => {
    if (!account.password)
      return [el("p", { text: say("You sign in at your organisation; it sees to your second factor.") })];
    return own(account);
  };
  /** @param {Api.AccountView} account */
  const own = (account) => [
    el(
      "p",
      { class: "row-of" },
      el(
        "button",
        { type: "button", class: "quiet", on: { click: () => password(account, changed) } },
        say("Change password…"),
      ),
    ),
    account.second_factor ? having(account, changed) : wanting(account, changed),
  ];
  paint();
  return el(
    "section",
    { class: "card settings" },
    el("h2", { text: say("Signing in") }),
    me.enrols
      ? el("p", {
          class: "wrong",
          role: "status",
          text: say("Your role, or a site that you see, needs a second factor. Set it up to go on."),
        })
      : null,
    body,
  );
}

/** @typedef {(session: Api.SessionView) => Promise<void>} Changed */

/**
 * @param {Api.AccountView} account
 * @param {Changed} changed
 */
function wanting(account, changed) {
  return [
    el("p", {
      text: say(
        "With a second factor, a code from an app on your phone is asked for too. A password that was seen is then not enough.",
      ),
    }),
    el(
      "p",
      { class: "row-of" },
      el(
        "button",
        { type: "button", class: account.required ? "primary" : "quiet", on: { click: () => enrol(changed) } },
        say("Set up a second factor…"),
      ),
    ),
  ];
}

/**
 * @param {Api.AccountView} account
 * @param {Changed} changed
 */
function having(account, changed) {
  const left = account.recovery_codes;
  return [
    el("p", {
      text: say("You have a second factor, and {count} recovery codes left.", { count: left }),
    }),
    el(
      "p",
      { class: "row-of" },
      el("button", { type: "button", class: "quiet", on: { click: () => codes(changed) } }, say("New recovery codes…")),
      account.required
        ? null
        : el("button", { type: "button", class: "quiet", on: { click: () => end(changed) } }, say("Take it away…")),
    ),
  ];
}

/**
 * A field for a password.
 *
 * @param {"current-password" | "new-password"} autocomplete
 */
function secret(autocomplete) {
  return el("input", { type: "password", autocomplete, required: true });
}

function codeField() {
  return el("input", {
    type: "text",
    inputmode: "numeric",
    autocomplete: "one-time-code",
    autocapitalize: "none",
    spellcheck: "false",
  });
}

/**
 * Ask for the password, and a code where one is needed, until `act` takes them. Null when it was closed.
 *
 * @template T
 * @param {string} title
 * @param {string} button
 * @param {{ code: boolean, fields?: HTMLElement[], check?: () => string, act: (current: string, code: string) => Promise<T> }} what
 * @returns {Promise<T | null>}
 */
async function proved(title, button, { code, fields = [], check = () => "", act }) {
  const current = secret("current-password");
  const typed = codeField();
  const wrong = el("p", { class: "wrong", role: "alert" });
  for (;;) {
    const content = [
      field(say("Present password"), current),
      code ? field(say("Code from the app"), typed, say("Or a recovery code.")) : null,
      fields,
      wrong,
    ];
    if ((await ask(title, content, [[button, "primary", "yes"]], { check })) === null) return null;
    try {
      return await act(current.value, typed.value);
    } catch (error) {
      const problem = problemOf(error);
      wrong.textContent =
        problem.status === 429
          ? say("That was tried too often. Please wait {time} and try again.", {
              time: duration(problem.retryAfter || 60),
            })
          : problem.message;
      typed.value = "";
    }
  }
}

/**
 * @param {Api.AccountView} account
 * @param {Changed} changed
 */
async function password(account, changed) {
  const fresh = secret("new-password");
  const again = secret("new-password");
  const session = await proved(say("Change password"), say("Change it"), {
    code: Boolean(account.second_factor),
    fields: [
      field(say("New password"), fresh, say("At least 8 characters; a few words are good.")),
      field(say("And again"), again),
    ],
    check: () => (fresh.value === again.value ? "" : say("The new passwords differ.")),
    act: (current, code) => send("PUT", "/account/password", { current, new: fresh.value, code }, { quiet: true }),
  });
  if (!session) return;
  await changed(session);
  toast(say("Your password is changed; you are signed out everywhere else."), { kind: "good" });
}

/** @param {Changed} changed */
async function enrol(changed) {
  const begun = await proved(say("Set up a second factor"), say("Go on"), {
    code: false,
    act: (current) => send("POST", "/account/second-factor", { current }, { quiet: true }),
  });
  if (!begun) return;
  const picture = new DOMParser().parseFromString(begun.picture, "image/svg+xml").documentElement;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", say("QR code of the key"));
  picture.setAttribute("class", "qr");
  const typed = codeField();
  const wrong = el("p", { class: "wrong", role: "alert" });
  for (;;) {
    const content = [
      el("p", {
        text: say("Scan this with an app that makes codes, or type the key. Then enter the code that it shows."),
      }),
      document.importNode(picture, true),
      el("p", {}, `${say("Key:")} `, el("code", { class: "key-text", text: begun.key })),
      field(say("Code from the app"), typed),
      wrong,
    ];
    if ((await ask(say("Set up a second factor"), content, [[say("Confirm"), "primary", "yes"]])) === null) return;
    try {
      await show(await send("PUT", "/account/second-factor", { code: typed.value }, { quiet: true }), changed);
      return;
    } catch (error) {
      wrong.textContent = problemOf(error).message;
      typed.value = "";
    }
  }
}

/** @param {Changed} changed */
async function codes(changed) {
  const made = await proved(say("New recovery codes"), say("Make new ones"), {
    code: true,
    act: (current, code) => send("POST", "/account/recovery-codes", { current, code }, { quiet: true }),
  });
  if (made) await show(made, changed);
}

/** @param {Changed} changed */
async function end(changed) {
  const session = await proved(say("Take the second factor away"), say("Take it away"), {
    code: true,
    act: (current, code) => send("DELETE", "/account/second-factor", { current, code }, { quiet: true }),
  });
  if (!session) return;
  await changed(session);
  toast(say("From now on your password is enough."), { kind: "good" });
}

/**
 * Show recovery codes, this once.
 *
 * @param {Api.RecoveryView} made
 * @param {Changed} changed
 */
async function show(made, changed) {
  remember(made.session);
  await ask(
    say("Recovery codes"),
    [
      el("p", {
        text: say(
          "Each signs you in once when the app is lost. Keep them where you keep papers; they are not shown again.",
        ),
      }),
      el(
        "ul",
        { class: "codes" },
        made.codes.map((code) => el("li", {}, el("code", { text: code }))),
      ),
    ],
    [[say("I have kept them"), "primary", "yes"]],
  );
  await changed(made.session);
}
