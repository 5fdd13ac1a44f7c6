// Shows what the service tells a browser, and leads a click to the comment or to the queue. The service worker of /review: it
// is there only where somebody asked to be told, hears nothing but messages, and stands between no page and the service.

const worker = /** @type {any} */ (globalThis);
const PAGE = "/review";

/**
 * A message, as Declarative Web Push has it; something is shown whatever came, since browsers insist.
 *
 * @param {{ json: () => any } | null} data
 */
function read(data) {
  try {
    const { title, body, tag, navigate } = data?.json().notification;
    return { title: String(title), body: String(body), tag: String(tag), go: new URL(navigate).hash };
  } catch {
    return { title: "Comments wait", body: "", tag: "", go: "" };
  }
}

/** @param {{ json: () => any } | null} data */
function show(data) {
  const { title, body, tag, go } = read(data);
  const icon = "/review/static/icon-192.png";
  return worker.registration.showNotification(title, { body, tag, icon, renotify: Boolean(tag), data: { go } });
}

/**
 * Lead to a place in the page: in a window that is open, where everything stays that was begun there, or in a new one.
 *
 * @param {string} go what stands behind # in its address; nothing else of it counts, so no message leads elsewhere
 */
async function open(go) {
  /** @type {{ url: string, focus: () => Promise<unknown>, postMessage: (message: unknown) => void }[]} */
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = windows.find((one) => new URL(one.url).pathname.replace(/\/$/u, "") === PAGE);
  if (!page) return worker.clients.openWindow(`${PAGE}${go}`);
  if (go) page.postMessage({ go });
  return page.focus();
}

worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(show(event.data)));
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.go ?? ""));
});
