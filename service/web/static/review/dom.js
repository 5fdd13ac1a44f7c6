// Makes elements. For every module that shows something; text goes in as text nodes and in no other way.

import { PICTURES } from "./pictures.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Options: `class`, `text`, `on` {event: handler}, `data` {name: value}; everything else is an attribute
 * (true: present, false, null or undefined: absent). Children are nodes or strings; null and false are left out.
 */
export function el(tag, options = {}, ...children) {
  return fill(document.createElement(tag), options, children);
}

/** An SVG element, with the same options. */
export function svg(tag, options = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), options, children);
}

/** One of our pictures; it says nothing to a screen reader. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true", viewBox: "0 0 16 16" }, svg("path", { d: PICTURES[name] }));
}

/** Replace what is in a node. */
export function put(node, ...children) {
  node.replaceChildren(...kept(children));
  return node;
}

/** Replace what is in a node by a newer version of the same: what was unfolded or had the focus still does. */
export function renew(node, ...children) {
  const open = new Set([...node.querySelectorAll("details[open]")].map((one) => one.className));
  const closed = new Set([...node.querySelectorAll("details:not([open])")].map((one) => one.className));
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  put(node, ...children);
  for (const one of node.querySelectorAll("details")) one.open = open.has(one.className) || (one.open && !closed.has(one.className));
  if (!focused) return;
  const same = [...node.querySelectorAll(focused.tagName)].find((one) => nameOf(one) === nameOf(focused));
  same?.focus({ preventScroll: true });
  if (focused.tagName === "TEXTAREA") same?.setSelectionRange(focused.selectionStart, focused.selectionEnd);
}

function nameOf(node) {
  return node.getAttribute("aria-label") ?? node.dataset.name ?? node.textContent;
}

/** Say something to a screen reader. */
export function announce(text) {
  const live = document.getElementById("live");
  live.textContent = live.textContent === text ? `${text}\u00a0` : text;
}

function fill(node, options, children) {
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.setAttribute("class", value);
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...kept(children));
  return node;
}

function kept(children) {
  return children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);
}
