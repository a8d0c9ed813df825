/** Works as each gesture begins them. Nothing is asked of the bridge here, and no pixels are read. */

/** @import { Canvas, Fields, Mode, Recipe, Scene, Spot } from "../seams.js" */
/** @import { Hand } from "./sight.js" */
/** @import { Work } from "./works.js" */

import { again as againOf, asked, recipeOf } from "./gestures.js";
import { refusal } from "./values.js";
import { makeWork } from "./works.js";

const OUTSIDE =
  "This layer lies outside the canvas: move it back, or let the canvas grow (Photoshop: Image ▸ Reveal All).";

/**
 * What the artist has before them, by the fields. `edited` is the id of a layer to replace, 0 for none: what is read
 * then lies below it, where the new one goes. Raises Refusal `recipe.field`.
 *
 * @param {Canvas} canvas
 * @param {Scene} scene
 * @param {Mode} mode
 * @param {Fields} fields
 * @param {number} edited
 * @returns {Work}
 */
export function filled(canvas, scene, mode, fields, edited) {
  /** @type {Spot} */
  const spot = edited ? { sample: "below", anchor: edited } : { sample: fields.sample, anchor: scene.active };
  const ask = asked(scene, recipeOf(mode, fields));
  return makeWork(canvas, spot, ask, { selected: scene.selection, replaces: edited });
}

/**
 * A layer once more, from the very pixels that it was made from, if the bridge still holds them.
 *
 * @param {Canvas} canvas
 * @param {Scene} scene
 * @param {Hand} hand
 * @param {Fields} fields
 * @returns {Work}
 */
export function again(canvas, scene, hand, fields) {
  const { layer, memory } = hand;
  const document = { ...memory.document, tag: scene.document.tag }; // it may have come here from another document
  const { selection, content } = memory;
  const ask = { document, selection, content, recipe: againOf(memory.recipe, fields) };
  const work = makeWork(canvas, { sample: "below", anchor: layer }, ask, { selected: scene.selection });
  Object.assign(work, { replaces: layer, maskOf: layer, region: memory.region, was: memory.box });
  if (memory.sample !== "current") Object.assign(work, { seen: memory.seen, pixels: memory.pixels }); // lies below it
  return work;
}

/**
 * A layer's own area anew, from what is seen there now. Raises Refusal where nothing is.
 *
 * @param {Canvas} canvas
 * @param {Scene} scene
 * @param {Hand} hand
 * @param {Recipe} recipe
 * @returns {Promise<Work>}
 */
export async function repainted(canvas, scene, hand, recipe) {
  const { box } = await canvas.maskOf(hand.layer);
  if (box[2] <= 0 || box[3] <= 0) throw refusal("recipe.selection", OUTSIDE);
  const ask = { document: scene.document, selection: box, content: null, recipe };
  /** @type {Spot} */
  const spot = { sample: hand.memory.sample === "all" ? "all" : "below", anchor: hand.layer };
  return makeWork(canvas, spot, ask, { selected: scene.selection, maskOf: hand.layer });
}
