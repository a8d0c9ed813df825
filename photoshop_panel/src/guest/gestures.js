/** From what the artist sees and set to what is asked of the bridge. Pure: no host, no window, no socket. */

/** @import { Ask, Box, Fields, Mode, Recipe, Scene } from "../seams.js" */
/** @import { Memory } from "./recall.js" */

import { recipeFrom } from "./recipe.js";
import { canvasOf } from "./values.js";

/** Percent at which a layer is refined while the slider stands at 100. */
export const REFINE = 40;
/** Percent at which relatives of a layer are painted. */
export const VARY = 60;
/** How many of them. */
export const RELATIVES = 3;

/**
 * What the one button does now. `goesOn`: the canvas goes on beyond what is visible.
 *
 * @param {Scene} scene
 * @param {Fields} fields
 * @param {boolean} goesOn
 * @returns {Mode}
 */
export function modeOf(scene, fields, goesOn) {
  if (!scene.selection) return goesOn ? "expand" : "fill";
  return fields.strength === 100 && !fields.prompt.trim() ? "remove" : "fill";
}

/**
 * What the one button says.
 *
 * @param {Mode} mode
 * @param {Scene | null} scene
 * @param {Fields} fields
 */
export function labelOf(mode, scene, fields) {
  if (mode !== "fill") return { remove: "Remove", expand: "Expand", detail: "Enhance detail" }[mode];
  if (fields.strength < 100) return `Refine ${fields.strength} %`;
  return scene && !scene.selection ? "Generate" : "Fill";
}

/**
 * The recipe of a gesture. Raises Refusal `recipe.field`.
 *
 * @param {Mode} mode
 * @param {Fields} fields
 */
export function recipeOf(mode, fields) {
  let strength = mode === "fill" || mode === "detail" ? fields.strength / 100 : 1;
  if (mode === "detail") strength = fields.strength < 100 ? Math.min(strength, 0.4) : 0.3;
  return recipeFrom({
    mode,
    prompt: mode === "remove" ? "" : fields.prompt.trim(),
    negative: fields.negative.trim(),
    model: fields.model,
    strength,
    seed: fields.locked ? fields.seed : null,
    count: fields.count,
    steps: fields.steps,
    guidance: fields.guidance,
    loras: fields.loras,
    context: fields.context === "canvas" ? "canvas" : null,
    blend: fields.blend,
    source: fields.source,
  });
}

/**
 * A layer's own recipe once more: with another seed, or with that of the fields where the padlock is closed.
 *
 * @param {Recipe} recipe
 * @param {Fields} fields
 */
export function again(recipe, fields) {
  return recipeFrom({ ...recipe, seed: fields.locked ? fields.seed : null, count: 1, made: null });
}

/**
 * The recipe of a layer's relatives: repainted from itself, by its own prompt.
 *
 * @param {Recipe} recipe
 */
export function vary(recipe) {
  const changed = { mode: "fill", strength: VARY / 100, count: RELATIVES, seed: null, blend: 0, made: null };
  return recipeFrom({ ...recipe, ...changed });
}

/**
 * The recipe that repaints a layer by the fields, keeping some of what is there; by its own prompt where the fields
 * have none. Raises Refusal `recipe.field`.
 *
 * @param {Recipe} recipe
 * @param {Fields} fields
 */
export function refine(recipe, fields) {
  const strength = fields.strength < 100 ? fields.strength : REFINE;
  const asked = recipeOf("fill", { ...fields, strength, blend: 0 });
  return { ...asked, prompt: asked.prompt || recipe.prompt || "" };
}

/**
 * The ask for what the artist has before them.
 *
 * @param {Scene} scene
 * @param {Recipe} recipe
 * @returns {Ask}
 */
export function asked(scene, recipe) {
  /** @type {Box | null} */
  let content = null;
  if (recipe.mode === "expand" && !scene.selection) content = scene.content || canvasOf(scene.document);
  return { document: scene.document, selection: scene.selection, content, recipe };
}

/**
 * The fields that would make this layer again; what a recipe does not hold stays as it was.
 *
 * @param {Memory} memory
 * @param {Fields} before
 * @returns {Fields}
 */
export function fieldsOf(memory, before) {
  const recipe = recipeFrom(memory.recipe);
  return {
    prompt: recipe.prompt,
    strength: Math.round(recipe.strength * 100),
    count: 1,
    model: recipe.model,
    negative: recipe.negative,
    steps: recipe.steps,
    guidance: recipe.guidance,
    seed: recipe.seed,
    locked: true,
    loras: recipe.loras,
    sample: before.sample,
    blend: recipe.blend,
    context: recipe.context === "canvas" ? "canvas" : "auto",
    source: recipe.source,
  };
}

/**
 * Why this cannot be done with what the artist has before them, whatever paints; empty where it can. `goesOn`: the
 * canvas goes on beyond what is visible.
 *
 * @param {Mode} mode
 * @param {Scene} scene
 */
export function whyNot(mode, scene, goesOn = true) {
  if (scene.trouble) return scene.trouble;
  if (scene.kind === "indexed") {
    return "An indexed document has no room for new colours: convert it to RGB first (Image ▸ Mode ▸ RGB Color).";
  }
  if (mode === "expand" && !scene.selection && !goesOn) {
    const enlarge = "enlarge that first (Photoshop: Image ▸ Canvas Size)";
    return `The picture covers the canvas: ${enlarge}, or select what to continue.`;
  }
  if (mode === "remove" && !scene.selection) return "Nothing is selected: select what to remove.";
  return "";
}
