/** Recipes: whatever becomes one was looked at, field by field; twin of `bridge.protocol.values.Recipe`. Pure. */

/** @import { Recipe } from "../seams.js" */

import { SIDE, bytesOf, isId, isMap, isWhole, refusal } from "./values.js";

/** Prompt or negative prompt, bytes of UTF-8. */
const TEXT = 8192;
const MODES = ["fill", "remove", "expand", "detail"];
/** How far the built-in fill may copy from. */
export const SOURCES = ["near", "wide", "all"];

/** @param {unknown} value @param {number} low @param {number} high */
function isNumber(value, low, high) {
  return typeof value === "number" && low <= value && value <= high;
}

/** @param {any} value */
function isLora(value) {
  const named = isMap(value) && Object.keys(value).every((name) => name === "id" || name === "weight");
  return named && isId(value.id) && (value.weight === undefined || isNumber(value.weight, -2, 2));
}

/** @param {any} value */
function isContext(value) {
  if (value === null || value === "canvas") return true;
  const four = Array.isArray(value) && value.length === 4;
  return four && value.every((number, place) => isWhole(number, place < 2 ? -SIDE : 1, SIDE));
}

/** @param {unknown} value */
const isText = (value) => typeof value === "string" && bytesOf(value) >= 0;
/** @param {any} value */
const isShort = (value) => bytesOf(value) <= TEXT;

/** @typedef {[fits: (value: any) => boolean, wanted: string]} Rule */
/** Each field: what it is where nobody says, and its rules. */
/** @type {Record<string, [usual: any, ...rules: Rule[]]>} */
const FIELDS = {
  mode: [undefined, [(value) => MODES.includes(value), `one of ${MODES.join(", ")}`]],
  prompt: ["", [isText, "a text of whole characters"], [isShort, `at most ${TEXT} bytes of UTF-8`]],
  negative: ["", [isText, "a text of whole characters"], [isShort, `at most ${TEXT} bytes of UTF-8`]],
  model: [null, [(value) => value === null || isId(value), "an id of at most 64 letters, or null"]],
  strength: [1, [(value) => isNumber(value, 0.05, 1), "a number from 0.05 to 1"]],
  seed: [null, [(value) => value === null || isWhole(value, 0, 2 ** 32 - 1), "a whole number from 0 to 4294967295"]],
  count: [1, [(value) => isWhole(value, 1, 8), "a whole number from 1 to 8"]],
  steps: [null, [(value) => value === null || isWhole(value, 1, 150), "a whole number from 1 to 150"]],
  guidance: [null, [(value) => value === null || isNumber(value, 0, 30), "a number from 0 to 30"]],
  loras: [
    [],
    [(value) => Array.isArray(value) && value.every(isLora), "a list of {id, weight from −2 to 2}"],
    [(value) => value.length <= 16, "at most 16 of them"],
  ],
  context: [null, [isContext, 'null, "canvas" or a box']],
  blend: [0, [(value) => isWhole(value, 0, 256), "a whole number from 0 to 256"]],
  source: ["near", [(value) => SOURCES.includes(value), `one of ${SOURCES.join(", ")}`]],
  scale: [1, [(value) => [1, 2, 4].includes(value), "1, 2 or 4"]],
  made: [null, [(value) => value === null || isMap(value), "a map or null"]],
};

/**
 * The recipe of a map: every field said. Raises Refusal `recipe.field` for what is unknown, ill-typed or out of range.
 *
 * @param {any} given
 * @returns {Required<Recipe>}
 */
export function recipeFrom(given) {
  if (!isMap(given)) throw refusal("recipe.field", "A recipe is a map of fields.");
  for (const name of Object.keys(given)) {
    if (!Object.keys(FIELDS).includes(name)) {
      const near = Object.keys(FIELDS).sort().join(", ");
      throw refusal("recipe.field", `A recipe has no field “${name}”; it has ${near}.`);
    }
  }
  /** @type {Record<string, any>} */
  const values = {};
  for (const [name, [usual, ...rules]] of Object.entries(FIELDS)) {
    const value = given[name] === undefined ? usual : given[name];
    for (const [fits, wanted] of rules) {
      if (fits(value)) continue;
      const got = typeof value === "string" && bytesOf(value) > 80 ? `one of ${bytesOf(value)} bytes` : saying(value);
      throw refusal("recipe.field", `The recipe's ${name} is ${wanted}; this one is ${got}.`);
    }
    values[name] = value;
  }
  /** @type {{id: string, weight?: number}[]} */
  const loras = values.loras;
  values.loras = loras.map(({ id, weight }) => ({ id, weight: weight === undefined ? 1 : weight }));
  return /** @type {Required<Recipe>} */ (values);
}

/** @param {any} value */
function saying(value) {
  return String(typeof value === "object" ? JSON.stringify(value) : value).slice(0, 80);
}
