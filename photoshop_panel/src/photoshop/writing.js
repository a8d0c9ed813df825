/** What is written into a document: our layers. Inside of a turn, one undo step each; rolled back on any error. */
import { isEmpty } from "./boxes.js";
import { domOf } from "./isolating.js";
import { toLight } from "./light.js";
import { BITS, deepened, samplesOf } from "./pixels.js";
import { layerOf, play, selected, shown } from "./play.js";
import { PROFILE } from "./reading.js";
import { refusal } from "./refusals.js";
import { beside, find, stackOf } from "./stack.js";

/** @import { Box, Depth, Finished, Put, Spot } from "../seams.js" */
/** @import { Row } from "./stack.js" */

/** The profile of masks: imaging.md, createImageDataFromBuffer. */
const GRAY = { components: 1, chunky: true, colorSpace: "Grayscale", colorProfile: "Gray Gamma 2.2" };
/** Layer ▸ Layer Mask ▸ Reveal All, as the Actions panel records it. */
const REVEAL_ALL = {
  _obj: "make",
  new: { _class: "channel" },
  at: { _ref: "channel", _enum: "channel", _value: "mask" },
  using: { _enum: "userMaskEnabled", _value: "revealAll" },
};

/**
 * @typedef {{ one: Finished, spot: Spot, several: boolean, beside: number, replaces: number }} Order
 */

/**
 * Put a layer into a document: pixels, mask, place. The history is suspended already.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {Depth} depth the document's
 * @param {Order} order
 * @returns {Promise<Put & { told: Box }>} `told`: where Photoshop says that it lies
 */
export async function insert(ps, document, depth, order) {
  const { one, spot } = order;
  if (one.picture.depth !== depth) {
    const bits = [BITS[depth], BITS[one.picture.depth]];
    throw refusal(
      "job.lost",
      `The document has ${bits[0]} bits a channel now, the layer was made for ${bits[1]}: ` +
        `choose Image ▸ Mode ▸ ${bits[1]} Bits/Channel, or open the layer as a new document.`,
    );
  }
  const before = await stackOf(ps, document);
  const chosen = chosenIn(document);
  const anchor = spot.sample === "all" ? null : find(before, spot.anchor);
  const replaced = find(before, order.replaces);
  const group = find(before, order.beside);
  const layer = await document.createPixelLayer({ name: one.name });
  const around = group
    ? await join(ps, document, layer, group)
    : await place(ps, document, layer, anchor && domOf(document.layers, anchor), order.several ? groupName(one) : "");
  await fill(ps, document, layer.id, one, depth);
  const heirs = chosen.map((id) => (replaced && id === replaced.id ? layer.id : id));
  await play(ps.action, selected(document.id, heirs));
  const told = verified(await stackOf(ps, document), layer.id, around, anchor, group);
  const hidden = [...(group ? [layer.id] : []), ...(replaced?.visible ? [replaced.id] : [])];
  await play(ps.action, shown(document.id, hidden, false));
  return { layer: layer.id, group: around, told };
}

/**
 * The ids of the layers that the artist has selected.
 *
 * @param {PsDocument} document
 */
export function chosenIn({ activeLayers }) {
  return Array.from({ length: activeLayers.length }, (_, at) => activeLayers[at].id);
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
 * Above the anchor, or on top of everything; with a name, in a group of its own there.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {PsLayer} layer
 * @param {PsLayer | null} anchor
 * @param {string} name
 * @returns {Promise<number>} the group
 */
async function place({ constants: { ElementPlacement } }, document, layer, anchor, name) {
  const move = async (/** @type {PsLayer} */ one) => {
    const other = anchor ?? document.layers[0];
    if (other.id !== one.id) await one.move(other, ElementPlacement.PLACEBEFORE);
  };
  await move(layer);
  if (!name) return 0;
  const group = await document.createLayerGroup({ name, fromLayers: [layer] });
  await move(group);
  if (layer.parent?.id !== group.id) await layer.move(group, ElementPlacement.PLACEINSIDE);
  return group.id;
}

/**
 * Into a group, below the others.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {PsLayer} layer
 * @param {Row} group
 * @returns {Promise<number>} the group
 */
async function join({ constants: { ElementPlacement } }, document, layer, group) {
  const lowest = domOf(document.layers, group.children[group.children.length - 1] ?? null);
  if (lowest) await layer.move(lowest, ElementPlacement.PLACEAFTER);
  else {
    const around = domOf(document.layers, group);
    if (around) await layer.move(around, ElementPlacement.PLACEINSIDE);
  }
  return group.id;
}

/**
 * Pixels and mask of a new layer; a layer without a mask gets a white one, so that its edge can be painted, too.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {number} layer
 * @param {Finished} one
 * @param {Depth} depth
 */
async function fill({ action, imaging }, document, layer, one, depth) {
  const { width, height, channels } = one.picture;
  const [left, top] = one.box;
  const common = { documentID: document.id, layerID: layer, replace: true, targetBounds: { left, top } };
  const samples = samplesOf(one.pixels, depth);
  const pixels = await imaging.createImageDataFromBuffer(depth === "f32" ? toLight(samples, channels) : samples, {
    width,
    height,
    components: channels,
    chunky: true,
    colorSpace: "RGB",
    colorProfile: PROFILE,
    fullRange: true,
  });
  try {
    await imaging.putPixels({ ...common, imageData: pixels, commandName: one.name });
  } finally {
    pixels.dispose();
  }
  const mask = one.mask ? one.mask.slice() : new Uint8Array(width * height).fill(255);
  const put = (/** @type {Depth} */ size) =>
    gray(imaging, deepened(mask, size), width, height, (imageData) =>
      imaging.putLayerMask({ ...common, kind: "user", imageData, commandName: one.name }),
    );
  // Masks are bytes in all examples; whether a document of 16 or 32 bits takes them as well is written nowhere, nor
  // whether a layer without a mask gets one by it.
  try {
    await put("u8");
  } catch {
    await play(action, [...selected(document.id, [layer]), REVEAL_ALL]).catch(() => []);
    await put("u8").catch(() => put(depth));
  }
}

/**
 * Do something with coverage as Photoshop holds it.
 *
 * @param {PsImaging} imaging
 * @param {PsTyped} samples
 * @param {number} width
 * @param {number} height
 * @param {(imageData: PsImageData) => Promise<void>} act
 */
async function gray(imaging, samples, width, height, act) {
  const imageData = await imaging.createImageDataFromBuffer(samples, { width, height, ...GRAY, fullRange: true });
  try {
    await act(imageData);
  } finally {
    imageData.dispose();
  }
}

/**
 * Where the layer lies; throws where that is not the place that it was meant for: then everything is rolled back.
 *
 * @param {Row[]} rows
 * @param {number} layer
 * @param {number} around
 * @param {Row | null} anchor
 * @param {Row | null} group
 * @returns {Box}
 */
function verified(rows, layer, around, anchor, group) {
  const row = find(rows, layer);
  const top = around ? find(rows, around) : row;
  const beneath = top && beside(rows, top)[beside(rows, top).indexOf(top) + 1];
  const right = group || (anchor ? beneath?.id === anchor.id : top === rows[0]);
  if (!row || !top || !right || (around && row.parent !== top)) {
    throw refusal("job.lost", "Photoshop put the layer elsewhere than it was meant for: nothing was inserted.");
  }
  return row.box;
}

/**
 * Make one layer visible and others not. No undo step where visibility is none (History Options, Photoshop's default).
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {number} layer
 * @param {number[]} siblings
 */
export async function showOnly(ps, document, layer, siblings) {
  const rows = await stackOf(ps, document);
  const wrong = [layer, ...siblings].filter((id) => find(rows, id) && find(rows, id)?.visible !== (id === layer));
  const others = wrong.filter((id) => id !== layer);
  const own = wrong.filter((id) => id === layer);
  await play(ps.action, [...shown(document.id, own, true), ...shown(document.id, others, false)]);
}

/**
 * Select what coverage of a box says.
 *
 * @param {PsImaging} imaging
 * @param {PsDocument} document
 * @param {Box} box
 * @param {Uint8Array} mask
 */
export async function select(imaging, document, box, mask) {
  if (isEmpty(box)) return;
  const [left, top, width, height] = box;
  const common = { documentID: document.id, replace: true, targetBounds: { left, top } };
  await gray(imaging, mask, width, height, (imageData) =>
    imaging.putSelection({ ...common, imageData, commandName: "Select Layer Mask" }),
  );
}

/**
 * Delete the empty layers of a new document.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {number} kept
 */
export async function tidy(ps, document, kept) {
  const rows = (await stackOf(ps, document)).filter((row) => row.id !== kept);
  await play(
    ps.action,
    rows.map((row) => ({ _obj: "delete", _target: layerOf(document.id, row.id) })),
  );
}
