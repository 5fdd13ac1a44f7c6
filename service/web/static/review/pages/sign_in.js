// The way in. For `main`.
import { get, problemOf, send } from "../lib/api.js";
import { el, put } from "../lib/dom.js";
import { say } from "../lib/language.js";
import { languageChooser } from "../lib/language_chooser.js";
import { duration } from "../lib/numbers.js";

const PLACE = "antechamber-place"; // where one was when one went to the provider

/** @type {Record<string, string>} What the address says after a way to the provider that led to nothing. */
const REFUSALS = {
  cancelled: say("You did not sign in at your organisation."),
  refused: say("That sign-in is not good here. Please try again."),
  late: say("That took too long. Please try again."),
  unknown: say("Your organisation knows you, but nobody here does. Ask an operator to invite you."),
  invitation: say("This invitation is not good any more. Ask for another."),
  another: say("You have another account here already. Ask an operator."),
  unavailable: say("Your organisation's sign-in does not answer. Please try again, or use your password."),
  busy: say("Too many sign in just now. Please try again in a moment."),
};

/**
 * What the address says of signing in, which is taken out of it: an invitation, why a sign-in failed, where one was before.
 *
 * @returns {{ invitation: string, note: string }}
 */
export function arrival() {
  const [, kind, what] = /^#\/(invited|refused)\/([\w-]{1,100})$/.exec(location.hash) ?? [];
  const place = sessionStorage.getItem(PLACE) ?? "";
  sessionStorage.removeItem(PLACE);
  if (kind || (place && !location.hash)) history.replaceState(history.state, "", `${location.pathname}${place}`);
  return {
    invitation: kind === "invited" ? what : "",
    note: kind === "refused" ? (REFUSALS[what] ?? REFUSALS.refused) : "",
  };
}

/**
 * Go to the provider; the page comes back to where it is.
 *
 * @param {string} invitation
 */
async function goThere(invitation) {
  const { address } = await send("POST", "/provider", { invitation }, { quiet: true });
  sessionStorage.setItem(PLACE, location.hash);
  location.assign(address);
}

/**
 * The sign-in page; `done(session)` is called when it worked. `note` says why one is here again, `invitation` is of a link, `who`
 * was here before.
 *
 * @param {{ done: (session: Api.SessionView) => void, note?: string, invitation?: string, who?: string }} options
 */
export function signInPage({ done, note = "", invitation = "", who = "" }) {
  const name = el("input", {
    id: "name",
    name: "name",
    type: "text",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
  });
  name.value = who;
  const password = el("input", {
    id: "password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const code = el("input", {
    id: "code",
    name: "code",
    type: "text",
    inputmode: "numeric",
    autocomplete: "one-time-code",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const second = el(
    "div",
    { class: "field", hidden: true },
    el("label", { for: "code", text: say("Code from your app") }),
    code,
    el("p", { class: "hint", text: say("Or one of your recovery codes.") }),
  );
  const wrong = el("p", { class: "wrong", role: "alert", id: "signin-wrong" });
  const button = el("button", { type: "submit", class: "primary" }, say("Sign in"));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    put(wrong);
    try {
      const given = { name: name.value.trim(), password: password.value, code: second.hidden ? "" : code.value };
      done(await send("POST", "/session", given, { quiet: true }));
    } catch (error) {
      const problem = problemOf(error);
      if (problem.kind === "code-needed") {
        second.hidden = false;
        code.focus();
        return;
      }
      put(
        wrong,
        problem.pointer === "/code"
          ? problem.message
          : problem.status === 401
            ? say("That name and password don't fit together.")
            : problem.status === 429
              ? say("That was tried too often. Please wait {time} and try again.", {
                  time: duration(problem.retryAfter || 60),
                })
              : problem.status === 503 && problem.retryAfter
                ? say("Too many sign in just now. Please try again in {time}.", { time: duration(problem.retryAfter) })
                : problem.message,
      );
      const again = problem.pointer === "/code" ? code : password;
      again.select();
      again.focus();
    } finally {
      button.disabled = false;
    }
  };
  const elsewhere = el("div", { class: "elsewhere", hidden: true });
  const offer = async () => {
    const { label } = await get("/provider", {}, { quiet: true }).catch(() => ({ label: null }));
    if (!label) return;
    /** @param {MouseEvent} event */
    const click = async ({ currentTarget }) => {
      const there = /** @type {HTMLButtonElement} */ (currentTarget);
      there.disabled = true;
      put(wrong);
      try {
        await goThere(invitation);
      } catch (error) {
        const problem = problemOf(error);
        put(wrong, problem.status === 502 ? REFUSALS.unavailable : problem.message);
        there.disabled = false;
      }
    };
    const kind = invitation ? "primary" : "quiet";
    put(
      elsewhere,
      el("button", { type: "button", class: kind, on: { click } }, say("Sign in with {label}", { label })),
    );
    elsewhere.hidden = false;
  };
  offer();
  const node = el(
    "section",
    { class: "signin" },
    el("img", { src: "/review/static/icon.svg", alt: "", width: "40", height: "40" }),
    el("h1", { text: "Antechamber" }),
    el("p", {
      class: "meta",
      role: "status",
      text:
        note ||
        (invitation
          ? say("You are invited. Sign in at your organisation to begin.")
          : say("Comments wait here until they are cleared.")),
    }),
    el(
      "form",
      { on: { submit }, "aria-describedby": "signin-wrong" },
      el("div", { class: "field" }, el("label", { for: "name", text: say("Name") }), name),
      el("div", { class: "field" }, el("label", { for: "password", text: say("Password") }), password),
      second,
      wrong,
      button,
    ),
    elsewhere,
    languageChooser(),
    el("p", {
      class: "fine",
      text: say("Forgotten? An operator can set a new one: antechamber moderators password NAME"),
    }),
  );
  return { node, show: () => (who ? password : name).focus(), close: () => {} };
}
