/** Where in the stack a new layer goes. Inside of a turn, while the history is suspended. */
import { domOf } from "./isolating.js";
import { refusal } from "./refusals.js";
import { beside, clippingOf, every, find, stackOf } from "./stack.js";

/** @import { Box, Finished } from "../seams.js" */
/** @import { Row } from "./stack.js" */
/** @import { Order } from "./writing.js" */

/**
 * Into `group`, below the others; else just above `under`, or on top of everything where that is null: with a `name` in
 * a group of its own there. `clipped`: to the layer below.
 *
 * @typedef {{ group: Row | null, under: Row | null, name: string, clipped: boolean }} Place
 */

/**
 * The place that a layer is meant for. The heir of another one takes its place in a clipping group, too; any other
 * layer lies on top of that group.
 *
 * @param {Row[]} before
 * @param {Order} order
 * @returns {Place}
 */
export function placeFor(before, order) {
  const anchor = order.spot.sample === "all" ? null : find(before, order.spot.anchor);
  const heir = anchor !== null && anchor.id === order.replaces;
  return {
    group: find(before, order.beside),
    under: anchor && !heir ? clippingOf(before, anchor)[0] : anchor,
    name: order.several ? groupName(order.one) : "",
    clipped: heir && anchor.clipped,
  };
}

/**
 * The group of variations bears their name without the seed.
 *
 * @param {Finished} one
 */
function groupName(one) {
  const end = one.name.lastIndexOf(" (");
  return end > 0 ? one.name.slice(0, end) : one.name;
}

/**
 * Move a new layer to its place.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {PsLayer} layer
 * @param {Row[]} before the layers without it
 * @param {Place} place
 * @returns {Promise<number>} the group that it is in with its siblings, 0 for none
 */
export async function bring(ps, document, layer, before, { group, under, name, clipped }) {
  const { PLACEAFTER, PLACEBEFORE, PLACEINSIDE } = ps.constants.ElementPlacement;
  if (group) {
    const lowest = domOf(document.layers, group.children[group.children.length - 1] ?? null);
    const other = lowest ?? domOf(document.layers, group);
    if (other) await layer.move(other, lowest ? PLACEAFTER : PLACEINSIDE);
    await clip(ps, document, before, layer.id, false);
    return group.id;
  }
  const lift = async (/** @type {PsLayer} */ one, /** @type {boolean} */ on) => {
    const other = domOf(document.layers, under) ?? document.layers[0];
    if (other.id !== one.id) await one.move(other, PLACEBEFORE);
    await clip(ps, document, before, one.id, on);
  };
  await lift(layer, clipped && !name);
  if (!name) return 0;
  const around = await document.createLayerGroup({ name, fromLayers: [layer] });
  await lift(around, clipped);
  if (layer.parent?.id !== around.id) await layer.move(around, PLACEINSIDE);
  return around.id;
}

/**
 * Clip a new layer to the one below or not, and leave those above it as they were: Photoshop clips what comes between
 * clipped layers, and with one that is released it releases those above it.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {Row[]} before
 * @param {number} id
 * @param {boolean} on
 */
async function clip(ps, document, before, id, on) {
  const rows = await stackOf(ps, document);
  const row = find(rows, id);
  let released = false;
  for (const one of row ? [...beside(rows, row)].reverse() : []) {
    const wanted = one === row ? on : (find(before, one.id)?.clipped ?? one.clipped);
    if (one.clipped === wanted && !(released && wanted)) continue;
    const layer = domOf(document.layers, one);
    if (layer) layer.isClippingMask = wanted;
    released = released || !wanted;
  }
}

/**
 * Where the layer lies; throws where that is not the place that it was meant for, or where another one is clipped that
 * was not, or is no longer: then everything is rolled back.
 *
 * @param {Row[]} rows
 * @param {Row[]} before
 * @param {number} layer
 * @param {number} around
 * @param {Place} place
 * @returns {Box}
 */
export function verified(rows, before, layer, around, { group, under }) {
  const row = find(rows, layer);
  const top = around ? find(rows, around) : row;
  const beneath = top && beside(rows, top)[beside(rows, top).indexOf(top) + 1];
  const right = group || (under ? beneath?.id === under.id : top === rows[0]);
  const clipped = new Map([...every(before)].map((one) => [one.id, one.clipped]));
  const kept = [...every(rows)].every((one) => (clipped.get(one.id) ?? one.clipped) === one.clipped);
  if (!row || !top || !right || !kept || (around && row.parent !== top)) {
    throw refusal("job.lost", "Photoshop put the layer elsewhere than it was meant for: nothing was inserted.");
  }
  return row.box;
}
