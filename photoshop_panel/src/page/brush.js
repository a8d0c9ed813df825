/** The soft brush: it draws coverage along a line, as wide as it is everywhere and without beads. */

import { intersect } from "./boxes.js";
import { Draft, TILE } from "./selection.js";

/** @import { Box } from "../seams.js" */
/** @import { Selection } from "./selection.js" */

/**
 * The brush. size: diameter in document pixels. softness: 0 hard (but for one pixel, so that the edge is smooth) to 1
 * (falls from the middle on). erase: takes away instead.
 * @typedef {{ size: number, softness: number, erase: boolean }} Brush
 */

/** One stroke over a selection. */
export class Stroke {
  /** @param {Selection} from @param {Brush} brush */
  constructor(from, brush) {
    this.draft = new Draft(from);
    this.brush = brush;
    /** @type {[number, number] | null} */
    this.at = null;
    this.falloff = falloff(brush);
  }

  /**
   * Go on to a point of the document; returns the box that may have changed, null where it lies off the canvas.
   * @param {number} x
   * @param {number} y
   * @returns {Box | null}
   */
  to(x, y) {
    const [x0, y0] = this.at ?? [x, y];
    this.at = [x, y];
    const reach = this.brush.size / 2 + 1;
    const left = Math.floor(Math.min(x0, x) - reach);
    const top = Math.floor(Math.min(y0, y) - reach);
    /** @type {Box} */
    const around = [left, top, Math.ceil(Math.max(x0, x) + reach) - left, Math.ceil(Math.max(y0, y) + reach) - top];
    const box = intersect(around, [0, 0, this.draft.width, this.draft.height]);
    if (box) for (const [k, part] of this.draft.under(box)) this.mark(k, part, x0, y0, x - x0, y - y0);
    return box;
  }

  /** @param {number} k @param {Box} part @param {number} x0 @param {number} y0 @param {number} dx @param {number} dy */
  mark(k, part, x0, y0, dx, dy) {
    const { erase } = this.brush;
    if (erase && !this.draft.tiles[k]) return;
    const [left, top] = this.draft.tileBox(k);
    const length = dx * dx + dy * dy;
    const reach = this.falloff.length - 1;
    const limit = (reach / STEPS) ** 2;
    /** @type {Uint8Array | null} */
    let tile = null;
    for (let y = part[1]; y < part[1] + part[3]; y++) {
      const py = y + 0.5 - y0;
      let at = (y - top) * TILE + part[0] - left;
      for (let x = part[0]; x < part[0] + part[2]; x++, at++) {
        const px = x + 0.5 - x0;
        let along = length ? (px * dx + py * dy) / length : 0;
        along = along < 0 ? 0 : along > 1 ? 1 : along;
        const [ex, ey] = [px - along * dx, py - along * dy];
        const distance = ex * ex + ey * ey;
        if (distance >= limit) continue;
        const value = this.falloff[(Math.sqrt(distance) * STEPS) | 0];
        tile ??= this.draft.tile(k);
        if (erase) {
          if (tile[at] > 255 - value) tile[at] = 255 - value;
        } else if (tile[at] < value) tile[at] = value;
      }
    }
  }
}

/** How finely the falloff is looked up, in steps a pixel. */
const STEPS = 8;

/**
 * Coverage by the distance from the line, in steps: 255 in the middle, smoothly to 0 half a pixel beyond the rim.
 * @param {Brush} brush
 */
function falloff({ size, softness }) {
  const outer = Math.max(0.5, size / 2) + 0.5;
  const inner = Math.min(outer - 1, (outer - 0.5) * (1 - softness));
  return Uint8Array.from({ length: Math.ceil(outer * STEPS) + 1 }, (_, k) => {
    const t = Math.min(1, Math.max(0, (outer - (k + 0.5) / STEPS) / (outer - inner)));
    return Math.round(255 * t * t * (3 - 2 * t));
  });
}
