/** Layers and their masks, small. */

/** @import { Layer } from "./layers.js" */

/** The longer side of one, in pixels. */
const SIDE = 44;

/**
 * The layer's pixels; a circle, half of it filled, for an invert; null for a group.
 * @param {Layer} one
 * @returns {HTMLElement | null}
 */
export function thumb(one) {
  if (one.kind === "group") return null;
  if (one.kind === "invert") {
    const mark = document.createElement("span");
    mark.className = "invert-mark";
    return mark;
  }
  const { box, pixels } = one;
  return small(box[2], box[3], (at, out, to) => {
    for (let c = 0; c < 4; c++) out[to + c] = pixels?.[at * 4 + c] ?? 0;
  });
}

/** The layer's mask; null where it has none. @param {Layer} one */
export function maskThumb({ box, mask }) {
  if (!mask) return null;
  const drawn = small(box[2], box[3], (at, out, to) => {
    out[to] = out[to + 1] = out[to + 2] = mask[at];
    out[to + 3] = 255;
  });
  drawn.className = "mask";
  return drawn;
}

/**
 * @param {number} width
 * @param {number} height
 * @param {(at: number, out: Uint8ClampedArray, to: number) => void} put
 */
function small(width, height, put) {
  const scale = Math.min(1, SIDE / width, SIDE / height);
  const across = Math.max(1, Math.round(width * scale));
  const down = Math.max(1, Math.round(height * scale));
  const canvas = document.createElement("canvas");
  canvas.width = across;
  canvas.height = down;
  const data = new ImageData(across, down);
  for (let y = 0, to = 0; y < down; y++) {
    const row = Math.floor(((y + 0.5) * height) / down) * width;
    for (let x = 0; x < across; x++, to += 4) put(row + Math.floor(((x + 0.5) * width) / across), data.data, to);
  }
  canvas.getContext("2d")?.putImageData(data, 0, 0);
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}
