// The way in. For `review.js`.

import { send } from "./api.js";
import { el, put } from "./dom.js";
import { duration } from "./words.js";

/** The sign-in page; `done(session)` is called when it worked. `note` says why one is here again. */
export function signInPage({ done, note = "" }) {
  const name = el("input", { id: "name", name: "name", type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true });
  const password = el("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
  const wrong = el("p", { class: "wrong", role: "alert", id: "signin-wrong" });
  const button = el("button", { type: "submit", class: "primary" }, "Sign in");
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    put(wrong);
    try {
      done(await send("POST", "/session", { name: name.value.trim(), password: password.value }, { quiet: true }));
    } catch (problem) {
      put(wrong, problem.status === 401 ? "That name and password don't fit together." : problem.status === 429 ? `That was tried too often. Please wait ${duration(problem.retryAfter || 60)} and try again.` : problem.message);
      password.select();
      password.focus();
    } finally {
      button.disabled = false;
    }
  };
  const node = el(
    "section",
    { class: "signin" },
    el("img", { src: "/review/static/icon.svg", alt: "", width: "40", height: "40" }),
    el("h1", { text: "Antechamber" }),
    el("p", { class: "meta", text: note || "Comments wait here until they are cleared." }),
    el("form", { on: { submit }, "aria-describedby": "signin-wrong" }, el("div", { class: "field" }, el("label", { for: "name", text: "Name" }), name), el("div", { class: "field" }, el("label", { for: "password", text: "Password" }), password), wrong, button),
    el("p", { class: "fine", text: "Forgotten? An operator can set a new one: antechamber moderators password NAME" }),
  );
  return { node, show: () => name.focus(), close: () => {} };
}
