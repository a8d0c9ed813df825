/** How a selection looks over the picture: a dashed line where it covers half, and, while it is painted, a tint. */

import { TILE } from "./selection.js";

/** @import { Box } from "../seams.js" */
/** @import { Selection } from "./selection.js" */
/** @import { Viewport } from "./viewport.js" */

/** The tint's colour, and its alpha where all is covered. */
const TINT = [64, 140, 255, 110];
/** Length of a dash of the line on the screen. */
const DASH = 4;

/**
 * A box of the screen as RGBA.
 * @param {Selection} selection
 * @param {Viewport} view
 * @param {Box} box
 * @param {boolean} tinted
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function overlay(selection, view, box, tinted) {
  const [x, y, width, height] = box;
  const out = new Uint8ClampedArray(width * height * 4);
  const columns = Int32Array.from({ length: width + 1 }, (_, k) => Math.floor((x + k - 0.5 - view.x) / view.zoom));
  let above = sampled(selection, columns, rowAt(view, y - 1));
  for (let row = 0, to = 0; row < height; row++) {
    const line = sampled(selection, columns, rowAt(view, y + row));
    for (let k = 1; k <= width; k++, to += 4) {
      const inside = line[k] > 127;
      if (inside !== line[k - 1] > 127 || inside !== above[k] > 127) {
        const shade = ((x + k + y + row) / DASH) & 1 ? 255 : 0;
        out[to] = out[to + 1] = out[to + 2] = shade;
        out[to + 3] = 255;
      } else if (tinted && line[k]) {
        out[to] = TINT[0];
        out[to + 1] = TINT[1];
        out[to + 2] = TINT[2];
        out[to + 3] = (TINT[3] * line[k]) / 255;
      }
    }
    above = line;
  }
  return out;
}

/** @param {Viewport} view @param {number} y */
function rowAt(view, y) {
  return Math.floor((y + 0.5 - view.y) / view.zoom);
}

/** Coverage at some columns of a row. @param {Selection} selection @param {Int32Array} columns @param {number} row */
function sampled(selection, columns, row) {
  const line = new Uint8Array(columns.length);
  if (row < 0 || row >= selection.height) return line;
  const first = Math.floor(row / TILE) * selection.across;
  const inTile = (row % TILE) * TILE;
  for (let k = 0; k < columns.length; k++) {
    const column = columns[k];
    if (column < 0 || column >= selection.width) continue;
    const tile = selection.tiles[first + ((column / TILE) | 0)];
    if (tile) line[k] = tile[inTile + (column % TILE)];
  }
  return line;
}
