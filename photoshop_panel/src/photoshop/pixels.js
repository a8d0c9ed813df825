/** From Photoshop's samples to the wire's and back: whole rows, no loop over pixels but where there is no other way. */

/** @import { Box, Depth } from "../seams.js" */

/** Bits a channel. @type {Record<Depth, 8 | 16 | 32>} */
export const BITS = { u8: 8, u16: 16, f32: 32 };

/**
 * Room for samples, all 0.
 *
 * @param {Depth} depth
 * @param {number} count
 * @returns {PsTyped}
 */
export function room(depth, count) {
  return depth === "u8" ? new Uint8Array(count) : depth === "u16" ? new Uint16Array(count) : new Float32Array(count);
}

/**
 * The bytes of samples, not copied.
 *
 * @param {PsTyped} samples
 */
export function bytesOf(samples) {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/**
 * Samples of a depth in a buffer of their own: bytes of the wire may begin anywhere.
 *
 * @param {Uint8Array} bytes
 * @param {Depth} depth
 * @returns {PsTyped}
 */
export function samplesOf(bytes, depth) {
  const own = bytes.slice();
  return depth === "u8" ? own : depth === "u16" ? new Uint16Array(own.buffer) : new Float32Array(own.buffer);
}

/**
 * Lay samples of one box into another: what lies outside is left out, what is not covered stays as it is.
 *
 * @param {PsTyped} samples `channels` for each pixel of `from`
 * @param {Box} from
 * @param {PsTyped} into as many for each pixel of `box`
 * @param {Box} box
 * @param {number} channels
 */
export function lay(samples, from, into, box, channels) {
  const left = Math.max(from[0], box[0]);
  const right = Math.min(from[0] + from[2], box[0] + box[2]);
  const top = Math.max(from[1], box[1]);
  const bottom = Math.min(from[1] + from[3], box[1] + box[3]);
  for (let y = top; y < bottom && left < right; y++) {
    const start = ((y - from[1]) * from[2] + left - from[0]) * channels;
    const row = samples.subarray(start, start + (right - left) * channels);
    into.set(row, ((y - box[1]) * box[2] + left - box[0]) * channels);
  }
}

/**
 * Three channels as four, opaque: Photoshop gives three where a Background layer lies below.
 *
 * @param {PsTyped} rgb
 * @param {Depth} depth
 * @returns {PsTyped}
 */
export function widened(rgb, depth) {
  const count = rgb.length / 3;
  const rgba = room(depth, count * 4);
  rgba.fill(depth === "u8" ? 255 : depth === "u16" ? 65535 : 1);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from];
    rgba[to + 1] = rgb[from + 1];
    rgba[to + 2] = rgb[from + 2];
  }
  return rgba;
}

/**
 * Coverage of any depth as bytes: a mask may come in the document's depth. 16 bits go to 65535.
 *
 * @param {PsTyped} samples
 * @returns {Uint8Array}
 */
export function coverageOf(samples) {
  if (samples.BYTES_PER_ELEMENT === 1) return /** @type {Uint8Array} */ (samples);
  const scale = samples.BYTES_PER_ELEMENT === 2 ? 255 / 65535 : 255;
  return Uint8Array.from(samples, (one) => Math.max(0, Math.min(255, Math.round(one * scale))));
}

/**
 * Coverage in a depth. 16 bits go to 65535.
 *
 * @param {Uint8Array} coverage
 * @param {Depth} depth
 * @returns {PsTyped}
 */
export function deepened(coverage, depth) {
  if (depth === "u8") return coverage;
  return depth === "u16"
    ? Uint16Array.from(coverage, (one) => one * 257)
    : Float32Array.from(coverage, (one) => one / 255);
}
