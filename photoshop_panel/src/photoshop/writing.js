/** What is written into a document: our layers. Inside of a turn, one undo step each; rolled back on any error. */
import { isEmpty } from "./boxes.js";
import { toLight } from "./light.js";
import { BITS, deepened, samplesOf } from "./pixels.js";
import { bring, placeFor, verified } from "./placing.js";
import { layerOf, play, selected, shown } from "./play.js";
import { PROFILE } from "./reading.js";
import { refusal } from "./refusals.js";
import { find, stackOf } from "./stack.js";

/** @import { Box, Depth, Finished, Put, Spot } from "../seams.js" */

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
  const { one } = order;
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
  const replaced = find(before, order.replaces);
  const place = placeFor(before, order);
  const layer = await document.createPixelLayer({ name: one.name });
  const group = await bring(ps, document, layer, before, place);
  await fill(ps, document, layer.id, one, depth);
  const heirs = chosen.map((id) => (replaced && id === replaced.id ? layer.id : id));
  await play(ps.action, selected(document.id, heirs));
  const told = verified(await stackOf(ps, document), before, layer.id, group, place);
  const hidden = [...(place.group ? [layer.id] : []), ...(replaced?.visible ? [replaced.id] : [])];
  await play(ps.action, shown(document.id, hidden, false));
  return { layer: layer.id, group, told };
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
