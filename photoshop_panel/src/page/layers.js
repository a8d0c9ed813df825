/**
 * The layers of a document: values that never change. A layer that is altered is a new object with the same id and the
 * same buffers; so the history can keep every state of a document and costs only what is new in it.
 */

import { union } from "./boxes.js";

/** @import { Box, Spot } from "../seams.js" */

/**
 * One layer. `pixels`: RGBA, straight alpha, u8, of the box's size; null for a group and for an `invert`, which inverts
 * what lies below it all over the canvas. `mask`: coverage of the box, null: all 255. `opacity`: 0 to 255.
 * `opaque`: every pixel has alpha 255. Groups are one deep and pass their layers through, as if they were not there.
 * @typedef {object} Layer
 * @property {number} id
 * @property {"pixels" | "group" | "invert"} kind
 * @property {string} name
 * @property {boolean} visible
 * @property {number} opacity
 * @property {Box} box
 * @property {Uint8ClampedArray | null} pixels
 * @property {Uint8Array | null} mask
 * @property {boolean} opaque
 * @property {readonly Layer[]} children top first
 * @property {string} result the bridge's name for it, empty where it is none of ours
 * @property {string | null} memory
 */

let last = 0;

/**
 * A layer of pixels, or what is told otherwise.
 * @param {Partial<Layer> & { name: string, box: Box }} what
 * @returns {Layer}
 */
export function layer(what) {
  const { pixels = null, mask = null } = what;
  last += 1;
  return Object.freeze({
    id: last,
    kind: "pixels",
    visible: true,
    opacity: 255,
    pixels,
    mask,
    opaque: pixels !== null && isOpaque(pixels),
    children: [],
    result: "",
    memory: null,
    ...what,
  });
}

/** @param {Uint8ClampedArray} pixels */
function isOpaque(pixels) {
  for (let k = 3; k < pixels.length; k += 4) if (pixels[k] !== 255) return false;
  return true;
}

/** Every layer, those in groups included, top first. @param {readonly Layer[]} layers @returns {Layer[]} */
export function every(layers) {
  return layers.flatMap((one) => [one, ...every(one.children)]);
}

/** The layer with an id. @param {readonly Layer[]} layers @param {number} id */
export function find(layers, id) {
  return every(layers).find((one) => one.id === id) ?? null;
}

/** Where a layer lies; a group, where its layers lie. @param {Layer} one @returns {Box} */
export function boxOf(one) {
  if (one.kind !== "group") return one.box;
  return one.children.map(boxOf).reduce((/** @type {Box | null} */ a, b) => union(a, b), null) ?? one.box;
}

/**
 * What is painted: layers of pixels and inverts that are visible, and so is their group; bottom first.
 * @param {readonly Layer[]} layers
 * @returns {Layer[]}
 */
export function painted(layers) {
  const visible = layers.filter((one) => one.visible).reverse();
  return visible.flatMap((one) => (one.kind === "group" ? painted(one.children) : [one]));
}

/**
 * Alter one layer; the others stay the same objects.
 * @param {readonly Layer[]} layers
 * @param {number} id
 * @param {(one: Layer) => Layer | null} change null takes it away
 * @returns {readonly Layer[]}
 */
export function alter(layers, id, change) {
  if (!find(layers, id)) return layers;
  return layers.flatMap((one) => {
    if (one.id === id) return change(one) ?? [];
    const children = alter(one.children, id, change);
    return children === one.children ? [one] : [Object.freeze({ ...one, children })];
  });
}

/**
 * Alter all layers, those in groups included.
 * @param {readonly Layer[]} layers
 * @param {(one: Layer) => Layer} change
 * @returns {readonly Layer[]}
 */
export function alterAll(layers, change) {
  return layers.map((one) => Object.freeze({ ...change(one), children: alterAll(one.children, change) }));
}

/**
 * Put a layer in: just above another (in its group), or on top of everything where that is 0 or gone.
 * @param {readonly Layer[]} layers
 * @param {Layer} added
 * @param {number} above
 * @returns {readonly Layer[]}
 */
export function place(layers, added, above) {
  const at = layers.findIndex((one) => one.id === above);
  if (at >= 0) return [...layers.slice(0, at), added, ...layers.slice(at)];
  const group = layers.find((one) => find(one.children, above));
  if (!group) return [added, ...layers];
  return alter(layers, group.id, (one) => Object.freeze({ ...one, children: place(one.children, added, above) }));
}

/**
 * The layers as a sample sees them: all, one and those below it, one alone (then visible even if it is hidden).
 * @param {readonly Layer[]} layers
 * @param {Spot} spot an anchor that is gone reads all
 * @param {number[]} without these count as hidden
 */
export function sampled(layers, spot, without = []) {
  const hidden = new Set(without);
  const anchor = spot.sample === "all" ? null : find(layers, spot.anchor);
  if (anchor) {
    const own = new Set(every([anchor]).map((one) => one.id));
    let passed = false;
    for (const one of every(layers)) {
      passed ||= own.has(one.id);
      const around = every([one]).includes(anchor);
      if (around || own.has(one.id)) continue;
      if (!passed || spot.sample === "current") hidden.add(one.id);
    }
  }
  return alterAll(layers, (one) => {
    if (hidden.has(one.id)) return { ...one, visible: false };
    const around = anchor !== null && every([one]).includes(anchor);
    return around && (one !== anchor || spot.sample === "current") ? { ...one, visible: true } : one;
  });
}
