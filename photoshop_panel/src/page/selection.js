/**
 * What is selected: 8-bit coverage of the canvas, 255 = wholly. Values that never change, in tiles that are shared: a
 * brush stroke on a 12-megapixel canvas costs the tiles that it touched.
 */

import { intersect, union } from "./boxes.js";

/** @import { Box } from "../seams.js" */

/** Side of a tile in pixels. */
export const TILE = 256;
const FULL = new Uint8Array(TILE * TILE).fill(255);

/** The coverage of a canvas. A tile that is null is all 0. */
export class Selection {
  /**
   * @param {number} width
   * @param {number} height
   * @param {(Uint8Array | null)[]} [tiles] rows of tiles, top to bottom
   */
  constructor(width, height, tiles) {
    this.width = width;
    this.height = height;
    this.across = Math.ceil(width / TILE);
    /** @type {(Uint8Array | null)[]} */
    this.tiles = tiles ?? new Array(this.across * Math.ceil(height / TILE)).fill(null);
    /** @type {Box | null | undefined} */
    this.known = undefined;
  }

  /** The smallest box around what is selected at all; null where nothing is. @returns {Box | null} */
  get bounds() {
    if (this.known === undefined) {
      this.known = this.tiles.map((tile, k) => this.inTile(tile, k)).reduce(union, null);
    }
    return this.known;
  }

  /** Where a tile lies, clipped to the canvas. @param {number} k @returns {Box} */
  tileBox(k) {
    const x = (k % this.across) * TILE;
    const y = Math.floor(k / this.across) * TILE;
    return [x, y, Math.min(TILE, this.width - x), Math.min(TILE, this.height - y)];
  }

  /** @param {Uint8Array | null} tile @param {number} k @returns {Box | null} */
  inTile(tile, k) {
    if (!tile) return null;
    const [x, y, width, height] = this.tileBox(k);
    if (tile === FULL) return [x, y, width, height];
    let [left, top, right, bottom] = [width, height, -1, -1];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        if (!tile[row * TILE + column]) continue;
        if (column < left) left = column;
        if (column > right) right = column;
        if (row < top) top = row;
        bottom = row;
      }
    }
    return right < 0 ? null : [x + left, y + top, right - left + 1, bottom - top + 1];
  }

  /**
   * The coverage of a box, one byte a pixel; 0 beyond the canvas.
   * @param {Box} box
   * @returns {Uint8Array<ArrayBuffer>}
   */
  read(box) {
    const found = new Uint8Array(box[2] * box[3]);
    for (const [k, part] of this.under(box)) {
      const tile = this.tiles[k];
      if (!tile) continue;
      const [x, y] = this.tileBox(k);
      for (let row = part[1]; row < part[1] + part[3]; row++) {
        const start = (row - y) * TILE + part[0] - x;
        found.set(tile.subarray(start, start + part[2]), (row - box[1]) * box[2] + part[0] - box[0]);
      }
    }
    return found;
  }

  /** The tiles that a box touches, and the part of it in each. @param {Box} box @returns {Iterable<[number, Box]>} */
  *under(box) {
    const inside = intersect(box, [0, 0, this.width, this.height]);
    if (!inside) return;
    const [x, y, width, height] = inside;
    for (let row = Math.floor(y / TILE); row * TILE < y + height; row++) {
      for (let column = Math.floor(x / TILE); column * TILE < x + width; column++) {
        const k = row * this.across + column;
        yield [k, /** @type {Box} */ (intersect(inside, this.tileBox(k)))];
      }
    }
  }
}

/** A selection in the making: each tile is copied once, before the first change. The one it was made of stays. */
export class Draft extends Selection {
  /** @param {Selection} from */
  constructor(from) {
    super(from.width, from.height, [...from.tiles]);
    /** @type {Set<number>} */
    this.own = new Set();
  }

  /** A tile to write to. @param {number} k */
  tile(k) {
    if (!this.own.has(k)) this.tiles[k] = this.tiles[k]?.slice() ?? new Uint8Array(TILE * TILE);
    this.own.add(k);
    return /** @type {Uint8Array} */ (this.tiles[k]);
  }

  /** What it has become. It must not be drawn on any more. @returns {Selection} */
  done() {
    return new Selection(this.width, this.height, this.tiles);
  }
}

/**
 * Select a rectangle.
 * @param {Selection} from
 * @param {Box} box clipped to the canvas
 * @param {"replace" | "add" | "erase"} how
 */
export function rectangle(from, box, how) {
  const draft = new Draft(how === "replace" ? new Selection(from.width, from.height) : from);
  const value = how === "erase" ? 0 : 255;
  for (const [k, part] of draft.under(box)) {
    const whole = draft.tileBox(k);
    if (part[2] === whole[2] && part[3] === whole[3]) {
      draft.tiles[k] = value ? FULL : null;
      continue;
    }
    if (!value && !draft.tiles[k]) continue;
    const tile = draft.tile(k);
    for (let row = part[1] - whole[1]; row < part[1] - whole[1] + part[3]; row++) {
      const start = row * TILE + part[0] - whole[0];
      tile.fill(value, start, start + part[2]);
    }
  }
  return draft.done();
}

/**
 * A selection that covers what a mask of a box covers, and nothing else.
 * @param {number} width @param {number} height
 * @param {Box} box
 * @param {Uint8Array | null} mask null: all 255
 */
export function masked(width, height, box, mask) {
  const none = new Selection(width, height);
  if (!mask) return rectangle(none, box, "replace");
  const draft = new Draft(none);
  for (const [k, part] of draft.under(box)) {
    const tile = draft.tile(k);
    const [x, y] = draft.tileBox(k);
    for (let row = part[1]; row < part[1] + part[3]; row++) {
      const start = (row - box[1]) * box[2] + part[0] - box[0];
      tile.set(mask.subarray(start, start + part[2]), (row - y) * TILE + part[0] - x);
    }
  }
  return draft.done();
}

/**
 * The same on a canvas of another size, moved.
 * @param {Selection} from
 * @param {number} width
 * @param {number} height
 * @param {number} dx
 * @param {number} dy
 */
export function moved(from, width, height, dx, dy) {
  const box = from.bounds;
  if (!box) return new Selection(width, height);
  return masked(width, height, [box[0] + dx, box[1] + dy, box[2], box[3]], from.read(box));
}
