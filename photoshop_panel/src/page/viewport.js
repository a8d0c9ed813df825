/**
 * Where on the screen the document lies: a zoom and the screen point of its corner. Lengths of the screen are CSS
 * pixels.
 */

/** @import { Box } from "../seams.js" */

/**
 * zoom: screen pixels for one of the document. x, y: where the document's upper left corner is.
 * @typedef {{ zoom: number, x: number, y: number }} Viewport
 */

/** The zoom goes from here … */
export const LEAST = 0.01;
/** … to here. */
export const MOST = 32;

/**
 * The whole document in the middle of the screen, with a margin; never larger than it is.
 * @param {number} width @param {number} height of the document
 * @param {number} across @param {number} down of the screen
 * @returns {Viewport}
 */
export function fitting(width, height, across, down) {
  const margin = Math.min(24, across / 10, down / 10);
  const zoom = Math.max(LEAST, Math.min(1, (across - 2 * margin) / width, (down - 2 * margin) / height));
  return centred(width, height, across, down, zoom);
}

/**
 * The document's middle in the middle of the screen.
 * @param {number} width
 * @param {number} height
 * @param {number} across
 * @param {number} down
 * @param {number} zoom
 * @returns {Viewport}
 */
export function centred(width, height, across, down, zoom) {
  return { zoom, x: Math.round((across - width * zoom) / 2), y: Math.round((down - height * zoom) / 2) };
}

/**
 * Zoom by a factor; what lies under a point of the screen stays there.
 * @param {Viewport} view
 * @param {number} factor
 * @param {number} px
 * @param {number} py
 * @returns {Viewport}
 */
export function zoomed(view, factor, px, py) {
  const zoom = Math.min(MOST, Math.max(LEAST, view.zoom * factor));
  const ratio = zoom / view.zoom;
  return { zoom, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio };
}

/**
 * A point of the screen in the document, not rounded.
 * @param {Viewport} view
 * @param {number} px
 * @param {number} py
 * @returns {[number, number]}
 */
export function inDocument(view, px, py) {
  return [(px - view.x) / view.zoom, (py - view.y) / view.zoom];
}

/**
 * A box of the document on the screen, in whole pixels around it.
 * @param {Viewport} view
 * @param {Box} box
 * @returns {Box}
 */
export function onScreen(view, box) {
  const x = Math.floor(view.x + box[0] * view.zoom);
  const y = Math.floor(view.y + box[1] * view.zoom);
  const right = Math.ceil(view.x + (box[0] + box[2]) * view.zoom);
  const bottom = Math.ceil(view.y + (box[1] + box[3]) * view.zoom);
  return [x, y, right - x, bottom - y];
}

/**
 * Keep some of the document on the screen.
 * @param {Viewport} view
 * @param {number} width
 * @param {number} height
 * @param {number} across
 * @param {number} down
 * @returns {Viewport}
 */
export function kept(view, width, height, across, down) {
  const rest = 48;
  const x = Math.min(across - rest, Math.max(rest - width * view.zoom, view.x));
  const y = Math.min(down - rest, Math.max(rest - height * view.zoom, view.y));
  return { zoom: view.zoom, x, y };
}
