// Puts the beginning of a list, read again, into the list that is shown, so that nothing jumps. Pure; for the list's store.

/** @import { Shown } from "./list_store.js" */

const LINGER = 60_000; // milliseconds that a row which has left the list is still shown, greyed

/**
 * What is shown from now on. Rows that were read again are in the order that they have now; what has left the list lingers
 * where it was, as long as it is open or has only just left, and what its author changed stays there, wherever it belongs now.
 *
 * @param {Shown[]} before
 * @param {Api.Row[]} fresh
 * @param {{ all: boolean, open: string, now?: number }} options `all`: the list has no more than was read; `open`: a comment
 */
export function merged(before, fresh, { all, open, now = Date.now() }) {
  const known = new Map(before.map((item) => [item.id, item]));
  const read = fresh.map((item) => newerOf(known.get(item.id), item));
  const stays = (/** @type {Shown} */ item) => Boolean(item.stays && !item.left);
  const moves = new Set(read.filter((item) => !stays(item)));
  const end = all ? before.length : before.findLastIndex((item) => moves.has(item)) + 1;
  const [top, rest] = [before.slice(0, end), before.slice(end)];
  const lingers = (/** @type {Shown} */ { id, left, leftAt = 0 }) => left && (id === open || leftAt > now - LINGER);
  const kept = new Set(top.filter((item) => stays(item) || lingers(item)));
  const head = read.filter((item) => !rest.includes(item));
  return [...woven(head, top, kept), ...rest];
}

/**
 * A row of the list as it is now.
 *
 * @param {Shown | undefined} known
 * @param {Api.Row} fresh
 * @returns {Shown}
 */
function newerOf(known, fresh) {
  if (!known) return { ...fresh, arrived: true };
  if (!known.left && fresh.revision >= known.revision) Object.assign(known, fresh);
  return known;
}

/**
 * Rows with those that are kept put behind the same ones as before.
 *
 * @param {Shown[]} rows
 * @param {Shown[]} before
 * @param {Set<Shown>} kept
 */
function woven(rows, before, kept) {
  const result = rows.filter((item) => !kept.has(item));
  let next = 0;
  for (const item of before) {
    if (kept.has(item)) result.splice(next++, 0, item);
    else next = result.indexOf(item) + 1 || next;
  }
  return result;
}
