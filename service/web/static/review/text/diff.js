// The difference between two texts, word by word. Pure; for `render`.

/** @typedef {{ kind: "same" | "removed" | "added", text: string }} Step */

const MOST = 1_500; // words compared exactly; longer texts are compared by their lines, then as a whole

const WORDS = 0.5; // of the pieces; the others are the spaces between
const ALIKE = 0.3; // share of words in common from which a comparison word by word says more than both texts side by side

/**
 * [{kind: "same" | "removed" | "added", text}] that turns one text into the other.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Step[]}
 */
export function difference(before, after) {
  let [from, to] = [cut(before, /(\s+)/u), cut(after, /(\s+)/u)];
  if (from.length > MOST || to.length > MOST) [from, to] = [cut(before, /(\n)/u), cut(after, /(\n)/u)];
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  const middle = compare(from.slice(start, from.length - end), to.slice(start, to.length - end));
  const common = start + end + middle.filter(({ kind, text }) => kind === "same" && text.trim()).length;
  if (common < ALIKE * Math.min(from.length, to.length) * WORDS)
    return [
      { kind: "removed", text: before },
      { kind: "added", text: after },
    ];
  return joined([...from.slice(0, start).map(same), ...middle, ...from.slice(from.length - end).map(same)]);
}

/**
 * The longest common subsequence, by the table that everybody knows.
 *
 * @param {string[]} from
 * @param {string[]} to
 * @returns {Step[]}
 */
function compare(from, to) {
  if (from.length > MOST || to.length > MOST || !from.length || !to.length) {
    return [
      ...from.map((text) => /** @type {Step} */ ({ kind: "removed", text })),
      ...to.map((text) => /** @type {Step} */ ({ kind: "added", text })),
    ];
  }
  const width = to.length + 1;
  const table = new Uint16Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i -= 1) {
    for (let j = to.length - 1; j >= 0; j -= 1) {
      const here = i * width + j;
      table[here] = from[i] === to[j] ? table[here + width + 1] + 1 : Math.max(table[here + width], table[here + 1]);
    }
  }
  /** @type {Step[]} */
  const steps = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) {
      steps.push(same(from[i]));
      i += 1;
      j += 1;
    } else if (j >= to.length || (i < from.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) {
      steps.push({ kind: "removed", text: from[i] });
      i += 1;
    } else {
      steps.push({ kind: "added", text: to[j] });
      j += 1;
    }
  }
  return steps;
}

/**
 * @param {string} text
 * @param {RegExp} at
 */
function cut(text, at) {
  return text.split(at).filter((piece) => piece !== "");
}

/**
 * @param {string} text
 * @returns {Step}
 */
function same(text) {
  return { kind: "same", text };
}

/** @param {Step[]} steps */
function joined(steps) {
  /** @type {Step[]} */
  const result = [];
  for (const step of steps) {
    const last = result.at(-1);
    if (last?.kind === step.kind) last.text += step.text;
    else result.push({ ...step });
  }
  return result;
}
