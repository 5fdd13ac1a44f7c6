// Starts the moderators' page: session, address, header. Everything else is a page of its own.

import { get, remember, send, session } from "./api.js";
import { el, icon, put } from "./dom.js";
import { help } from "./help.js";
import { handle } from "./keys.js";
import { queuePage } from "./queuepage.js";
import { signInPage } from "./signin.js";
import { toastProblem } from "./toasts.js";

const PAGES = {
  queue: ["Queue", "inbox", null, () => queuePage],
  statistics: ["Statistics", "chart", null, async () => (await import("./statistics.js")).statisticsPage],
  policy: ["Policy", "shield", null, async () => (await import("./policy.js")).policyPage],
  deliveries: ["Deliveries", "send", "deliveries", async () => (await import("./deliveries.js")).deliveriesPage],
  audit: ["Audit log", "book", "audit", async () => (await import("./auditlog.js")).auditPage],
  settings: ["Settings", "gear", null, async () => (await import("./settings.js")).settingsPage],
}; // prettier-ignore

const main = document.getElementById("main");
const header = document.getElementById("header");
let me = null;
let page = { name: "", close() {} };
let routed = ""; // the address that is shown; while the bar has another one, a change is on its way

/** The address of a page. */
function href(name, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value && value !== "flagged"));
  return `#/${name}${query.size ? `?${query}` : ""}`;
}

function may(right) {
  return me?.rights.includes(right) ?? false;
}

async function route() {
  if (!me) return;
  routed = location.hash;
  const [path, query = ""] = location.hash.replace(/^#\/?/u, "").split("?");
  const name = Object.hasOwn(PAGES, path) && (!PAGES[path][2] || may(PAGES[path][2])) ? path : "queue";
  const parameters = new URLSearchParams(query);
  if (page.name !== name) {
    const make = await PAGES[name][3]();
    page.close();
    const go = (next, replace) => move(href(name, next), replace);
    page = { name, ...make({ me, may, go, href, live: showLive, signOut }) };
    put(main, page.node);
    main.className = `main page-${name}`;
    document.title = `${PAGES[name][0]} · Antechamber`;
  }
  showHeader();
  await page.show(parameters);
}

function move(address, replace) {
  if (address === location.hash || (address === "#/queue" && !location.hash)) return;
  if (!replace) {
    location.hash = address;
    return;
  }
  if (location.hash !== routed) return; // somebody asked for another page meanwhile
  history.replaceState(null, "", address);
  route();
}

function showHeader() {
  header.hidden = false;
  const links = Object.entries(PAGES)
    .filter(([name, [, , right]]) => name !== "settings" && (!right || may(right)))
    .map(([name, [title, picture]]) => el("a", { href: href(name), "aria-current": page.name === name ? "page" : null }, icon(picture), el("span", { text: title })));
  put(
    header,
    el("a", { class: "brand", href: href("queue") }, el("img", { src: "/review/static/icon.svg", alt: "", width: "22", height: "22" }), el("span", { text: "Antechamber" })),
    el("nav", { "aria-label": "Pages" }, links),
    el("span", { id: "stream", class: "stream", hidden: true }, "Reconnecting…"),
    el("button", { type: "button", class: "plain icon-only", "aria-label": "Keys", title: "Keys", on: { click: help } }, icon("help")),
    el("a", { class: "me", href: href("settings"), "aria-label": `Settings of ${me.name}`, "aria-current": page.name === "settings" ? "page" : null }, icon("person"), el("span", { text: me.name })),
  );
}

function showLive(on) {
  const sign = document.getElementById("stream");
  if (sign) sign.hidden = on;
}

function signIn(note = "") {
  me = null;
  page.close();
  header.hidden = true;
  page = { name: "signin", ...signInPage({ note, done: start }) };
  put(main, page.node);
  main.className = "main page-signin";
  document.title = "Sign in · Antechamber";
  page.show();
}

async function signOut(everywhere = false) {
  try {
    await send("DELETE", everywhere ? "/sessions" : "/session");
    signIn("You have signed out.");
  } catch (problem) {
    toastProblem(problem);
  }
}

function start(signedIn) {
  me = signedIn;
  remember(signedIn.csrf);
  page = { name: "", close() {} };
  route();
}

session.addEventListener("signedout", () => me && signIn("Your session is over. Please sign in again."));
addEventListener("hashchange", route);
handle({ help });
try {
  start(await get("/session", {}, { quiet: true }));
} catch (problem) {
  signIn(problem.status === 401 ? "" : problem.message);
}
