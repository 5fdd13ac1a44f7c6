// The house rules of a policy as a form: reasons of the site's own. Writes into the draft it is given. For `policy_form`.

import { field } from "../lib/dialogs.js";
import { el, icon, put } from "../lib/dom.js";
import { labelName } from "../lib/labels.js";
import { say } from "../lib/language.js";

/** @type {NonNullable<Api.HouseRule["teaches"]>[]} */
const TEACHES = ["spam", "toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack"];

/**
 * The section.
 *
 * @param {Api.Policy} draft
 * @param {() => void} changed called after each change
 */
export function houseRulesSection(draft, changed) {
  const list = el("div", { class: "measures" });
  const fill = () =>
    put(
      list,
      (draft.house_rules ?? []).map((rule, index) => one(rule, index)),
    );
  /** @param {Api.HouseRule[]} rules */
  const have = (rules) => {
    draft.house_rules = rules;
    fill();
    changed();
  };
  const add = () => {
    have([...(draft.house_rules ?? []), { code: "", name: "" }]);
    list.lastElementChild?.querySelector("input")?.focus();
  };
  /**
   * @param {Api.HouseRule} rule
   * @param {number} index
   */
  const one = (rule, index) => {
    /** @param {"code" | "name" | "text"} name */
    const input = (name) => {
      const node = el("input", {
        type: "text",
        autocomplete: "off",
        dir: "auto",
        data: { pointer: `/policy/house_rules/${index}/${name}` },
      });
      node.value = rule[name] ?? "";
      return node;
    };
    const [own, code, text] = [input("name"), input("code"), input("text")];
    const keep = (/** @type {Partial<Api.HouseRule>} */ more) => {
      Object.assign(rule, more);
      changed();
    };
    for (const [name, field] of Object.entries({ name: own, code, text }))
      field.addEventListener("input", () => keep({ [name]: field.value.trim() }));
    own.addEventListener("change", () => {
      if (!code.value) keep({ code: (code.value = codeOf(own.value)) });
    });
    const teaches = el(
      "select",
      { data: { pointer: `/policy/house_rules/${index}/teaches` } },
      new Option(say("Nothing"), ""),
      TEACHES.map((label) => new Option(labelName(label), label, false, label === rule.teaches)),
    );
    teaches.addEventListener("change", () => keep({ teaches: TEACHES[teaches.selectedIndex - 1] ?? "" }));
    return el(
      "div",
      { class: "measure", role: "group", "aria-label": rule.name || say("New house rule") },
      el(
        "div",
        { class: "fields" },
        field(say("Name"), own),
        field(say("Code"), code),
        field(say("It teaches"), teaches),
        el(
          "span",
          { class: "moves" },
          el(
            "button",
            {
              type: "button",
              class: "plain icon-only",
              "aria-label": say("Remove {name}", { name: rule.name || say("this") }),
              on: { click: () => have((draft.house_rules ?? []).filter((other) => other !== rule)) },
            },
            icon("cross"),
          ),
        ),
      ),
      field(say("What the author is told (empty: the name)"), text),
    );
  };
  fill();
  return el(
    "section",
    { class: "card" },
    el("h2", { text: say("House rules") }),
    el("p", { class: "hint", text: say("Reasons of this site's own, above the others when a moderator rejects.") }),
    list,
    el("button", { type: "button", class: "quiet", on: { click: add } }, say("Add a house rule")),
  );
}

/**
 * A code for a name: "No links, please!" is "no-links-please".
 *
 * @param {string} name
 */
function codeOf(name) {
  const plain = name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return plain
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^[^a-z]+|-+$/gu, "")
    .slice(0, 40);
}
