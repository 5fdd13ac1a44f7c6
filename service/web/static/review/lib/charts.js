// Plots as SVG, from numbers. For the statistics page. Each has a table's worth of words for who can't see it.
import { svg } from "./dom.js";
import { colon } from "./labels.js";
import { count, dayName } from "./numbers.js";

/** @typedef {{ day: string, parts: [kind: string, number: number][], line: number | null }} Day */

const WIDTH = 480;
const HEIGHT = 180;
const LEFT = 36;
const BOTTOM = 20;

/**
 * Stacked bars a day, and a line over them. `days` are {day, parts: [[class, number]], line: number or null}; `label` says what
 * it shows.
 *
 * @param {Day[]} days
 * @param {string} label
 */
export function stackedDays(days, label) {
  const tallest = Math.max(
    1,
    ...days.map(({ parts, line }) =>
      Math.max(
        line ?? 0,
        parts.reduce((sum, [, number]) => sum + number, 0),
      ),
    ),
  );
  const top = nice(tallest);
  const step = (WIDTH - LEFT) / days.length;
  /** @param {number} number */
  const y = (number) => (HEIGHT - BOTTOM) * (1 - number / top);
  const bars = days.map(({ day, parts }, index) => {
    let sum = 0;
    const pieces = parts
      .filter(([, number]) => number > 0)
      .map(([kind, number]) => {
        const piece = svg("rect", {
          class: kind,
          x: LEFT + index * step + step * 0.12,
          width: Math.max(1, step * 0.76),
          y: y(sum + number),
          height: y(sum) - y(sum + number),
        });
        sum += number;
        return piece;
      });
    const said = dayName(day) + colon(parts.map(([kind, number]) => `${kind} ${count(number)}`).join(", "));
    return svg(
      "g",
      {},
      svg("title", { text: said }),
      svg("rect", { x: LEFT + index * step, width: step, y: 0, height: HEIGHT - BOTTOM, fill: "transparent" }),
      pieces,
    );
  });
  const line = days.every((one) => one.line === null)
    ? null
    : svg("polyline", {
        class: "arrived",
        points: days
          .map((one, index) => `${(LEFT + (index + 0.5) * step).toFixed(1)},${y(one.line ?? 0).toFixed(1)}`)
          .join(" "),
      });
  return svg(
    "svg",
    { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    axes(top, y),
    bars,
    line,
    dates(days, step),
  );
}

/**
 * @param {number} top
 * @param {(number: number) => number} y
 */
function axes(top, y) {
  return [0, top / 2, top].map((number) => [
    svg("line", { class: "axis", x1: LEFT, x2: WIDTH, y1: y(number), y2: y(number) }),
    svg("text", { x: LEFT - 6, y: y(number) + 4, "text-anchor": "end", text: count(number) }),
  ]);
}

/**
 * @param {Day[]} days
 * @param {number} step
 */
function dates(days, step) {
  const every = Math.max(1, Math.ceil(days.length / 6));
  return days.map(({ day }, index) =>
    index % every
      ? null
      : svg("text", { x: LEFT + (index + 0.5) * step, y: HEIGHT - 4, "text-anchor": "middle", text: dayName(day) }),
  );
}

/**
 * The next number that is easy to read and to halve.
 *
 * @param {number} number
 */
function nice(number) {
  const power = 10 ** Math.floor(Math.log10(number));
  return [2, 4, 6, 10, 20].map((times) => times * power).find((candidate) => candidate >= number) ?? number;
}
