/**
 * What a layer remembers of how it was made, so that it can be made again next week: JSON, in the very names of
 * `gimp_plugin.recall`, so that one guest can read the other's.
 */

/** @import { Box, DocumentFacts, Recipe, Sample } from "../seams.js" */

import { recipeFrom } from "./recipe.js";
import { SAMPLES, canvasOf, isBox, isDocument, isMap, isWhole } from "./values.js";

const VERSION = 1;
const NAMES = ["result", "job", "region", "recipe", "document", "selection", "content", "sample", "box"];

/**
 * One layer's origin.
 *
 * result, job   the bridge's names for the layer and for the job that made it
 * region        the bridge's name for the pixels that it saw; it may have been forgotten since
 * recipe        fully resolved, as the bridge gave it
 * document, selection, content  what was asked then; `selection` null for the whole canvas
 * sample        which layers were read
 * box           where the layer was put, in the canvas of then
 * seen, pixels  the box that was read, and the CRC-32 of its bytes: tells whether the picture has changed since;
 *               null and 0 where nothing was read, because the bridge held the region already
 *
 * @typedef {{
 *   result: string, job: string, region: string, recipe: Recipe, document: DocumentFacts, selection: Box | null,
 *   content: Box | null, sample: Sample, box: Box, seen: Box | null, pixels: number,
 * }} Memory
 */

/**
 * The text that the document keeps with the layer: ASCII, since nobody knows what becomes of other letters in a file.
 *
 * @param {Memory} memory
 */
export function textOf(memory) {
  const { tag, width, height, channels, depth } = memory.document; // a host may know more of it
  const document = { tag, width, height, channels, depth };
  const text = JSON.stringify({ ...memory, document, version: VERSION });
  return text.replace(/[^\0-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * The memory of such a text; null where it is damaged, or a newer version's: then the layer is a layer like any other.
 * A document comes from anywhere: what is returned is what `Memory` says.
 *
 * @param {string | null} text
 * @returns {Memory | null}
 */
export function memoryOf(text) {
  if (!text) return null;
  try {
    const { version, ...values } = JSON.parse(text);
    if (version !== VERSION || !NAMES.every((name) => name in values)) return null;
    const memory = { seen: null, pixels: 0, ...values, recipe: recipeFrom(values.recipe) };
    return Object.keys(memory).length === NAMES.length + 2 && sound(memory) ? memory : null;
  } catch {
    return null;
  }
}

/** @param {Record<string, any>} given @returns {given is Memory} */
function sound(given) {
  if (!isMap(given.recipe) || !isDocument(given.document) || !SAMPLES.includes(given.sample)) return false;
  const named = [given.result, given.job, given.region].every((name) => typeof name === "string");
  const boxed = [given.selection, given.content, given.seen].every((box) => box === null || isBox(box));
  if (!named || !boxed || !isBox(given.box) || !isWhole(given.pixels, 0, 2 ** 32 - 1)) return false;
  return given.seen === null || inside(given.seen, canvasOf(given.document));
}

/** @param {Box} box @param {Box} canvas */
function inside(box, canvas) {
  return box[0] + box[2] <= canvas[2] && box[1] + box[3] <= canvas[3];
}
