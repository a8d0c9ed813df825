/**
 * What the layers show: normal blending of straight alpha in sRGB, 8 bit. Where a layer has no coverage the value below
 * it is not computed but kept: it is the same to the last bit.
 */

import { cut, intersect } from "./boxes.js";
import { painted } from "./layers.js";

/** @import { Box } from "../seams.js" */
/** @import { Layer } from "./layers.js" */

/**
 * A box of what the layers show: RGBA, 0 where nothing is.
 * @param {readonly Layer[]} layers top first
 * @param {Box} box
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function composite(layers, box) {
  const seen = new Uint8ClampedArray(box[2] * box[3] * 4);
  for (const one of painted(layers)) {
    const inside = one.kind === "invert" ? box : intersect(one.box, box);
    if (!inside) continue;
    if (one.pixels && one.opaque && !one.mask && one.opacity === 255) cut(one.pixels, one.box, box, seen, 4);
    else blend(one, inside, box, seen);
  }
  return seen;
}

/** @param {Layer} one @param {Box} inside @param {Box} box @param {Uint8ClampedArray} seen */
function blend(one, inside, box, seen) {
  const { pixels, mask, opacity } = one;
  const [x, y, width, height] = inside;
  for (let row = y; row < y + height; row++) {
    let at = (row - one.box[1]) * one.box[2] + x - one.box[0];
    let k = ((row - box[1]) * box[2] + x - box[0]) * 4;
    for (let end = k + width * 4; k < end; k += 4, at++) {
      let cover = mask && pixels ? divided(mask[at] * opacity) : opacity;
      if (cover === 0) continue;
      if (!pixels) {
        for (let c = k; c < k + 3; c++) seen[c] = divided(seen[c] * (255 - cover) + (255 - seen[c]) * cover);
        continue;
      }
      const from = at * 4;
      if (pixels[from + 3] !== 255) cover = divided(cover * pixels[from + 3]);
      if (cover === 0) continue;
      const below = seen[k + 3];
      if (cover === 255 || below === 0) {
        for (let c = 0; c < 3; c++) seen[k + c] = pixels[from + c];
        seen[k + 3] = cover;
      } else if (below === 255) {
        for (let c = 0; c < 3; c++) seen[k + c] = divided(pixels[from + c] * cover + seen[k + c] * (255 - cover));
      } else {
        const kept = (below * (255 - cover)) / 255;
        const alpha = cover + kept;
        for (let c = 0; c < 3; c++) seen[k + c] = (pixels[from + c] * cover + seen[k + c] * kept) / alpha;
        seen[k + 3] = alpha;
      }
    }
  }
}

/** To the nearest whole 255th. @param {number} product 0 to 65025 */
function divided(product) {
  return ((product + 127) / 255) | 0;
}

/** True where a picture has pixels that are not wholly opaque. @param {Uint8ClampedArray} rgba */
export function transparent(rgba) {
  for (let k = 3; k < rgba.length; k += 4) if (rgba[k] !== 255) return true;
  return false;
}
