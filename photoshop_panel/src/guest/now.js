/** What the guest knows at this moment, beside what its rooms know. */

/** @import { Canvas, Fields, LinkState } from "../seams.js" */
/** @import { Hand, Sighted } from "./sight.js" */
/** @import { Work } from "./works.js" */

import { STATES } from "./showing.js";
import { NOTHING, alike } from "./sight.js";

/** A layer whose settings are in the fields: what is filled then replaces it. */
/** @typedef {{canvas: Canvas, layer: number}} Editing */

/**
 * fields   as they are in the panel, or will be when it has heard of the last view
 * typed    the artist has set one since their last gesture: the keyboard stays with them
 * sighted, hand  the document and the layer at hand, as they were looked at last
 * online, state  where the link stands, and its sentence
 * error    what went wrong last, until the next gesture
 * busy     a sentence while the host lets nobody in
 * stops    how often the artist has cancelled
 *
 * @typedef {{
 *   fields: Fields, typed: boolean, sighted: Sighted, hand: Hand | null, editing: Editing | null,
 *   online: LinkState, state: string, error: string, busy: string, stops: number,
 * }} Now
 */

/**
 * As it is at first.
 *
 * @param {Fields} fields
 * @returns {Now}
 */
export function atFirst(fields) {
  return {
    fields, typed: false, sighted: NOTHING, hand: null, editing: null,
    online: "calling", state: STATES.calling, error: "", busy: "", stops: 0,
  };
}

/**
 * The seed of the variation that is shown stands in the fields: the padlock keeps it.
 *
 * @param {Now} now
 * @param {Work} work
 */
export function drawSeed(now, work) {
  const one = work.landed.get(work.shown);
  if (!one || now.fields.locked || !alike(work.canvas, now.sighted.canvas)) return;
  now.fields = { ...now.fields, seed: one.memory.recipe.seed ?? null };
}

/**
 * True while a layer whose settings are in the fields is in this document.
 *
 * @param {Editing} editing
 * @param {Canvas | null} canvas
 */
export async function isThere(editing, canvas) {
  return !!canvas && alike(editing.canvas, canvas) && canvas.has(editing.layer);
}
