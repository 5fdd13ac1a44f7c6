// Being told in this browser that comments wait, without a tab open: Web Push. For `settings`, and for `main` at every start.

import { get, Problem, send } from "../lib/api.js";
import { el, put } from "../lib/dom.js";
import { say } from "../lib/language.js";
import { toast, toastProblem } from "../lib/toasts.js";

const WORKER = "/review/static/push_worker.js";
const SCOPE = "/review";

/**
 * The section of the settings; it is hidden where no notice reaches whoever is here.
 *
 * @returns {HTMLElement}
 */
export function telling() {
  const body = el("div", {});
  const paint = async () => {
    try {
      const { key } = await get("/push");
      section.hidden = !key;
      if (key) put(body, await content(key, paint));
    } catch (problem) {
      toastProblem(problem);
    }
  };
  const section = el(
    "section",
    { class: "card settings", hidden: true },
    el("h2", { text: say("Hearing of what waits") }),
    body,
  );
  paint();
  return section;
}

/**
 * Somebody is here: if this browser is told, it is theirs, or it is told no more. A notification that is clicked leads to its
 * comment in this page.
 *
 * @param {boolean} [again] whether it is theirs for sure, since they have just proved who they are
 */
export async function keepPush(again = false) {
  if (navigator.serviceWorker) navigator.serviceWorker.onmessage = ({ data }) => (location.hash = data.go);
  const found = await subscription();
  if (!found) return;
  try {
    await send("PUT", "/push/subscription", { ...wire(found), renew: !again }, { quiet: true });
  } catch (error) {
    if (error instanceof Problem && [404, 409, 422].includes(error.status)) await found.unsubscribe();
  }
}

/** Whoever was here has signed out, and the service tells this browser no more. */
export async function endPush() {
  await (await subscription())?.unsubscribe();
}

/** What this browser is told by, if it is. */
async function subscription() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration(SCOPE);
    return (await registration?.pushManager?.getSubscription()) ?? null;
  } catch {
    return null; // a browser that keeps nothing has none
  }
}

/** @param {PushSubscription} found */
function wire(found) {
  const { endpoint = "", keys = {} } = found.toJSON();
  return { endpoint, p256dh: keys.p256dh ?? "", auth: keys.auth ?? "" };
}

/**
 * @param {string} key
 * @param {() => Promise<void>} paint
 */
async function content(key, paint) {
  if (!navigator.serviceWorker || !("PushManager" in globalThis))
    return el("p", {
      text: say(
        "This browser can't be told. On a phone or tablet by Apple, add this page to the home screen first, and open it from there.",
      ),
    });
  const found = await subscription();
  if (found)
    return [
      el("p", { text: say("This browser is told when comments wait, once an hour at most, even if no page is open.") }),
      el(
        "p",
        { class: "row-of" },
        button(say("Send a test"), attempt),
        button(say("Stop"), async () => {
          await stop(found);
          await paint();
        }),
      ),
    ];
  return [
    el("p", {
      text: say(
        "You can be told here when comments wait, once an hour at most, even if no page is open. What you are told holds no comment's words and no names.",
      ),
    }),
    el(
      "p",
      { class: "row-of" },
      button(say("Tell me in this browser"), async () => {
        await begin(key);
        await paint();
      }),
    ),
  ];
}

/**
 * @param {string} text
 * @param {() => Promise<void>} act
 */
function button(text, act) {
  return el("button", { type: "button", class: "quiet", text, on: { click: act } });
}

/** @param {string} key */
async function begin(key) {
  if ((await Notification.requestPermission()) !== "granted") {
    toast(say("Your browser does not let this page show notifications."), { kind: "bad" });
    return;
  }
  try {
    await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
    const { pushManager } = await navigator.serviceWorker.ready;
    await (await pushManager.getSubscription())?.unsubscribe(); // somebody else's, or by a key of before
    const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    try {
      await send("PUT", "/push/subscription", wire(made));
    } catch (error) {
      await made.unsubscribe();
      throw error;
    }
    toast(say("This browser is told from now on."), { kind: "good" });
  } catch (error) {
    if (error instanceof Problem) toastProblem(error);
    else toast(say("Your browser could not reach its push service."), { kind: "bad" });
  }
}

async function attempt() {
  try {
    await send("POST", "/push/test");
    toast(say("A test is under way."), { kind: "good" });
  } catch (problem) {
    toastProblem(problem);
  }
}

/** @param {PushSubscription} found */
async function stop(found) {
  try {
    await send("DELETE", "/push/subscription", { endpoint: found.endpoint });
    await found.unsubscribe();
  } catch (problem) {
    toastProblem(problem);
  }
}
