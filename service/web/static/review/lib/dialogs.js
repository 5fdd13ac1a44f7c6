// Dialogs: a question with fields, answered or closed. For every module that must ask before it acts.

import { el, icon, landing } from "./dom.js";
import { say } from "./language.js";

/** @import { Child } from "./dom.js" */

/**
 * Ask. `content` is what stands in the dialog; `buttons` are [name, kind, value]; `check` may refuse a value by returning a
 * sentence, which is shown. Resolves to the value of the button, or null when it was closed.
 *
 * @param {string} title
 * @param {Child} content
 * @param {[string, string, string][]} buttons
 * @param {{ check?: (value: string) => string, wide?: boolean }} [options]
 * @returns {Promise<string | null>}
 */
export function ask(title, content, buttons, { check = () => "", wide = false } = {}) {
  return new Promise((resolve) => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const wrong = el("p", { class: "wrong", role: "alert" });
    const name = `dialog-${(made += 1)}`;
    /** @param {string | null} value */
    const finish = (value) => {
      const refusal = value === null ? "" : check(value);
      if (refusal) {
        wrong.textContent = refusal;
        return;
      }
      landing(() => {
        dialog.close();
        dialog.remove();
        if (before?.isConnected) before.focus();
      });
      resolve(value);
    };
    const dialog = el(
      "dialog",
      {
        class: wide ? "dialog wide" : "dialog",
        "aria-labelledby": name,
        on: { cancel: (event) => (event.preventDefault(), finish(null)) },
      },
      el(
        "form",
        {
          method: "dialog",
          on: {
            submit: (event) => (event.preventDefault(), finish(event.submitter?.value ?? buttons[0]?.[2] ?? null)),
          },
        },
        el(
          "header",
          {},
          el("h2", { id: name, text: title }),
          el(
            "button",
            { type: "button", class: "plain icon-only", "aria-label": say("Close"), on: { click: () => finish(null) } },
            icon("cross"),
          ),
        ),
        el("div", { class: "dialog-body" }, content, wrong),
        buttons.length
          ? el(
              "footer",
              {},
              buttons.map(([text, kind, value]) => el("button", { type: "submit", class: kind, value, text })),
            )
          : null,
      ),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && finish(null));
    document.body.append(dialog);
    dialog.showModal();
    /** @type {HTMLElement | null} */ (
      dialog.querySelector("[autofocus], input, textarea, select, footer button")
    )?.focus();
  });
}

let made = 0;

/**
 * A labelled field; `options` as for `el`.
 *
 * @param {string} label
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint = "") {
  const name = `field-${(made += 1)}`;
  input.id = name;
  if (hint) input.setAttribute("aria-describedby", `${name}-hint`);
  return el(
    "div",
    { class: "field" },
    el("label", { for: name, text: label }),
    input,
    hint ? el("p", { class: "hint", id: `${name}-hint`, text: hint }) : null,
  );
}
