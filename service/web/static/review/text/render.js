// Shows a comment's text as it was written, with marks, covered words, visible hidden characters and links that can't be
// clicked; and two texts as one, with what changed. For the comment pane and the editor.
import { el } from "../lib/dom.js";
import { say } from "../lib/language.js";
import { count, signed } from "../lib/numbers.js";
import { filler } from "./content_warning.js";
import { difference } from "./diff.js";
import { pieces } from "./highlights.js";
import { codeOf } from "./unicode.js";

/** @import { Mark, Piece, Range } from "./highlights.js" */

const FIRST = 6_000; // characters shown before one asks for the rest

/**
 * The text as an element. Options: `marks` (of `marksOf`), `covered` (ranges, of `content_warning`) and `uncover` (called with the one
 * that somebody wants to read), `passages` (where each begins), `numbers` (show contributions), `whole` (all of a very long text), `more` (called when the rest
 * is asked for).
 *
 * @param {string} text
 * @param {{
 * marks?: Mark[], passages?: number[], covered?: Range[], uncover?: (range: Range) => unknown, numbers?: boolean, whole?: boolean, more?: () => unknown
 * }} [options]
 */
export function textView(
  text,
  { marks = [], passages = [], covered = [], uncover = () => {}, numbers = false, whole = false, more = () => {} } = {},
) {
  const cut = whole || text.length <= FIRST ? text : text.slice(0, FIRST).replace(/[\ud800-\udbff]$/u, "");
  const view = el("div", { class: numbers ? "text numbers" : "text", dir: "auto" });
  /** @type {{ mark: Mark | null, covered: Range | null, node: HTMLElement }} */
  let open = { mark: null, covered: null, node: view }; // what is being filled
  for (const piece of pieces(cut, marks, covered, passages)) {
    if (piece.passage) {
      view.append(passageView(piece.passage));
      open = { mark: null, covered: null, node: view };
    }
    if (piece.covered !== open.covered || (!piece.covered && piece.mark !== open.mark)) {
      const node = piece.covered ? coverView(cut, piece.covered, uncover) : piece.mark ? markView(piece.mark) : view;
      if (node !== view) view.append(node);
      open = { mark: piece.mark, covered: piece.covered, node };
    }
    if (!piece.covered) open.node.append(inner(piece));
  }
  if (cut.length === text.length) return view;
  const rest = el(
    "button",
    { class: "quiet", type: "button", on: { click: () => more() } },
    say("Show all {count} characters", { count: text.length }),
  );
  return el("div", {}, view, rest);
}

/**
 * A short text, such as a name, with what it hides made visible.
 *
 * @param {string} text
 */
export function shortView(text) {
  return pieces(text).map((piece) => inner({ ...piece, link: null }));
}

/**
 * Where a passage begins that was read apart. It is no letter of the text.
 *
 * @param {number} number
 */
function passageView(number) {
  return el("span", {
    class: "passage",
    role: "img",
    "aria-label": say("Passage {number}", { number }),
    data: { number: count(number) },
  });
}

/** @param {Mark} mark */
function markView({ level, contribution }) {
  return el("mark", {
    class: `mark ${level > 0 ? "for" : "against"}-${Math.abs(level)}`,
    title: say("{number} to the score", { number: signed(contribution) }),
    data: { number: signed(contribution) },
  });
}

/**
 * What covers words: a button, of which not a letter is in the page. It stays in the line, as words do.
 *
 * @param {string} text
 * @param {Range} range
 * @param {(range: Range) => unknown} uncover
 */
function coverView(text, range, uncover) {
  const words = el("span", { "aria-hidden": "true", text: filler(text.slice(range.start, range.end)) });
  const node = el(
    "span",
    {
      class: "covered",
      role: "button",
      tabindex: "0",
      "aria-label": say("Covered words; press to show"),
      title: say("Covered; press to show"),
    },
    words,
  );
  node.addEventListener("click", () => uncover(range));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    uncover(range);
  });
  return node;
}

/** @param {Pick<Piece, "text" | "odd" | "link">} piece */
function inner({ text, odd, link }) {
  if (odd?.kind === "hidden" || odd?.kind === "direction") {
    return el(
      "span",
      { class: `chip ${odd.kind}`, title: `${odd.name}, ${odd.shown}`, data: { codes: odd.shown } },
      el("span", { text: odd.shown }),
      el("span", { class: "unseen", text: ` ${odd.name} ` }),
    );
  }
  if (odd?.kind === "stack") {
    const codes = [...text].map(codeOf).join(" ");
    return el("span", { class: "chip", title: odd.name, data: { codes }, text: odd.shown });
  }
  if (odd?.kind === "alike") {
    return el("span", {
      class: "alike",
      title: link ? say("{name}; leads to {host}", { name: odd.name, host: link.host }) : odd.name,
      text,
    });
  }
  if (link) return el("span", { class: "address", title: say("Leads to {host}", { host: link.host }), text });
  return document.createTextNode(text);
}

/**
 * Two texts as one, with what went and what came. Of what stays, `around` characters are shown beside what does not; all of it
 * unless told.
 *
 * @param {string} before
 * @param {string} after
 * @param {number} [around]
 */
export function diffView(before, after, around = Infinity) {
  const steps = difference(before, after);
  const parts = steps.map(({ kind, text }, index) =>
    kind === "same"
      ? shortened(text, index ? around : 0, index < steps.length - 1 ? around : 0)
      : el(kind === "added" ? "ins" : "del", { text }),
  );
  return el("div", { class: "text diff", dir: "auto" }, parts);
}

/**
 * The first and the last so many characters of a text, if there are more.
 *
 * @param {string} text
 * @param {number} first
 * @param {number} last
 */
function shortened(text, first, last) {
  const letters = [...text];
  if (first === Infinity || last === Infinity || letters.length <= first + last + 2) return text;
  return `${letters.slice(0, first).join("")} … ${last ? letters.slice(-last).join("") : ""}`;
}
