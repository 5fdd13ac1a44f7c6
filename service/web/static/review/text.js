// Shows a comment's text as it was written, with marks, masked words, visible hidden characters and links that can't be
// clicked. For the comment pane.

import { el } from "./dom.js";
import { pieces } from "./marking.js";
import { signed } from "./words.js";

const FIRST = 6_000; // characters shown before one asks for the rest

/**
 * The text as an element. Options: `marks` (of `marksOf`), `mask` (hide the worst), `numbers` (show contributions), `whole`
 * (all of a very long text), `more` (called when the rest is asked for).
 */
export function textView(text, { marks = [], mask = false, numbers = false, whole = false, more = null } = {}) {
  const cut = whole || text.length <= FIRST ? text : text.slice(0, FIRST).replace(/[\ud800-\udbff]$/u, "");
  const view = el("div", { class: numbers ? "text numbers" : "text", dir: "auto" });
  let open = null; // the mark that is being filled
  for (const piece of pieces(cut, marks)) {
    if (piece.mark !== open?.mark) {
      open = piece.mark ? { mark: piece.mark, node: markView(piece.mark, mask) } : null;
      if (open) view.append(open.node);
    }
    (open?.node.querySelector(".inner") ?? view).append(inner(piece));
  }
  if (cut.length === text.length) return view;
  const rest = el("button", { class: "quiet", type: "button", on: { click: () => more?.() } }, `Show all ${text.length.toLocaleString("en")} characters`);
  return el("div", {}, view, rest);
}

/** A short text, such as a name, with what it hides made visible. */
export function shortView(text) {
  return pieces(text, []).map((piece) => inner({ ...piece, link: null }));
}

function markView(mark, mask) {
  const side = mark.level > 0 ? "for" : "against";
  const hidden = mask && mark.worst;
  const content = el("span", { class: "inner" });
  const node = el("mark", { class: `mark ${side}-${Math.abs(mark.level)}`, title: `${signed(mark.contribution)} to the score`, data: { number: signed(mark.contribution) } }, content);
  if (!hidden) return node;
  node.classList.add("masked");
  Object.assign(node, { tabIndex: 0, title: "Masked; press to show" });
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", "Masked words; press to show");
  const reveal = () => {
    node.classList.remove("masked");
    node.removeAttribute("role");
    node.removeAttribute("aria-label");
    node.removeAttribute("tabindex");
  };
  node.addEventListener("click", reveal, { once: true });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    reveal();
  });
  return node;
}

function inner({ text, odd, link }) {
  if (odd?.kind === "hidden" || odd?.kind === "direction") {
    return el("span", { class: `chip ${odd.kind}`, title: `${odd.name}, ${odd.shown}` }, el("span", { text: odd.shown }), el("span", { class: "unseen", text: ` ${odd.name} ` }));
  }
  if (odd?.kind === "stack") return el("span", { class: "chip", title: odd.name, text: odd.shown });
  if (odd?.kind === "alike") return el("span", { class: "alike", title: odd.name, text });
  if (link) return el("span", { class: "address", title: `Leads to ${link.host}`, text });
  return document.createTextNode(text);
}
