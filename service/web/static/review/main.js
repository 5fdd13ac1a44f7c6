// Starts the moderators' page: session, address, header. Everything else is a page of its own.
import { attend, get, problemOf, remember, send, unreachable } from "./lib/api.js";
import { ask, field } from "./lib/dialogs.js";
import { byId, el, icon, land, landing, put, unfolder } from "./lib/dom.js";
import { draftsOf } from "./lib/drafts.js";
import { findBy, handle } from "./lib/keys.js";
import { LIST_GROUPS, learnHouseRules, listName } from "./lib/labels.js";
import { say } from "./lib/language.js";
import { count } from "./lib/numbers.js";
import { preferencesOf } from "./lib/preferences.js";
import { toastProblem } from "./lib/toasts.js";
import { invitationPage } from "./pages/invitation.js";
import { endPush, keepPush } from "./pages/push.js";
import { help, settingsPage } from "./pages/settings.js";
import { arrival, signInPage } from "./pages/sign_in.js";
import { menu } from "./queue/actions.js";
import { smallRows } from "./queue/author.js";
import { queuePage } from "./queue/page.js";

/** @import { Picture } from "./lib/dom.js" */

/**
 * @typedef {{
 *   me: Api.SessionView,
 *   may: (right: Api.Right) => boolean,
 *   go: (parameters: Record<string, unknown>, replace?: boolean) => void,
 *   href: (page: string, parameters?: Record<string, unknown>) => string,
 *   live: (on: boolean) => void,
 *   waiting: (number: number) => void,
 *   signOut: (everywhere: boolean) => void,
 *   renewed: (session: Api.SessionView) => void,
 * }} Frame What every page is given: who is here, what they may do, how to go elsewhere
 * @typedef {{ node: HTMLElement, show: (parameters: URLSearchParams) => unknown, close: () => void }} Page
 * @typedef {(frame: Frame) => Page} Maker
 */

/** @type {Record<string, { title: string, picture: Picture, right?: Api.Right, make: () => Maker | Promise<Maker> }>} */
const PAGES = {
  queue: { title: say("Queue"), picture: "inbox", make: () => queuePage },
  campaigns: {
    title: say("Campaigns"),
    picture: "copies",
    make: async () => (await import("./pages/campaigns.js")).campaignsPage,
  },
  statistics: {
    title: say("Statistics"),
    picture: "chart",
    make: async () => (await import("./pages/statistics.js")).statisticsPage,
  },
  policy: { title: say("Policy"), picture: "shield", make: async () => (await import("./pages/policy.js")).policyPage },
  deliveries: {
    title: say("Deliveries"),
    picture: "send",
    right: "deliveries",
    make: async () => (await import("./pages/deliveries.js")).deliveriesPage,
  },
  audit: {
    title: say("Audit log"),
    picture: "book",
    right: "audit",
    make: async () => (await import("./pages/audit_log.js")).auditPage,
  },
  team: {
    title: say("Team"),
    picture: "people",
    right: "team",
    make: async () => (await import("./pages/team.js")).teamPage,
  },
  settings: { title: say("Settings"), picture: "gear", make: () => settingsPage },
};

const main = byId("main");
const header = byId("header");
/** @type {Api.SessionView | null} */
let me = null;
/** @type {{ name: string } & Partial<Page>} */
let page = { name: "" };
let waits = 0; // comments for this moderator
let routed = ""; // the address that is shown; while the bar has another one, a change is on its way

/**
 * The address of a page.
 *
 * @param {string} name
 * @param {Record<string, unknown>} [parameters]
 */
function href(name, parameters = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters))
    if (value && value !== "flagged") query.set(key, String(value));
  return `#/${name}${query.size ? `?${query}` : ""}`;
}

/** @param {Api.Right} right */
function may(right) {
  return me?.rights.includes(right) ?? false;
}

/**
 * Whether somebody may see a page.
 *
 * @param {string} name
 */
function isOpen(name) {
  const { right } = PAGES[name];
  return !right || may(right);
}

/**
 * What makes a page; undefined, and it is said: it could not be fetched.
 *
 * @param {string} name
 */
async function madeOf(name) {
  try {
    return await PAGES[name].make();
  } catch {
    toastProblem(unreachable());
    return undefined;
  }
}

/** @param {boolean} [lands] whether the focus follows to another page */
async function route(lands = true) {
  if (!me) return;
  const asked = location.hash;
  const [path, query = ""] = location.hash.replace(/^#\/?/u, "").split("?");
  const name = me.enrols ? "settings" : Object.hasOwn(PAGES, path) && isOpen(path) ? path : "queue";
  const parameters = new URLSearchParams(query);
  const another = page.name !== name;
  if (another) {
    const make = await madeOf(name);
    if (location.hash !== asked || !me) return; // by now, another page is asked for
    if (!make) {
      const before = routed;
      routed = asked;
      move(page.name ? before : href("queue"), true);
      return;
    }
    page.close?.();
    const opened = make({
      me,
      may,
      go: (next, replace) => move(href(name, next), replace),
      href,
      live: showLive,
      signOut,
      renewed,
      waiting: (number) => {
        waits = number;
        titled();
      },
    });
    page = { name, ...opened };
    put(main, opened.node);
    main.className = `main page-${name}`;
    titled();
    showHeader(me);
  }
  routed = asked;
  await page.show?.(parameters);
  if (lands && another && document.activeElement === document.body) land();
}

/** @type {Record<string, string>} The letters of `g`, where a list's own is taken. */
const LETTERS = { flagged: "q", snoozed: "l", appealed: "p", later: "f", audit: "b", rejected: "s" };

/** @param {string} list */
const letterOf = (list) => LETTERS[list] ?? list[0];

/** Ask for a list by a letter, and go there. */
async function goTo() {
  if (!me || me.enrols) return;
  /** @type {[string, string, string][]} */
  const items = [
    ...LIST_GROUPS.flat().map(
      (list) => /** @type {[string, string, string]} */ ([href("queue", { list }), listName(list), letterOf(list)]),
    ),
    [href("queue", { list: "escalated", handed: "me" }), say("Mine"), "m"],
    [href("campaigns"), PAGES.campaigns.title, "c"],
  ];
  const chosen = await menu(null, say("Go to"), items);
  if (chosen) location.hash = chosen.value;
}

/** Ask for a comment by its address, an id or words, and go there. */
async function find() {
  const words = el("input", {
    type: "text",
    maxlength: "2000",
    autocomplete: "off",
    spellcheck: "false",
    autofocus: true,
  });
  const hint = say("An address or an id of a comment, here or on its page, or words to search for.");
  if (!(await ask(say("Find a comment"), field(say("Paste or type"), words, hint), [[say("Find"), "primary", "yes"]])))
    return;
  const q = words.value.trim();
  if (!q) return;
  try {
    const { items } = await get("/find", { q });
    if (items.length === 1) location.hash = href("queue", { id: items[0].id });
    else if (!items.length) location.hash = href("queue", { q: q.slice(0, 200) });
    else {
      const list = smallRows(items, { href: (_, id = "") => href("queue", { id }) });
      list.querySelector("a")?.setAttribute("autofocus", "");
      list.addEventListener("click", () => list.closest("dialog")?.querySelector("button")?.click());
      await ask(say("Which one?"), list, []);
    }
  } catch (problem) {
    toastProblem(problem);
  }
}

/** The tab's title: which page, and how much waits. */
function titled() {
  navigator.setAppBadge?.(waits).catch(() => {}); // of an installed page; browsers may refuse it
  document.title = `${waits ? `(${count(waits)}) ` : ""}${PAGES[page.name].title} · Antechamber`;
}

/**
 * @param {string} address
 * @param {boolean} [replace]
 */
function move(address, replace) {
  if (address === location.hash || (address === "#/queue" && !location.hash)) return;
  if (!replace) {
    location.hash = address;
    return;
  }
  if (location.hash !== routed) return; // somebody asked for another page meanwhile
  history.replaceState(history.state, "", address);
  route();
}

/** @param {Api.SessionView} me */
function showHeader(me) {
  header.hidden = false;
  const links = Object.entries(PAGES)
    .filter(([name]) => name !== "settings" && isOpen(name) && !me.enrols)
    .map(([name, { title, picture }]) =>
      el(
        "a",
        { href: href(name), "aria-current": page.name === name ? "page" : null },
        icon(picture),
        el("span", { text: title }),
      ),
    );
  const { picture, title } = PAGES[page.name];
  const pages = el("nav", { "aria-label": say("Pages") }, links);
  put(
    header,
    put(unfolder(pages), icon(picture), el("span", { text: title }), icon("down")),
    el(
      "a",
      { class: "brand", href: href("queue") },
      el("img", { src: "/review/static/icon.svg", alt: "", width: "22", height: "22" }),
      el("span", { text: "Antechamber" }),
    ),
    pages,
    el("span", { id: "stream", class: "stream", hidden: true }, say("Reconnecting…")),
    el(
      "button",
      { type: "button", class: "plain icon-only", "aria-label": say("Keys"), title: say("Keys"), on: { click: help } },
      icon("help"),
    ),
    el(
      "a",
      {
        class: "me",
        href: href("settings"),
        "aria-label": say("Settings of {name}", { name: me.name }),
        "aria-current": page.name === "settings" ? "page" : null,
      },
      icon("person"),
      el("span", { text: me.name }),
    ),
  );
}

/** @param {boolean} on */
function showLive(on) {
  const sign = document.getElementById("stream");
  if (sign) sign.hidden = on;
}

/**
 * @param {string} [note]
 * @param {string} [invitation]
 */
function signIn(note = "", invitation = "") {
  me = null;
  page.close?.();
  header.hidden = true;
  const opened = signInPage({ note, invitation, done: start });
  page = { name: "signin", ...opened };
  put(main, opened.node);
  main.className = "main page-signin";
  document.title = `${say("Sign in")} · Antechamber`;
  opened.show();
}

/**
 * Somebody came by a link: they choose a password, or sign in at their organisation.
 *
 * @param {string} token
 */
async function accept(token) {
  try {
    const view = await send("POST", "/invitation", { token }, { quiet: true });
    if (!view.password) {
      signIn("", token);
      return;
    }
    me = null;
    page.close?.();
    header.hidden = true;
    const opened = invitationPage({ token, view, done: start, over: signIn });
    page = { name: "invitation", ...opened };
    put(main, opened.node);
    main.className = "main page-signin";
    document.title = `${say("You are invited")} · Antechamber`;
    opened.show();
  } catch (error) {
    const problem = problemOf(error);
    signIn(problem.status === 404 ? say("This link is not good any more. Ask for another.") : problem.message);
  }
}

/** @param {boolean} [everywhere] */
async function signOut(everywhere = false) {
  try {
    const left = await send("DELETE", everywhere ? "/sessions" : "/session");
    await endPush();
    if (left?.address) location.assign(left.address);
    else signIn(say("You have signed out."));
  } catch (problem) {
    toastProblem(problem);
  }
}

/**
 * A change of the account has begun a new session.
 *
 * @param {Api.SessionView} session
 */
function renewed(session) {
  const waited = me?.enrols && !session.enrols;
  keepPush(true);
  if (waited) start(session);
  else become(session);
}

/** @param {Api.SessionView} session */
function become(session) {
  me = session;
  remember(session);
  preferencesOf(session);
  learnHouseRules(session.house_rules);
}

/**
 * @param {Api.SessionView} signedIn
 * @param {boolean} [lands] whether the focus follows: somebody came by another page
 */
function start(signedIn, lands = true) {
  become(signedIn);
  draftsOf(signedIn.name);
  keepPush();
  page.close?.();
  page = { name: "" };
  route(lands);
}

/**
 * Sign in over the page, on which everything stays as it was. Resolves to whether the same moderator did.
 *
 * @returns {Promise<boolean>}
 */
function signInAgain() {
  return new Promise((resolve) => {
    const opened = signInPage({
      note: say("Your session is over. Please sign in again."),
      who: me?.name,
      done: (found) => finish(found),
    });
    const leave = el(
      "button",
      { type: "button", class: "link", on: { click: () => finish(null) } },
      say("Leave this page"),
    );
    const dialog = el(
      "dialog",
      { class: "dialog over", "aria-label": say("Sign in again"), on: { cancel: (event) => event.preventDefault() } },
      opened.node,
      leave,
    );
    const look = async () => {
      if (document.hidden) return;
      const found = await get("/session", {}, { quiet: true }).catch(() => null); // by another tab, perhaps
      if (found && dialog.isConnected) finish(found);
    };
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const finish = (/** @type {Api.SessionView | null} */ found) => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
      landing(() => {
        dialog.remove();
        if (before?.isConnected) before.focus();
      });
      if (found) resolve(belongs(found));
      else {
        signIn();
        resolve(false);
      }
    };
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    document.body.append(dialog);
    dialog.showModal();
    opened.show();
  });
}

/**
 * There is another session now. Whether it is of the same moderator, who goes on; else the page begins anew.
 *
 * @param {Api.SessionView} found
 */
function belongs(found) {
  const same = found.name === me?.name && found.enrols === me.enrols;
  if (same) {
    become(found);
    return true;
  }
  start(found);
  return false;
}

/** @type {Promise<boolean> | null} */
let signingIn = null;
attend({
  over: async () => {
    if (!me) return false;
    signingIn ??= signInAgain().finally(() => (signingIn = null));
    return signingIn;
  },
  found: belongs,
});
addEventListener("hashchange", () => {
  /** @type {HTMLElement | null} */ (document.querySelector(":popover-open"))?.hidePopover();
  const { invitation } = arrival();
  if (invitation) {
    accept(invitation);
    return;
  }
  history.replaceState(history.state ?? { within: true }, ""); // one came here from another of our pages
  route();
});
handle({ help, go: goTo });
findBy(() => me && !me.enrols && find());
const { invitation, note } = arrival();
if (invitation) accept(invitation);
else if (note) signIn(note);
else {
  try {
    start(await get("/session", {}, { quiet: true }), false);
  } catch (error) {
    const problem = problemOf(error);
    signIn(problem.status === 401 ? "" : problem.message);
  }
}
