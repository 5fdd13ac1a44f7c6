// Hears what happens elsewhere while this tab is in sight. All tabs of a browser share one stream, since a browser has few
// connections to one host. For the queue page.

import { Stream } from "./stream.js";

/**
 * @typedef {{ [Name in keyof Api.Events]: { name: Name, data: Api.Events[Name] } }[keyof Api.Events]} Heard
 * @typedef {{ hear: (event: Heard) => void, told: (on: boolean) => void }} Callbacks
 */

const SPEAK = 15_000; // milliseconds between two signs of life to the worker

/**
 * Listen; `hear` gets {name, data}, `state` gets true or false as the stream comes and goes, and whether something may have been
 * missed. Returns a function that stops.
 *
 * @param {{ hear: (event: Heard) => void, state: (on: boolean, again?: boolean) => void }} callbacks
 * @returns {() => void}
 */
export function listen({ hear, state }) {
  let missed = true; // something may have happened since the page was read
  const told = (/** @type {boolean} */ on) => {
    state(on, on && missed);
    missed = !on;
  };
  const follow = "SharedWorker" in globalThis ? shared({ hear, told }) : alone({ hear, told });
  const look = () => {
    missed ||= document.hidden;
    follow(!document.hidden);
  };
  const leave = () => {
    missed = true;
    follow(false);
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", look);
  follow(!document.hidden);
  return () => {
    document.removeEventListener("visibilitychange", look);
    removeEventListener("pagehide", leave);
    removeEventListener("pageshow", look);
    leave();
  };
}

/** @type {SharedWorker | undefined} */
let worker;

/**
 * The stream of all tabs.
 *
 * @param {Callbacks} callbacks
 */
function shared({ hear, told }) {
  worker ??= new SharedWorker("/review/static/lib/stream_worker.js", { type: "module", name: "antechamber" });
  const { port } = worker;
  let timer = 0;
  let wanted = false;
  port.onmessage = ({ data }) => {
    if (!wanted) return;
    if ("state" in data) told(data.state);
    else hear({ name: data.name, data: JSON.parse(data.data) });
  };
  return (/** @type {boolean} */ visible) => {
    wanted = visible;
    port.postMessage(visible);
    clearInterval(timer);
    if (visible) timer = setInterval(() => port.postMessage(true), SPEAK);
  };
}

/**
 * A stream of this tab's own, where a browser has no shared workers.
 *
 * @param {Callbacks} callbacks
 */
function alone({ hear, told }) {
  const stream = new Stream({ hear: (name, data) => hear({ name, data: JSON.parse(data) }), told });
  return (/** @type {boolean} */ visible) => stream.want(visible);
}
