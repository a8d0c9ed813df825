/** What the artist has before them: the document that they work on, its selection, and the layer that is at hand. */

/** @import { Canvas, Fields, Mode, Sample, Scene } from "../seams.js" */
/** @import { Memory } from "./recall.js" */
/** @import { Work } from "./works.js" */

import { checksum } from "./checksum.js";
import { modeOf } from "./gestures.js";
import { memoryOf } from "./recall.js";
import { same } from "./values.js";

/**
 * As it was looked at once: `scene` is null where no document is open.
 *
 * @typedef {{canvas: Canvas | null, scene: Scene | null}} Sighted
 */

/**
 * A layer of ours that Again, Vary, Refine and Edit settings are about: its id, name and memory.
 *
 * @typedef {{layer: number, name: string, memory: Memory}} Hand
 */

/** Nothing is open. */
/** @type {Sighted} */
export const NOTHING = { canvas: null, scene: null };

/**
 * Look at a document.
 *
 * @param {Canvas | null} canvas
 * @param {Sample} sample
 * @returns {Promise<Sighted>}
 */
export async function look(canvas, sample) {
  const scene = canvas && canvas.open() ? await canvas.scene(sample) : null;
  return canvas && scene && canvas.open() ? { canvas, scene } : NOTHING;
}

/**
 * True where two are the same document.
 *
 * @param {Canvas | null} one
 * @param {Canvas | null} other
 */
export function alike(one, other) {
  return one === other || (!!one && !!other && one.key === other.key);
}

/**
 * True where the canvas goes on beyond what is visible, and nothing is selected.
 *
 * @param {Scene | null} scene
 */
export function goesOn(scene) {
  return !!scene && !scene.selection && !!scene.content;
}

/**
 * What the one button does now.
 *
 * @param {Scene | null} scene
 * @param {Fields} fields
 * @returns {Mode}
 */
export function modeBefore(scene, fields) {
  return scene ? modeOf(scene, fields, goesOn(scene)) : "fill";
}

/**
 * The selected layer, where it is one of ours; else what the last fill of the document shows, while its selection
 * stands.
 *
 * @param {Sighted} sighted
 * @param {Work[]} works of that document
 * @returns {Promise<Hand | null>}
 */
export async function handOf({ canvas, scene }, works) {
  if (!canvas || !scene) return null;
  const memory = memoryOf(scene.memory);
  if (memory) return { layer: scene.active, name: scene.layer, memory };
  const last = works[works.length - 1];
  const shown = last && same(last.selected, scene.selection) ? last.landed.get(last.shown) : undefined;
  if (!shown || !shown.put || !(await canvas.has(shown.put.layer))) return null;
  return { layer: shown.put.layer, name: shown.name, memory: shown.memory };
}

/**
 * True where the picture below a layer is another one than it was made from. False where nobody can tell: where the
 * layer was moved, or only one was read then.
 *
 * @param {Sighted} sighted
 * @param {Hand} hand
 * @returns {Promise<boolean>}
 */
export async function changed({ canvas, scene }, { layer, memory }) {
  const { seen, document } = memory;
  if (!canvas || !scene || !seen || memory.sample === "current") return false;
  const now = await canvas.together(async () => {
    if (!same(await canvas.where(layer), memory.box)) return "unknown";
    if (document.width !== scene.document.width || document.height !== scene.document.height) return "changed";
    try {
      return await canvas.read(seen, document.channels, document.depth, { sample: "below", anchor: layer }, [layer]);
    } catch (/** @type {any} */ why) {
      if (why && why.channels === 4) return "changed"; // transparent now, and it was not
      throw why;
    }
  });
  return typeof now === "string" ? now === "changed" : (await checksum(now)) !== memory.pixels;
}
