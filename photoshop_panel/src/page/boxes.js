/** Boxes: x, y, width, height in whole document pixels. */

/** @import { Box } from "../seams.js" */

/** What two boxes share; null where that is nothing. @param {Box} a @param {Box} b @returns {Box | null} */
export function intersect(a, b) {
  const x = Math.max(a[0], b[0]);
  const y = Math.max(a[1], b[1]);
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - x;
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - y;
  return width > 0 && height > 0 ? [x, y, width, height] : null;
}

/** The smallest box around two; null counts as nothing. @param {Box | null} a @param {Box | null} b */
export function union(a, b) {
  if (!a || !b) return a ?? b;
  const x = Math.min(a[0], b[0]);
  const y = Math.min(a[1], b[1]);
  const right = Math.max(a[0] + a[2], b[0] + b[2]);
  const bottom = Math.max(a[1] + a[3], b[1] + b[3]);
  return /** @type {Box} */ ([x, y, right - x, bottom - y]);
}

/** True where `b` lies inside `a`. @param {Box} a @param {Box} b */
export function contains(a, b) {
  return a[0] <= b[0] && a[1] <= b[1] && a[0] + a[2] >= b[0] + b[2] && a[1] + a[3] >= b[1] + b[3];
}

/** True where two boxes are the same. @param {Box} a @param {Box} b */
export function same(a, b) {
  return a.every((side, k) => side === b[k]);
}

/**
 * The box between two corners, whichever comes first.
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @returns {Box}
 */
export function between(x0, y0, x1, y1) {
  return [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)];
}

/**
 * Copy a box out of a plane into a plane of the box's size; what lies beyond the plane stays as it is.
 * @template {Uint8Array | Uint8ClampedArray} T
 * @param {Uint8Array | Uint8ClampedArray} from
 * @param {Box} where the plane's own box
 * @param {Box} box
 * @param {T} into
 * @param {number} channels
 * @returns {T}
 */
export function cut(from, where, box, into, channels) {
  const inside = intersect(where, box);
  if (!inside) return into;
  const [x, y, width, height] = inside;
  for (let row = y; row < y + height; row++) {
    const start = ((row - where[1]) * where[2] + x - where[0]) * channels;
    into.set(from.subarray(start, start + width * channels), ((row - box[1]) * box[2] + x - box[0]) * channels);
  }
  return into;
}
