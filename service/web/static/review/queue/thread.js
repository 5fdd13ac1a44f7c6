// What stands beside a comment in its thread: other answers to what it answers, and answers to it. For the comment's pane.
import { el } from "../lib/dom.js";
import { say } from "../lib/language.js";
import { smallRows } from "./author.js";

/** @import { Tools } from "./author.js" */

/**
 * What else answers the same comment, folded; nothing when there is none.
 *
 * @param {Api.Detail} detail
 * @param {Pick<Tools, "href">} tools
 */
export const siblings = (detail, tools) =>
  folded(
    "siblings",
    say("{count} other answers to the same, around this one", { count: detail.siblings.length }),
    detail.siblings,
    tools,
  );

/**
 * What answers this comment, folded; nothing when nothing does.
 *
 * @param {Api.Detail} detail
 * @param {Pick<Tools, "href">} tools
 */
export const replies = (detail, tools) =>
  folded(
    "replies",
    say("The latest {count} answers to this one", { count: detail.replies.length }),
    detail.replies,
    tools,
  );

/**
 * @param {string} name by which it is known whether it was unfolded
 * @param {string} title
 * @param {Api.Row[]} rows
 * @param {Pick<Tools, "href">} tools
 */
function folded(name, title, rows, tools) {
  if (!rows.length) return null;
  return el(
    "details",
    { class: "thread", data: { name } },
    el("summary", {}, title),
    smallRows(rows, tools, { names: true }),
  );
}
