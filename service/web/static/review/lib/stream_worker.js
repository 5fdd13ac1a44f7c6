// Hears what happens for all tabs of this browser together: one stream while a tab is in sight, none while all are hidden. A
// shared worker, with which `events` speaks: a tab says whether it is in sight, and hears {state} or {name, data}.

import { Stream } from "./stream.js";

const SILENT = 45_000; // milliseconds after which a tab that says nothing is taken for gone

/** @type {Map<MessagePort, number>} */
const tabs = new Map(); // those in sight -> when they last spoke

/** @param {{ state: boolean } | { name: string, data: string }} message */
function tell(message) {
  for (const port of tabs.keys()) port.postMessage(message);
}

const stream = new Stream({ hear: (name, data) => tell({ name, data }), told: (state) => tell({ state }) });

setInterval(() => {
  for (const [port, spoke] of tabs) {
    if (Date.now() - spoke <= SILENT) continue;
    port.postMessage({ state: false });
    tabs.delete(port);
  }
  stream.want(tabs.size > 0);
}, SILENT);

/** @type {any} */ (globalThis).onconnect = (/** @type {MessageEvent} */ { ports: [port] }) => {
  port.onmessage = (/** @type {MessageEvent<boolean>} */ { data: visible }) => {
    const known = tabs.has(port);
    if (visible) tabs.set(port, Date.now());
    else tabs.delete(port);
    if (visible && !known && stream.on) port.postMessage({ state: true });
    stream.want(tabs.size > 0);
  };
};
