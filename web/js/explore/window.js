// The part of the world that the map shows: { x, y, width } in units of the projection. The height follows
// from the shape of the map on screen. Pure: numbers in, numbers out.

import { HEIGHT, WIDTH } from "./projection.js";

const WIDTH_MIN = 30;
const MARGIN = 0.16;
const SPAN_MIN = 70;

/** The whole world. */
export function world(ratio) {
  return held({ x: 0, y: 0, width: WIDTH }, ratio);
}

/** The smallest window with all points in it. `ratio` is height by width. */
export function around(points, ratio) {
  if (!points.length) return world(ratio);
  const [left, right] = extent(points.map(({ x }) => x));
  const [top, bottom] = extent(points.map(({ y }) => y));
  const width = Math.max(SPAN_MIN, (right - left) * (1 + 2 * MARGIN), ((bottom - top) * (1 + 2 * MARGIN)) / ratio);
  return held({ x: (left + right - width) / 2, y: (top + bottom - width * ratio) / 2, width }, ratio);
}

/** Nearer (`factor` below 1) or farther, around the middle. */
export function zoomed({ x, y, width }, factor, ratio) {
  const wide = Math.min(WIDTH, Math.max(WIDTH_MIN, width * factor));
  return held({ x: x + (width - wide) / 2, y: y + ((width - wide) * ratio) / 2, width: wide }, ratio);
}

/** Moved by units, not beyond the edges of the world. */
export function moved({ x, y, width }, byX, byY, ratio) {
  return held({ x: x + byX, y: y + byY, width }, ratio);
}

function held({ x, y, width }, ratio) {
  const wide = Math.min(WIDTH, width);
  const high = wide * ratio;
  return {
    x: Math.min(WIDTH - wide, Math.max(0, x)),
    // A map higher than the world keeps it in the middle.
    y: high >= HEIGHT ? (HEIGHT - high) / 2 : Math.min(HEIGHT - high, Math.max(0, y)),
    width: wide,
  };
}

function extent(numbers) {
  return [Math.min(...numbers), Math.max(...numbers)];
}
