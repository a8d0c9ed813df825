/** Thumbnails of layers: every so many pixels of one. They need not be better, and JavaScript may be interpreted. */

/** @import { Picture, Shot } from "../seams.js" */

/** Pixels of the longer side, at most: 16,384 in all. */
export const SIDE = 128;

/**
 * A small picture of `pixels`, in u8: 1 ms, some 20 ms where JavaScript is interpreted, whatever their size and depth.
 *
 * @param {Uint8Array} pixels
 * @param {Picture} picture
 * @returns {Shot}
 */
export function thumbnail(pixels, picture) {
  const step = Math.max(1, Math.ceil(Math.max(picture.width, picture.height) / SIDE));
  const width = Math.ceil(picture.width / step);
  const height = Math.ceil(picture.height / step);
  const channels = picture.channels === 4 ? 4 : 3;
  const small = new Uint8Array(width * height * channels);
  const bytes = { u8: 1, u16: 2, f32: 4 }[picture.depth];
  const floats = bytes === 4 ? new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength) : null;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let at = (y * step * picture.width + x * step) * picture.channels * bytes;
      for (let channel = 0; channel < channels; channel++, at += bytes) {
        // Numbers of the wire are little-endian: the last byte is the upper one.
        small[to++] = floats ? shownOf(floats.getFloat32(at, true)) : pixels[at + bytes - 1];
      }
    }
  }
  return { width, height, channels, pixels: small };
}

/** @param {number} value 1.0 is white; what is no number is black */
function shownOf(value) {
  return value > 0 ? Math.round(255 * Math.min(value, 1)) : 0;
}
