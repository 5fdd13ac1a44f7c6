// What a change of a policy changes, one line a field, in the words of the form. For `policy`.
import { el } from "../lib/dom.js";
import { labelName, sentence } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { percent } from "../lib/numbers.js";

/** @typedef {{ name?: string }} Named */

const quoted = (/** @type {string} */ text) => say("“{text}”", { text });

/** @type {Record<string, (label: string) => string>} */
const FROM = {
  hold: (label) => say("{label}, hold from", { label }),
  reject: (label) => say("{label}, reject from", { label }),
  discard: (label) => say("{label}, discard from", { label }),
};

/**
 * The changes as a list; null: there are none.
 *
 * @param {Api.Policy} before
 * @param {Api.Policy} after
 */
export function changesView(before, after) {
  const lines = changes(before, after).map(({ what, was, is }) =>
    el("li", {}, el("span", { text: `${what}: ` }), el("del", { text: was }), " → ", el("ins", { text: is })),
  );
  return lines.length ? el("ul", { class: "policy-changes diff" }, lines) : null;
}

/**
 * @param {Api.Policy} before
 * @param {Api.Policy} after
 * @returns {{ what: string, was: string, is: string }[]}
 */
export function changes(before, after) {
  const flat = [flatten(before), flatten(after)];
  const names = [...new Set(flat.flatMap((one) => [...one.keys()]))];
  return names
    .map((what) => ({ what, was: flat[0].get(what) ?? say("nothing"), is: flat[1].get(what) ?? say("nothing") }))
    .filter(({ was, is }) => was !== is);
}

/** @param {Api.Policy} policy */
function flatten(policy) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const [field, value] of Object.entries(policy)) {
    if (field === "thresholds") {
      for (const [label, steps] of Object.entries(value))
        for (const [step, share] of Object.entries(steps))
          if (share !== null) found.set(FROM[step](labelName(label)), percent(/** @type {number} */ (share)));
    } else if (field === "rules" || field === "lists") {
      /** @type {Named[]} */ (value).forEach((one, place) => {
        const { name, ...rest } = one;
        const kind = field === "rules" ? say("Rule") : say("List");
        found.set(
          `${kind} ${name || say("number {number}", { number: place + 1 })}`,
          `${place + 1}. ${JSON.stringify(rest)}`,
        );
      });
    } else if (field === "house_rules") {
      for (const { code, name, text, teaches } of /** @type {Api.HouseRule[]} */ (value))
        found.set(
          say("House rule {code}", { code }),
          `${quoted(name)}${text ? `, ${quoted(text)}` : ""}${teaches ? `, ${say("teaches {label}", { label: labelName(teaches) })}` : ""}`,
        );
    } else if (value !== null && value !== undefined) {
      found.set(
        sentence(field),
        field === "audit_share" ? percent(value) : typeof value === "string" ? value : JSON.stringify(value),
      );
    }
  }
  return found;
}
