/**
 * sRGB and linear light. Photoshop's documents of 32 bits are held in linear light (imaging.md: "(Linear RGB
 * Profile)"), the wire speaks sRGB; here, and nowhere else, the panel computes with colours. IEC 61966-2-1, odd below
 * 0, going on above 1.
 *
 * By a table, exact to 7e-6 of each value and 1e-6 of white, where a step of 16 bits is 15e-6: a power for each sample
 * takes several times as long, while Photoshop stands still.
 */

/** How many of a float's 32 bits the table leaves to the slope. */
const REST = 15;

/** @param {number} light */
function encode(light) {
  const size = Math.abs(light);
  const seen = size <= 0.0031308 ? 12.92 * size : 1.055 * Math.pow(size, 1 / 2.4) - 0.055;
  return light < 0 ? -seen : seen;
}

/** @param {number} seen */
function decode(seen) {
  const size = Math.abs(seen);
  const light = size <= 0.04045 ? size / 12.92 : Math.pow((size + 0.055) / 1.055, 2.4);
  return seen < 0 ? -light : light;
}

/**
 * A curve at every float whose last bits are 0, and how much it rises with each step of those bits.
 *
 * @typedef {{ value: Float64Array, rise: Float64Array }} Table
 */

/**
 * @param {(value: number) => number} curve
 * @returns {Table}
 */
function tabled(curve) {
  const count = 2 ** (32 - REST);
  const floats = new Float32Array(Uint32Array.from({ length: count }, (_, at) => at * 2 ** REST).buffer);
  const value = Float64Array.from(floats, curve);
  const rise = new Float64Array(count);
  // After the last number of each sign comes none: infinite and strange ones have no slope.
  for (let at = 0; at < count - 1; at++) {
    const step = value[at + 1] - value[at];
    rise[at] = Number.isFinite(step) && at !== count / 2 - 1 ? step / 2 ** REST : 0;
  }
  return { value, rise };
}

/** @type {Table | null} */
let encoding = null;
/** @type {Table | null} */
let decoding = null;

/**
 * Colours in place; a fourth channel is alpha, which is no colour.
 *
 * @param {PsTyped} samples of 32 bits
 * @param {number} channels 3 or 4
 * @param {Table} table
 */
function apply(samples, channels, { value, rise }) {
  const bits = new Uint32Array(samples.buffer, samples.byteOffset, samples.length);
  for (let at = 0; at < samples.length; at++) {
    if (channels === 4 && (at & 3) === 3) continue;
    const own = bits[at];
    const place = own >>> REST;
    samples[at] = value[place] + rise[place] * (own & (2 ** REST - 1));
  }
  return samples;
}

/**
 * Linear light becomes sRGB, in place.
 *
 * @param {PsTyped} samples of 32 bits
 * @param {number} channels
 */
export function toSeen(samples, channels) {
  encoding = encoding ?? tabled(encode);
  return apply(samples, channels, encoding);
}

/**
 * sRGB becomes linear light, in place.
 *
 * @param {PsTyped} samples of 32 bits
 * @param {number} channels
 */
export function toLight(samples, channels) {
  decoding = decoding ?? tabled(decode);
  return apply(samples, channels, decoding);
}
