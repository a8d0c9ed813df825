/**
 * The easel shows a document: below, the picture as it is zoomed and moved; above it the selection. Each is drawn anew
 * where it changed, once a frame, and nothing is drawn while nothing changes.
 */

import { intersect, union } from "./boxes.js";
import { difference, seen } from "./document.js";
import { overlay } from "./overlay.js";
import { centred, fitting, inDocument, kept, onScreen, zoomed } from "./viewport.js";

/** @import { Box } from "../seams.js" */
/** @import { PageDocument } from "./document.js" */
/** @import { State } from "./history.js" */
/** @import { Selection } from "./selection.js" */
/** @import { Viewport } from "./viewport.js" */

/** Above this zoom the document's pixels are shown as squares. */
const SQUARES = 2;
/** Side of a square of the board that shows through where nothing is, in screen pixels. */
const SQUARE = 8;

/** The easel. */
export class Easel {
  /**
   * @param {HTMLElement} frame what it fills
   * @param {HTMLCanvasElement} picture
   * @param {HTMLCanvasElement} veil the selection
   */
  constructor(frame, picture, veil) {
    this.frame = frame;
    this.picture = picture;
    this.veil = veil;
    this.pictureInk = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
    this.veilInk = /** @type {CanvasRenderingContext2D} */ (veil.getContext("2d"));
    /** The document at its own size. */
    this.plate = new OffscreenCanvas(1, 1);
    /** @type {PageDocument | null} */
    this.document = null;
    /** @type {State | null} what the plate shows */
    this.shown = null;
    /** @type {Viewport} */
    this.view = { zoom: 1, x: 0, y: 0 };
    /** @type {WeakMap<PageDocument, Viewport>} */
    this.views = new WeakMap();
    /** @type {Selection | null} a stroke in the making, drawn instead of the document's selection */
    this.draft = null;
    this.tinted = false;
    this.fits = true;
    /** @type {() => void} told when the zoom is another */
    this.onView = () => {};
    this.board = this.#board();
    this.drawn = 0;
    this.waiting = false;
    this.stale = false;
    /** @type {Box | null} the part of the screen whose selection is to be drawn anew */
    this.dirty = null;
    new ResizeObserver(() => this.#resize()).observe(frame);
  }

  get across() {
    return this.frame.clientWidth;
  }

  get down() {
    return this.frame.clientHeight;
  }

  // ---- what is shown ------------------------------------------------------------------------------------------------

  /** Show a document, or none. @param {PageDocument | null} document */
  turnTo(document) {
    if (this.document === document) return;
    if (this.document) this.views.set(this.document, this.view);
    this.document = document;
    this.shown = null;
    this.tinted = false;
    this.plate = new OffscreenCanvas(document?.state.width ?? 1, document?.state.height ?? 1);
    const before = document && this.views.get(document);
    if (before) this.look(before);
    else this.fit();
    this.#ask();
  }

  /** The document that is shown has changed. @param {State} before @param {State} after */
  changed(before, after) {
    if (before.selection !== after.selection) this.soil(null);
    if (this.tinted && difference(before, after)) {
      this.tinted = false;
      this.soil(null); // a result that has come in is seen as it is
    }
    if (before.width !== after.width && this.fits) this.fit();
    this.stale = true;
    this.#ask();
  }

  /** Show a stroke in the making; null: no more. @param {Selection | null} draft @param {Box} [box] where it changed */
  sketch(draft, box) {
    this.draft = draft;
    this.tinted ||= draft !== null;
    this.soil(box ?? null);
  }

  /** The selection is to be drawn anew in a box of the document; null: everywhere. @param {Box | null} box */
  soil(box) {
    const whole = /** @type {Box} */ ([0, 0, this.across, this.down]);
    const [x, y, width, height] = box ? onScreen(this.view, box) : whole;
    this.dirty = union(this.dirty, [x - 1, y - 1, width + 2, height + 2]);
    this.#ask();
  }

  // ---- where it is looked at ----------------------------------------------------------------------------------------

  /** Look at the document in another way. @param {Viewport} view */
  look(view) {
    const { width, height } = this.document?.state ?? { width: 1, height: 1 };
    this.view = kept(view, width, height, this.across, this.down);
    this.fits = false;
    this.stale = true;
    this.soil(null);
    this.onView();
  }

  /** All of it. */
  fit() {
    const { width, height } = this.document?.state ?? { width: 1, height: 1 };
    this.look(fitting(width, height, this.across, this.down));
    this.fits = true;
  }

  /** Its own size. */
  whole() {
    const { width, height } = this.document?.state ?? { width: 1, height: 1 };
    this.look(centred(width, height, this.across, this.down, 1));
  }

  /**
   * Zoom by a factor around a point of the screen; in the middle where none is told.
   * @param {number} factor
   * @param {number} [x]
   * @param {number} [y]
   */
  zoom(factor, x = this.across / 2, y = this.down / 2) {
    this.look(zoomed(this.view, factor, x, y));
  }

  /**
   * A pointer's place in the document, not rounded.
   * @param {{ clientX: number, clientY: number }} event
   * @returns {[number, number]}
   */
  point(event) {
    const { left, top } = this.frame.getBoundingClientRect();
    return inDocument(this.view, event.clientX - left, event.clientY - top);
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  #ask() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.#draw();
    });
  }

  #draw() {
    this.drawn += 1;
    const state = this.document?.state ?? null;
    if (state && state !== this.shown) this.#develop(state);
    if (this.stale || !state) this.#drawPicture(state);
    if (this.dirty) this.#drawVeil(state, this.dirty);
    this.stale = false;
    this.dirty = null;
  }

  /** Bring the plate up to date, where it is not. @param {State} state */
  #develop(state) {
    const { width, height } = state;
    if (this.plate.width !== width || this.plate.height !== height) {
      this.plate = new OffscreenCanvas(width, height);
      this.shown = null;
    }
    const box = this.shown ? difference(this.shown, state) : /** @type {Box} */ ([0, 0, width, height]);
    this.shown = state;
    if (!box) return;
    this.stale = true;
    const ink = /** @type {OffscreenCanvasRenderingContext2D} */ (this.plate.getContext("2d"));
    ink.putImageData(new ImageData(seen(state, box), box[2], box[3]), box[0], box[1]);
  }

  /** @param {State | null} state */
  #drawPicture(state) {
    const { pictureInk: ink, view } = this;
    const ratio = devicePixelRatio;
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, this.picture.width, this.picture.height);
    if (!state) return;
    const [x, y] = [Math.round(view.x * ratio), Math.round(view.y * ratio)];
    const [width, height] = [state.width * view.zoom * ratio, state.height * view.zoom * ratio];
    ink.fillStyle = this.board;
    ink.fillRect(x, y, width, height);
    ink.imageSmoothingEnabled = view.zoom * ratio < SQUARES;
    ink.imageSmoothingQuality = "medium";
    ink.drawImage(this.plate, x, y, width, height);
  }

  /** @param {State | null} state @param {Box} dirty */
  #drawVeil(state, dirty) {
    const box = intersect(dirty, [0, 0, this.veil.width, this.veil.height]);
    if (!box) return;
    const selection = this.draft ?? state?.selection;
    const [x, y, width, height] = box;
    const bounds = this.draft ? true : selection?.bounds;
    if (!selection || !bounds) this.veilInk.clearRect(x, y, width, height);
    else this.veilInk.putImageData(new ImageData(overlay(selection, this.view, box, this.tinted), width, height), x, y);
  }

  /** What shows through where nothing is. */
  #board() {
    const tile = new OffscreenCanvas(2 * SQUARE, 2 * SQUARE);
    const ink = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, 2 * SQUARE, 2 * SQUARE);
    ink.fillStyle = "#d9d9d9";
    ink.fillRect(0, 0, SQUARE, SQUARE);
    ink.fillRect(SQUARE, SQUARE, SQUARE, SQUARE);
    return /** @type {CanvasPattern} */ (this.pictureInk.createPattern(tile, "repeat"));
  }

  #resize() {
    const ratio = devicePixelRatio;
    this.picture.width = Math.max(1, Math.round(this.across * ratio));
    this.picture.height = Math.max(1, Math.round(this.down * ratio));
    this.veil.width = Math.max(1, this.across); // CSS pixels suffice for dashes, and cost a quarter on a dense screen
    this.veil.height = Math.max(1, this.down);
    if (this.fits) this.fit();
    else this.look(this.view);
  }
}
