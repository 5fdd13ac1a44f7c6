// Makes elements. For every module that shows something; text goes in as text nodes and in no other way.

import { say } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {Node | string | number | null | undefined | false} Leaf
 * @typedef {Leaf | readonly Leaf[] | readonly (Leaf | readonly Leaf[])[]} Child
 * @typedef {keyof typeof ICONS} Picture
 * @typedef {{ [event: string]: (event: any) => unknown }} Handlers
 * @typedef {{ on?: Handlers, data?: Record<string, string | number>, [attribute: string]: unknown }} Options
 */

/**
 * An element. Options: `class`, `text`, `on` {event: handler}, `data` {name: value}; everything else is an attribute
 * (true: present, false, null or undefined: absent). Children are nodes or strings; null and false are left out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Options} [options]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, options = {}, ...children) {
  return fill(document.createElement(tag), options, children);
}

/**
 * An SVG element, with the same options.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Options} [options]
 * @param {Child[]} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, options = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), options, children);
}

/**
 * One of our pictures; it says nothing to a screen reader.
 *
 * @param {keyof typeof ICONS} name
 */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true", viewBox: "0 0 16 16" }, svg("path", { d: ICONS[name] }));
}

/**
 * Replace what is in a node.
 *
 * @template {Element} T
 * @param {T} node
 * @param {Child[]} children
 */
export function put(node, ...children) {
  node.replaceChildren(...kept(children));
  return node;
}

let unfolders = 0;

/**
 * A button that unfolds a part of the page where there is no room for it (the style sheet says where); a link in it folds it again.
 *
 * @param {HTMLElement} part
 */
export function unfolder(part) {
  part.id = `unfolds-${(unfolders += 1)}`;
  part.classList.add("unfolds");
  part.popover = "auto";
  part.addEventListener("click", ({ target }) => {
    if (part.matches(":popover-open") && target instanceof Element && target.closest("a")) part.hidePopover();
  });
  return el("button", { type: "button", class: "unfolder", popovertarget: part.id });
}

/** Whether there is room for one pane only, as the style sheet sees it. */
export const isNarrow = () => matchMedia("(width < 45em)").matches;

/**
 * A list of which only the first few are shown, and a button that shows the rest.
 *
 * @param {Options} options
 * @param {HTMLElement[]} items
 * @param {number} few
 */
export function unfolding(options, items, few) {
  const list = el("ul", options, items.slice(0, few));
  const rest = items.slice(few);
  if (!rest.length) return [list];
  const more = el("button", { type: "button", class: "link" }, say("{count} more", { count: rest.length }));
  more.addEventListener("click", () => (list.append(...rest), more.remove()));
  return [list, more];
}

/**
 * Replace what is in a node by a newer version of the same: what was unfolded or had the focus still does.
 *
 * @param {HTMLElement} node
 * @param {Child[]} children
 */
export function renew(node, ...children) {
  /** @type {NodeListOf<HTMLDetailsElement>} */
  const before = node.querySelectorAll("details");
  const open = new Map([...before].map((one) => [one.dataset.name ?? one.className, one.open]));
  const active = document.activeElement;
  const focused = active instanceof HTMLElement && node.contains(active) ? active : null;
  put(node, ...children);
  for (const one of node.querySelectorAll("details"))
    one.open = open.get(one.dataset.name ?? one.className) ?? one.open;
  if (!focused) return;
  /** @type {NodeListOf<HTMLElement>} */
  const alike = node.querySelectorAll(focused.tagName);
  const same = [...alike].find((one) => nameOf(one) === nameOf(focused));
  same?.focus({ preventScroll: true });
  if (focused instanceof HTMLTextAreaElement && same instanceof HTMLTextAreaElement)
    same.setSelectionRange(focused.selectionStart, focused.selectionEnd);
}

/** @param {HTMLElement} node */
function nameOf(node) {
  return node.getAttribute("aria-label") ?? node.dataset.name ?? node.textContent;
}

/**
 * An element that the document has.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`nothing is called ${id}`);
  return node;
}

const SAID = 3; // messages that stay in the document: one that is replaced at once may never be read out

/**
 * Say something to a screen reader.
 *
 * @param {string} text
 */
export function announce(text) {
  const live = byId("live");
  live.append(el("span", { text: `${text} ` }));
  while (live.children.length > SAID) live.firstElementChild?.remove();
}

/** Take back what was said: it may name what is hidden from now on. */
export function hush() {
  byId("live").replaceChildren();
}

/** Put the focus where one reads on: at the comment that is open, else at the page's heading. */
export function land() {
  /** @type {NodeListOf<HTMLElement>} */
  const places = document.querySelectorAll("main h1, main [data-lands]"); // a page's heading comes first in it
  const place = [...places].reverse().find((one) => one.checkVisibility());
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/**
 * Do what may take away the thing that has the focus. Whoever works by the keyboard goes on where one reads on.
 *
 * @param {() => void} work
 */
export function landing(work) {
  const before = document.activeElement;
  work();
  const now = document.activeElement;
  if (before !== document.body && (!now || now === document.body || !now.checkVisibility())) land();
}

/**
 * @template {HTMLElement | SVGElement} T
 * @param {T} node
 * @param {Options} options
 * @param {Child[]} children
 */
function fill(node, options, children) {
  const { on = {}, data = {}, ...attributes } = options;
  for (const [event, handler] of Object.entries(on)) node.addEventListener(event, handler);
  Object.assign(node.dataset, data);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = String(value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...kept(children));
  return node;
}

/**
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function kept(children) {
  const leaves = /** @type {Leaf[]} */ (children.flat(3));
  return leaves
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

// The icons on buttons and lists: each is one line, drawn on 16 by 16.

const ICONS = {
  inbox:
    "M2 9.5h3.5l1 2h3l1-2H14M2 9.5V12a1.5 1.5 0 0 0 1.5 1.5h9A1.5 1.5 0 0 0 14 12V9.5L12 3.5a1 1 0 0 0-1-.75H5a1 1 0 0 0-1 .75z",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  clock: "M8 4.5V8l2.5 1.5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z",
  flag: "M3.5 14V2.5h8L10 5.5l1.5 3h-8",
  scale: "M8 2.5v11M5 13.5h6M3 4.5h10M3 4.5L1.5 9a2 2 0 0 0 3.5 0zM13 4.5L11.5 9A2 2 0 0 0 14.5 9z",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  hidden:
    "M2.5 2.5l11 11M6 3.8A6 6 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a12 12 0 0 1-1.7 2.2M4 5A11 11 0 0 0 1.5 8S4 12.5 8 12.5A6 6 0 0 0 11 11.5",
  check: "M3 8.5l3.5 3.5L13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  ban: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM3.8 3.8l8.4 8.4",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5L14 14",
  filter: "M2 4h12M4.5 8h7M6.5 12h3",
  back: "M9.5 3.5L5 8l4.5 4.5",
  down: "M3.5 6L8 10.5 12.5 6",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  person: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8zM2.5 14a5.5 5.5 0 0 1 11 0",
  people:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5a4.5 4.5 0 0 1 9 0M10.5 3.2a2.5 2.5 0 0 1 0 4.6M12 9.6a4.5 4.5 0 0 1 2.5 3.9",
  copies:
    "M5.5 5.5V3.5a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2M3.5 5.5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1z",
  chart: "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
  shield: "M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4z",
  send: "M14 2L7 9M14 2l-4.5 12L7 9 2 6.5z",
  book: "M3 3.5A1 1 0 0 1 4 2.5h9v9H4a1 1 0 0 0-1 1zM3 12.5a1 1 0 0 0 1 1h9",
  gear: "M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5L6 3.5M3 6.5l3 3",
  pin: "M4 2.5h8v11L8 10.5l-4 3z",
  help: "M6 6a2 2 0 1 1 2.8 1.8c-.5.2-.8.6-.8 1.2v.5M8 12h.01M8 14.5A6.5 6.5 0 1 0 8 1.5a6.5 6.5 0 0 0 0 13z",
  note: "M3 2.5h10v8l-3 3H3zM10 13.5v-3h3M5.5 6h5M5.5 8.5h3",
  link: "M6.5 9.5l3-3M7 5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.5 1.5a2.8 2.8 0 0 1-4-4L5 7",
  out: "M9.5 2.5h4v4M13.5 2.5L8 8M12 9.5v3a1 1 0 0 1-1 1H3.5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h3",
  evidence: "M3 2.5h10v11H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3",
};
