/**
 * A small picture as a file that an `<img>` shows at once. A BMP is pixels behind a header: a PNG would be deflated, in
 * Chromium on the main thread, and a preview comes four times a second. Microsoft's BITMAPV4HEADER, with masks that
 * leave the bytes of RGBA where they are.
 */

const HEAD = 14;
const INFO = 108;
const BITFIELDS = 3;
const SRGB = 0x73524742;

/**
 * Straight alpha, sRGB.
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array} pixels RGB or RGBA
 * @param {3 | 4} channels
 * @returns {Blob}
 */
export function bmp(width, height, pixels, channels) {
  const rgba = channels === 4 ? pixels.slice() : opaque(pixels);
  const view = new DataView(new ArrayBuffer(HEAD + INFO));
  const put = (/** @type {number} */ at, /** @type {number} */ value) => view.setUint32(at, value, true);
  view.setUint16(0, 0x4d42, true); // "BM"
  put(2, HEAD + INFO + rgba.length);
  put(10, HEAD + INFO); // where the pixels begin
  put(14, INFO);
  put(18, width);
  view.setInt32(22, -height, true); // rows from top to bottom
  view.setUint16(26, 1, true);
  view.setUint16(28, 32, true); // bits of a pixel
  put(30, BITFIELDS);
  put(34, rgba.length);
  [0xff, 0xff00, 0xff0000, 0xff000000].forEach((mask, channel) => put(54 + 4 * channel, mask));
  put(70, SRGB);
  return new Blob([view.buffer, rgba], { type: "image/bmp" });
}

/** @param {Uint8Array} rgb @returns {Uint8Array<ArrayBuffer>} */
function opaque(rgb) {
  const rgba = new Uint8Array((rgb.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from];
    rgba[to + 1] = rgb[from + 1];
    rgba[to + 2] = rgb[from + 2];
  }
  return rgba;
}
