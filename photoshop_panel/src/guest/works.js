/** What is under way: one record for each fill, from Enter to its last layer. */

/** @import { Ask, Box, Canvas, Event, Put, Shot, Spot, Tile } from "../seams.js" */
/** @import { Memory } from "./recall.js" */

import { newJob } from "./values.js";

/**
 * A layer that has come: where it was put (null: in a document of its own), and what it looks like.
 *
 * @typedef {{name: string, memory: Memory, put: Put | null, shot: Shot}} Landed
 */

/**
 * A fill under way, or one whose layers are being chosen from.
 *
 * canvas    the document that it belongs to; null where none that is open does
 * spot      which layers are read, and so where its own go
 * selected  what was selected when it began: while that stands, its layer is at hand
 * replaces  the layer that its first layer hides and lies above; it is not read. 0 for none
 * maskOf    the layer whose mask is painted; 0: the selection
 * region    the bridge's name for the pixels. Known before it is accepted where a layer is made again
 * was       where that layer lay when it was made; its box, now, says where the new one goes
 * frame     where the outermost layers lay when it was asked: tells whether the canvas was moved since
 * seen, pixels  what was read: its box and the CRC-32 of its bytes, known once `checked`
 * begun     the bridge was asked for it
 * stopped   the artist cancelled it: it does not begin, and is not asked about anew
 * parted    the bridge is gone: if it has promised this one, it goes on when the bridge is back
 * fate      what becomes of its layers: into the document, a document for each, or nothing
 * ahead     fills that are painted before it; null while nobody knows
 * landed    layers that have come, by the bridge's names; `shown` is the one that is visible
 * coming    layers that are on their way into the document
 * held      layers that came and cannot be inserted now, since the artist has to act (`trouble`), or the canvas is
 *           `now` another one; `failed` says why, where it is a fault
 *
 * @typedef {{
 *   canvas: Canvas | null, spot: Spot, ask: Ask, job: string, selected: Box | null, replaces: number, maskOf: number,
 *   region: string, was: Box | null, frame: Map<number, Box>, seen: Box | null, pixels: number,
 *   checked: Promise<void>, begun: boolean, stopped: boolean, parted: boolean, over: boolean,
 *   fate: "insert" | "open" | "discard", phase: string, fraction: number, ahead: number | null, preview: Shot | null,
 *   landed: Map<string, Landed>, shown: string, coming: Set<Event>, held: Map<string, Event>,
 *   trouble: string, now: {width: number, height: number}, failed: string,
 * }} Work
 */

/**
 * @param {Canvas | null} canvas
 * @param {Spot} spot
 * @param {Ask} ask
 * @param {Partial<Work>} more
 * @returns {Work}
 */
export function makeWork(canvas, spot, ask, more = {}) {
  return {
    canvas, spot, ask, job: newJob(), selected: null, replaces: 0, maskOf: 0,
    region: "", was: null, frame: new Map(), seen: null, pixels: 0,
    checked: Promise.resolve(), begun: false, stopped: false, parted: false, over: false,
    fate: "insert", phase: "Waits for the bridge", fraction: 0, ahead: null, preview: null,
    landed: new Map(), shown: "", coming: new Set(), held: new Map(),
    trouble: "", now: { width: 0, height: 0 }, failed: "",
    ...more,
  };
}

/**
 * The artist has decided what becomes of its layers.
 *
 * @param {Work} work
 * @param {string} word
 */
export function decide(work, word) {
  work.fate = word === "discard" || word === "open" ? word : "insert";
}

/**
 * The id of the group that holds its layers, 0 for none.
 *
 * @param {Work} work
 */
export function groupOf(work) {
  return [...work.landed.values()].map((one) => one.put?.group || 0).find((group) => group) || 0;
}

/**
 * The ids of its layers in the document.
 *
 * @param {Work} work
 */
export function layersOf(work) {
  return [...work.landed.values()].flatMap((one) => (one.put ? [one.put.layer] : []));
}

/**
 * What there is to choose from.
 *
 * @param {Work} work
 * @returns {Tile[]}
 */
export function tilesOf(work) {
  return [...work.landed].map(([key, one]) => ({ key, title: one.name, shot: one.shot, shown: key === work.shown }));
}

/**
 * True while a layer of it may still have to go somewhere.
 *
 * @param {Work} work
 */
export function isOpen(work) {
  return !work.over || work.parted || work.held.size > 0 || work.coming.size > 0;
}
