// The choice of the page's language, each under the name that it calls itself. For the settings and the way in.
import { el } from "./dom.js";
import { say, speak } from "./language.js";
import { language } from "./numbers.js";

/**
 * A chooser; `id` is for a label, where there is one.
 *
 * @param {string} [id]
 */
export function languageChooser(id) {
  const known = (document.documentElement.dataset.languages ?? "").split("|").map((one) => one.split("="));
  /** @type {HTMLSelectElement} */
  const node = el(
    "select",
    { id, class: "languages", "aria-label": id ? null : say("Language"), on: { change: () => speak(node.value) } },
    known.map(([code, name]) => {
      const option = new Option(name, code, false, code === language);
      option.lang = code;
      return option;
    }),
  );
  return node;
}
