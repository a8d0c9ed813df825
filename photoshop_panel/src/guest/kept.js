/** The text of `keep`, value by value: whatever is damaged in it counts as if it had never been there. Pure. */

/** @import { Box, DocumentFacts, Fields, Spot } from "../seams.js" */

import { SOURCES } from "./recipe.js";
import { SAMPLES, bytesOf, isBox, isDocument, isId, isMap, isWhole } from "./values.js";

/** How many prompts are remembered. */
export const PROMPTS = 100;
/** For how many fills it is remembered where their layers go. */
export const JOBS = 64;

/** No layer lies farther away than so many pixels. */
const FAR = 1 << 20;

/**
 * What a fill was asked with, and where its layers go. `replaces` is the id of the layer that they replace; where that
 * one is made again, `was` is where it lay then.
 *
 * @typedef {{
 *   spot: Spot, document: DocumentFacts, selection: Box | null, content: Box | null, replaces: number, was: Box | null,
 * }} Order
 */

/** All of it. `orders` by the names of jobs; the newest are the last. */
/** @typedef {{fields: Fields, prompts: string[], orders: Map<string, Order>}} Kept */

/**
 * The fields as they are at first.
 *
 * @returns {Fields}
 */
export function usual() {
  return {
    prompt: "", strength: 100, count: 1, model: null, negative: "", steps: null, guidance: null, seed: null,
    locked: false, loras: [], sample: "all", blend: 0, context: "auto", source: "near",
  };
}

/** @param {any} value */
const isText = (value) => typeof value === "string" && !value.includes("\0") && bytesOf(value) >= 0;
/** @param {any} value @param {number} low @param {number} high */
const isNumber = (value, low, high) => typeof value === "number" && low <= value && value <= high;
/** @param {any} value */
const isLora = (value) => isMap(value) && isId(value.id) && isNumber(value.weight, -2, 2);
/** @param {any} value */
const isLayer = (value) => isWhole(value, 0, Number.MAX_SAFE_INTEGER);
/** @param {any} value */
const isPlace = (value) => value === null || isBox(value, -FAR, FAR);

/** Whether a value may be that of a field. */
/** @type {Record<string, (value: any) => boolean>} */
const FITS = {
  prompt: isText,
  strength: (value) => isWhole(value, 5, 100),
  count: (value) => isWhole(value, 1, 8),
  model: (value) => value === null || isId(value),
  negative: isText,
  steps: (value) => value === null || isWhole(value, 1, 150),
  guidance: (value) => value === null || isNumber(value, 0, 30),
  seed: (value) => value === null || isWhole(value, 0, 2 ** 32 - 1),
  locked: (value) => typeof value === "boolean",
  loras: (value) => Array.isArray(value) && value.length <= 16 && value.every(isLora),
  sample: (value) => SAMPLES.includes(value),
  blend: (value) => isWhole(value, 0, 256),
  context: (value) => value === "auto" || value === "canvas",
  source: (value) => SOURCES.includes(value),
};

/**
 * What a text holds.
 *
 * @param {string | null} text
 * @returns {Kept}
 */
export function keptIn(text) {
  let given;
  try {
    given = JSON.parse(text || "{}");
  } catch {
    given = {};
  }
  if (!isMap(given)) given = {};
  const prompts = Array.isArray(given.prompts) ? given.prompts : [];
  const orders = isMap(given.orders) ? Object.entries(given.orders) : [];
  return {
    fields: fieldsIn(isMap(given.fields) ? given.fields : {}),
    prompts: prompts.filter((one) => isText(one) && one.trim()).slice(-PROMPTS),
    orders: new Map(orders.filter(([job, order]) => isId(job) && isOrder(order)).slice(-JOBS)),
  };
}

/**
 * As it is written.
 *
 * @param {Kept} kept
 */
export function keptText(kept) {
  return JSON.stringify({ fields: kept.fields, prompts: kept.prompts, orders: Object.fromEntries(kept.orders) });
}

/**
 * Fields of an earlier start, each where it is of its kind; the seed is drawn anew unless it was locked.
 *
 * @param {Record<string, any>} given
 * @returns {Fields}
 */
function fieldsIn(given) {
  /** @type {Record<string, any>} */
  const fields = usual();
  for (const [name, fits] of Object.entries(FITS)) {
    if (Object.keys(given).includes(name) && fits(given[name])) fields[name] = given[name];
  }
  if (!fields.locked) fields.seed = null;
  return /** @type {Fields} */ (fields);
}

/** @param {any} value */
function isOrder(value) {
  if (!isMap(value) || !isMap(value.spot) || !isDocument(value.document)) return false;
  const placed = SAMPLES.includes(value.spot.sample) && isLayer(value.spot.anchor) && isLayer(value.replaces);
  return placed && [value.selection, value.content, value.was].every(isPlace);
}
