/** What holds for the wire's values wherever the guest meets them. Pure. */

/** @import { Box, DocumentFacts, Refusal } from "../seams.js" */

/** Longest side of a document, pixels (docs/protocol.md, *Limits*). */
export const SIDE = 30000;
/** The depths that pixels come in. */
export const DEPTHS = ["u8", "u16", "f32"];
/** Which layers may be read. */
export const SAMPLES = ["all", "below", "current"];

/**
 * Something that could not be done, for an artist.
 *
 * @param {string} code of docs/protocol.md
 * @param {string} text
 * @returns {Refusal}
 */
export function refusal(code, text) {
  return Object.assign(new Error(text), { name: "Refusal", code, retry: /** @type {const} */ ("never") });
}

/**
 * What an error says: the sentence of a Refusal, else its kind and its words.
 *
 * @param {any} why
 * @returns {string}
 */
export function words(why) {
  if (why && typeof why.code === "string" && why.name === "Refusal") return why.message;
  return why instanceof Error ? `${why.name}: ${why.message}` : String(why);
}

/**
 * True for a name that means nothing to a file system: 1 to 64 letters of ASCII.
 *
 * @param {unknown} value
 * @returns {value is string}
 */
export function isId(value) {
  return typeof value === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(value);
}

/**
 * @param {unknown} value
 * @param {number} low
 * @param {number} high
 * @returns {value is number} true for a whole number from `low` to `high`
 */
export function isWhole(value, low, high) {
  return typeof value === "number" && Number.isInteger(value) && low <= value && value <= high;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>} true for a map
 */
export function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Bytes that a text has in UTF-8; −1 where it holds half a character. UXP may have no TextEncoder.
 *
 * @param {string} text
 */
export function bytesOf(text) {
  let bytes = 0;
  for (const letter of text) {
    const code = /** @type {number} */ (letter.codePointAt(0));
    if (code >= 0xd800 && code <= 0xdfff) return -1;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/**
 * True where two values say the same: maps and lists by what they hold, pixels where they are the very same.
 *
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
export function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b || ArrayBuffer.isView(a)) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]));
}

/**
 * The whole document as a box.
 *
 * @param {{width: number, height: number}} document
 * @returns {Box}
 */
export function canvasOf(document) {
  return [0, 0, document.width, document.height];
}

/**
 * @param {any} value
 * @param {number} low the least x and y
 * @param {number} side the greatest number
 * @returns {value is Box} true for four whole numbers, not negative but for x and y
 */
export function isBox(value, low = 0, side = SIDE) {
  const whole = Array.isArray(value) && value.length === 4;
  return whole && value.every((number, place) => isWhole(number, place < 2 ? low : 1, side));
}

/**
 * @param {any} value
 * @returns {value is DocumentFacts} true for what the bridge takes for a document
 */
export function isDocument(value) {
  return (
    isMap(value) && Object.keys(value).length === 5 && isId(value.tag) &&
    isWhole(value.width, 1, SIDE) && isWhole(value.height, 1, SIDE) &&
    (value.channels === 3 || value.channels === 4) && DEPTHS.includes(value.depth)
  );
}

/** A job's name: 16 random bytes in hex. */
export function newJob() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
