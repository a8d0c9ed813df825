/** Boxes and Photoshop's bounds: right and bottom are exclusive there, and may be fractions where it measures. */

/** @import { Box } from "../seams.js" */

/** @type {Box} */
export const NOTHING = [0, 0, 0, 0];

/**
 * The whole pixels that bounds touch.
 *
 * @param {PsBounds} bounds
 * @returns {Box}
 */
export function boxOf({ left, top, right, bottom }) {
  const x = Math.floor(left);
  const y = Math.floor(top);
  return [x, y, Math.max(0, Math.ceil(right) - x), Math.max(0, Math.ceil(bottom) - y)];
}

/**
 * @param {Box} box
 * @returns {PsBounds}
 */
export function boundsOf([x, y, width, height]) {
  return { left: x, top: y, right: x + width, bottom: y + height };
}

/**
 * @param {Box} box
 */
export function isEmpty(box) {
  return box[2] <= 0 || box[3] <= 0;
}

/**
 * What two boxes share; `NOTHING` where that is nothing.
 *
 * @param {Box} one
 * @param {Box} other
 * @returns {Box}
 */
export function shared(one, other) {
  const x = Math.max(one[0], other[0]);
  const y = Math.max(one[1], other[1]);
  const width = Math.min(one[0] + one[2], other[0] + other[2]) - x;
  const height = Math.min(one[1] + one[3], other[1] + other[3]) - y;
  return width > 0 && height > 0 ? [x, y, width, height] : NOTHING;
}

/**
 * The smallest box around both.
 *
 * @param {Box} one
 * @param {Box} other
 * @returns {Box}
 */
export function around(one, other) {
  if (isEmpty(one) || isEmpty(other)) return isEmpty(one) ? other : one;
  const x = Math.min(one[0], other[0]);
  const y = Math.min(one[1], other[1]);
  const right = Math.max(one[0] + one[2], other[0] + other[2]);
  return [x, y, right - x, Math.max(one[1] + one[3], other[1] + other[3]) - y];
}

/**
 * @param {Box} one
 * @param {Box} other
 */
export function same(one, other) {
  return one.every((value, at) => value === other[at]);
}
