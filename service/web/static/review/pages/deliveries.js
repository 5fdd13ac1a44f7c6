// The delivery log: whether sites hear of decisions, and sending again what was given up. For `main`.
import { get, problemOf, send } from "../lib/api.js";
import { el, icon, put, renew } from "../lib/dom.js";
import { sentence, timeOptions } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { count, exactly, measure } from "../lib/numbers.js";
import { sheetHead, siteChooser, table } from "../lib/tables.js";
import { toast, toastProblem } from "../lib/toasts.js";

/** @import { Frame, Page } from "../main.js" */

const PAGE = 50;
/** @type {Record<string, [string, string]>} */
const RESULTS = {
  delivered: ["approved", say("Delivered")],
  retry: ["flagged", say("Will try again")],
  dead: ["rejected", say("Given up")],
};

/**
 * Open it.
 *
 * @param {Frame} frame
 * @returns {Page}
 */
export function deliveriesPage({ me, may, go, href }) {
  const body = el("div", { class: "sheet" });
  let asked = new URLSearchParams();
  /** @param {URLSearchParams} parameters */
  const show = async (parameters) => {
    asked = parameters;
    const site = parameters.get("site") ?? "";
    const again = () => show(asked);
    const head = sheetHead(
      say("Deliveries"),
      siteChooser(me.sites, site, (chosen) => go({ site: chosen })),
      el("button", { type: "button", class: "quiet", on: { click: again } }, say("Refresh")),
    );
    try {
      const log = await get("/deliveries", { site, limit: PAGE });
      renew(
        body,
        head,
        receivers(log, may, again),
        log.given_up.length ? givenUp(log, may, again, href) : null,
        attempts(log, site, href),
      );
    } catch (problem) {
      renew(body, head, el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }));
    }
  };
  return { node: body, show, close() {} };
}

/**
 * @param {Api.DeliveryLog} log
 * @param {Frame["may"]} may
 * @param {() => void} again
 */
function receivers(log, may, again) {
  const rows = log.receivers.map((one) => [
    el("strong", { text: one.site }),
    one.callback
      ? el("code", { text: one.callback })
      : el("span", { class: "hint", text: say("none: the site asks by itself") }),
    receiverState(one),
    count(one.waiting),
    one.given_up && may("replay")
      ? el(
          "button",
          { type: "button", class: "quiet", on: { click: () => replay({ site: one.site, everything: true }, again) } },
          icon("undo"),
          say("Send {count} again", { count: one.given_up }),
        )
      : count(one.given_up),
  ]);
  return el(
    "section",
    { class: "card" },
    el("h2", { text: say("Receivers") }),
    table(
      [[say("Site")], [say("Address")], [say("State")], [say("Waiting"), "number"], [say("Given up"), "number"]],
      rows,
      say("Receivers"),
    ),
  );
}

/**
 * @param {Api.DeliveryLog} log
 * @param {Frame["may"]} may
 * @param {() => void} again
 * @param {Frame["href"]} href
 */
function givenUp(log, may, again, href) {
  const rows = log.given_up.map((one) => [
    one.site,
    comment(one, href),
    one.type,
    el("time", timeOptions(one.since)),
    count(one.tries),
    may("replay")
      ? el(
          "button",
          { type: "button", class: "quiet", on: { click: () => replay({ site: one.site, ids: [one.id] }, again) } },
          say("Send again"),
        )
      : null,
  ]);
  return el(
    "section",
    { class: "card" },
    el("h2", { text: say("Given up") }),
    table(
      [[say("Site")], [say("Comment")], [say("What")], [say("Since")], [say("Tries"), "number"], [say("Again")]],
      rows,
      say("Given up"),
    ),
  );
}

/**
 * Nothing is fine while tries fail, or while what was given up has not been sent again.
 *
 * @param {Api.ReceiverView} receiver
 */
function receiverState({ callback, failing_since: failing, given_up: lost, site, why, paused_until: until }) {
  const tag = (/** @type {string} */ kind, /** @type {string} */ text, title = "") =>
    el("span", { class: `tag ${kind}`, title: title || null, text });
  if (until && why === "gone")
    return [
      tag("rejected", say("Says that it is gone")),
      el(
        "p",
        { class: "hint" },
        `${say("Nothing is lost. To go on:")} `,
        el("code", { text: `antechamber deliveries resume ${site}` }),
      ),
    ];
  const wrong = [
    failing ? tag("rejected", say("Failing since {time}", { time: exactly(failing) })) : null,
    until ? tag("flagged", say("Paused until {time}", { time: exactly(until) }), why) : null,
    lost ? tag("flagged", say("{count} given up", { count: lost })) : null,
  ].filter((one) => one !== null);
  if (wrong.length) return el("span", { class: "row-of" }, wrong);
  return callback ? tag("approved", say("Fine")) : null;
}

/**
 * The log of tries, newest first; older ones come when they are asked for.
 *
 * @param {Api.DeliveryLog} log
 * @param {string} site
 * @param {Frame["href"]} href
 */
function attempts(log, site, href) {
  const card = el("section", { class: "card" });
  /** @type {Api.AttemptView[]} */
  const tries = [];
  /** @param {Pick<Api.DeliveryLog, "attempts" | "next">} page */
  const show = (page) => {
    tries.push(...page.attempts);
    /** @param {{ currentTarget: HTMLButtonElement }} event */
    const older = async (event) => {
      event.currentTarget.disabled = true;
      try {
        show(await get("/deliveries", { site, limit: PAGE, cursor: page.next }));
      } catch (problem) {
        toastProblem(problem);
        show({ attempts: [], next: page.next });
      }
    };
    const more = page.next
      ? el("p", {}, el("button", { type: "button", class: "quiet", on: { click: older } }, say("Show older ones")))
      : null;
    put(
      card,
      el("h2", { text: say("Last tries") }),
      tries.length ? [triesTable(tries, href), more] : el("p", { class: "hint", text: say("Nothing was sent yet.") }),
    );
  };
  show(log);
  return card;
}

/**
 * @param {Api.AttemptView[]} tries
 * @param {Frame["href"]} href
 */
function triesTable(tries, href) {
  const rows = tries.map((one) => {
    const [kind, name] = RESULTS[one.result] ?? ["", sentence(one.result)];
    return [
      el("time", timeOptions(one.at)),
      one.site,
      comment(one, href),
      el("span", { class: `tag ${kind}`, text: name }),
      [one.status ? String(one.status) : "", one.error ? sentence(one.error) : ""].filter(Boolean).join(" "),
      count(one.tries),
      measure(one.took_ms, "millisecond"),
    ];
  });
  return table(
    [
      [say("When")],
      [say("Site")],
      [say("Comment")],
      [say("Result")],
      [say("Answer")],
      [say("Tries"), "number"],
      [say("Took"), "number"],
    ],
    rows,
    say("Last tries"),
  );
}

/**
 * @param {Api.AttemptView | Api.GivenUpView} one
 * @param {Frame["href"]} href
 */
function comment(one, href) {
  return el("a", {
    href: href("queue", { list: "decided", id: one.comment }),
    title: one.comment,
    text: one.comment.slice(0, 9),
  });
}

/**
 * @param {Api.ReplayInput} body
 * @param {() => void} again
 */
async function replay(body, again) {
  try {
    const { count: number, unknown } = await send("POST", "/deliveries/replay", body);
    const late = unknown.length ? ` ${say("{count} are too old.", { count: unknown.length })}` : "";
    toast(say("{count} call-backs will be sent again.", { count: number }) + late, { kind: "good" });
    again();
  } catch (problem) {
    toastProblem(problem);
  }
}
