// Short messages that come and go, with a way back where there is one. For every module that did something.

import { problemOf } from "./api.js";
import { announce, byId, el, icon, landing } from "./dom.js";
import { say } from "./language.js";
import { measure } from "./numbers.js";

const STAY = 6_000; // milliseconds
const MOST = 3; // what went wrong stays for a while; of what went well only the last is shown

const measuring = new ResizeObserver(() => {
  /** @type {NodeListOf<HTMLElement>} */
  const bars = document.querySelectorAll("[data-foot]"); // a list of our own would keep pages that are gone
  const tallest = Math.max(0, ...[...bars].map((bar) => bar.offsetHeight));
  document.documentElement.style.setProperty("--foot", `${Math.min(tallest, innerHeight / 2)}px`);
});

/**
 * Keep messages above a bar at the foot of the page, however high it is, for as long as it is there.
 *
 * @param {HTMLElement} bar
 */
export function keepAbove(bar) {
  bar.dataset.foot = "";
  measuring.observe(bar);
}

/**
 * Show a message. Options: `kind` ("good", "bad" or ""), `until` (milliseconds since 1970, where a way back counts down to),
 * `action` [name, handler, hint]. Returns a function that takes it away.
 *
 * @param {string} text
 * @param {{ kind?: string, until?: number, action?: [string, () => unknown, HTMLElement?] | null }} [options]
 */
export function toast(text, { kind = "", until = 0, action = null } = {}) {
  const box = byId("toasts");
  /** @type {Element | null} */
  let shown = null; // whoever keeps the way to close it keeps nothing of the page when it is gone
  const close = () => {
    clearInterval(timer);
    landing(() => shown?.remove());
    shown = null;
  };
  const end = until || Date.now() + (kind === "bad" ? 2 * STAY : STAY);
  let held = false;
  const node = (shown = draw(text, kind, until > 0 && action !== null, action, close));
  node.addEventListener("pointerenter", () => (held = true));
  node.addEventListener("pointerleave", () => (held = false));
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    const left = shown?.querySelector(".left");
    if (left) left.textContent = measure(Math.max(0, seconds), "second");
    if (!shown?.isConnected || (seconds <= 0 && (until || !held))) close();
  };
  for (const other of box.querySelectorAll(".toast:not(.bad)")) other.remove();
  box.append(node);
  while (box.children.length > MOST) box.firstElementChild?.remove();
  const timer = setInterval(tick, 250);
  tick();
  announce(text);
  return close;
}

/**
 * A message on the page. It stands apart from `toast`, whose way to close it would keep all that is drawn here, and is kept itself.
 *
 * @param {string} text
 * @param {string} kind
 * @param {boolean} counts
 * @param {[string, () => unknown, HTMLElement?] | null} action
 * @param {() => void} close
 */
function draw(text, kind, counts, action, close) {
  return el(
    "div",
    { class: `toast ${kind}` },
    el("span", { class: "said", text }),
    counts ? el("span", { class: "left", "aria-hidden": "true" }) : null,
    action &&
      el(
        "button",
        { type: "button", class: "plain", on: { click: () => (close(), action[1]()) } },
        action[0],
        action[2],
      ),
    el(
      "button",
      { type: "button", class: "plain icon-only", "aria-label": say("Close"), on: { click: close } },
      icon("cross"),
    ),
  );
}

/**
 * Show what went wrong.
 *
 * @param {unknown} problem
 */
export function toastProblem(problem) {
  toast(problemOf(problem).message, { kind: "bad" });
}
