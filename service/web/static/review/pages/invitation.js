// Accepting a link: a name for who is new, a password. Then one signs in as everybody does. For `main`.
import { problemOf, send } from "../lib/api.js";
import { el, put } from "../lib/dom.js";
import { roleName } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { duration, exactly } from "../lib/numbers.js";

/**
 * The page of a link. `done(session)` is called when they are in; `over(note)` when they are to sign in by the other page.
 *
 * @param {{
 *   token: string, view: Api.InvitationView, done: (session: Api.SessionView) => void, over: (note: string) => void
 * }} options
 */
export function invitationPage({ token, view, done, over }) {
  const name = el("input", {
    id: "name",
    name: "name",
    type: "text",
    maxlength: "63",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    readonly: !view.new,
  });
  name.value = view.name;
  const password = secret("password");
  const again = secret("again");
  const wrong = el("p", { class: "wrong", role: "alert", id: "invitation-wrong" });
  const button = el("button", { type: "submit", class: "primary" }, view.new ? say("Begin") : say("Set the password"));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    if (password.value !== again.value) {
      put(wrong, say("The two passwords differ."));
      again.select();
      again.focus();
      return;
    }
    button.disabled = true;
    put(wrong);
    try {
      const given = { token, name: name.value.trim(), password: password.value };
      const accepted = await send("POST", "/invitation/accept", given, { quiet: true });
      await enter(accepted.name);
    } catch (error) {
      refuse(problemOf(error));
    } finally {
      button.disabled = false;
    }
  };
  /** @param {string} accepted */
  const enter = async (accepted) => {
    try {
      done(await send("POST", "/session", { name: accepted, password: password.value, code: "" }, { quiet: true }));
    } catch (error) {
      problemOf(error);
      over(say("Your password is set. Please sign in with it."));
    }
  };
  /** @param {import("../lib/api.js").Problem} problem */
  const refuse = (problem) => {
    if (problem.status === 404) {
      over(say("This link is not good any more. Ask for another."));
      return;
    }
    put(
      wrong,
      problem.status === 429
        ? say("That was tried too often. Please wait {time} and try again.", {
            time: duration(problem.retryAfter || 60),
          })
        : problem.message,
    );
    const field = problem.pointer === "/name" ? name : password;
    field.select();
    field.focus();
  };
  const node = el(
    "section",
    { class: "signin" },
    el("img", { src: "/review/static/icon.svg", alt: "", width: "40", height: "40" }),
    el("h1", { text: view.new ? say("You are invited") : say("Choose a new password") }),
    el("p", { class: "meta", role: "status", text: purpose(view) }),
    el(
      "form",
      { on: { submit }, "aria-describedby": "invitation-wrong" },
      labelled(say("Name"), name, view.new ? say("What colleagues see. Small letters and digits; it stays.") : ""),
      labelled(say("Password"), password, say("At least 8 characters; a few words are good.")),
      labelled(say("And again"), again),
      wrong,
      button,
    ),
    el("p", { class: "fine", text: say("This link is good once, until {time}.", { time: exactly(view.until) }) }),
  );
  return { node, show: () => (view.new ? name : password).focus(), close: () => {} };
}

/** @param {Api.InvitationView} view */
function purpose({ new: fresh, role, sites }) {
  if (!fresh) return say("It ends all sessions that you had.");
  return sites.length
    ? say("You will be {role} of {sites}.", { role: roleName(role), sites: sites.join(", ") })
    : say("You will be {role} of all sites.", { role: roleName(role) });
}

/** @param {string} id */
function secret(id) {
  return el("input", { id, name: id, type: "password", autocomplete: "new-password", required: true });
}

/**
 * @param {string} label
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
function labelled(label, input, hint = "") {
  if (hint) input.setAttribute("aria-describedby", `${input.id}-hint`);
  return el(
    "div",
    { class: "field" },
    el("label", { for: input.id, text: label }),
    input,
    hint ? el("p", { class: "hint", id: `${input.id}-hint`, text: hint }) : null,
  );
}
