/** Numbers as artists type them. */

/**
 * least, most  the range, both ends included
 * whole        no decimals
 * digits       so many decimals are shown; else up to 10 digits, none of them for nothing
 *
 * @typedef {{ least: number, most: number, whole?: boolean, digits?: number }} Range
 */

/**
 * The number that a text means; null for an empty one, undefined where it is no number of that range. A comma is a
 * decimal point, too.
 *
 * @param {string} text
 * @param {Range} range
 * @returns {number | null | undefined}
 */
export function read(text, range) {
  const plain = text.trim().replace(",", ".");
  if (!plain) return null;
  if (!(range.whole ? /^[-+]?\d+$/ : /^[-+]?(\d+\.?\d*|\.\d+)$/).test(plain)) return undefined;
  const value = Number(plain);
  return range.least <= value && value <= range.most ? value : undefined;
}

/**
 * How a number is written.
 *
 * @param {number | null} value
 * @param {Range} range
 * @returns {string}
 */
export function written(value, range) {
  if (value === null) return "";
  return range.digits === undefined ? String(Number(value.toPrecision(10))) : value.toFixed(range.digits);
}

/**
 * So many steps up, or down, on the grid of steps, within the range.
 *
 * @param {number} value
 * @param {number} steps
 * @param {number} size of one step
 * @param {Range} range
 * @returns {number}
 */
export function stepped(value, steps, size, range) {
  const next = Number(((Math.round(value / size) + steps) * size).toPrecision(10));
  return Math.min(range.most, Math.max(range.least, next));
}
