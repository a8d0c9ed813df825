/** Samples of other depths: a page's document has 8 bits, what is asked for or comes in may have more. */

/** @import { Depth, Picture } from "../seams.js" */

/**
 * 8-bit samples at another depth, as bytes.
 * @param {Uint8Array<ArrayBuffer>} samples
 * @param {Depth} depth
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function deepened(samples, depth) {
  if (depth === "u8") return samples;
  if (depth === "u16") return new Uint8Array(Uint16Array.from(samples, (one) => one * 257).buffer);
  return new Uint8Array(Float32Array.from(samples, (one) => one / 255).buffer);
}

/**
 * A picture as RGBA of 8 bits.
 * @param {Picture} picture
 * @param {Uint8Array} bytes
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function shallow(picture, bytes) {
  const { width, height, channels, depth } = picture;
  const count = width * height * channels;
  const wanted = count * { u8: 1, u16: 2, f32: 4 }[depth];
  if (bytes.length !== wanted) {
    throw new Error(`A layer came with ${bytes.length} bytes, expected ${wanted}: fill again.`);
  }
  const { buffer } = depth === "u8" ? bytes : bytes.slice(); // which is aligned
  const samples = depth === "u8" ? bytes : depth === "u16" ? new Uint16Array(buffer) : new Float32Array(buffer);
  const scale = { u8: 1, u16: 1 / 257, f32: 255 }[depth];
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < count; from += channels, to += 4) {
    for (let c = 0; c < Math.max(3, channels); c++) rgba[to + c] = samples[from + (channels === 1 ? 0 : c)] * scale;
  }
  return rgba;
}
