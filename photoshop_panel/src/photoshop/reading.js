/** What is read of a document: pixels, the selection's coverage, layer masks. Inside of a turn; never by files. */
import { NOTHING, boundsOf, boxOf, isEmpty, same, shared } from "./boxes.js";
import { changesFor, isPlain, isSeen, isolated, leaves } from "./isolating.js";
import { toSeen } from "./light.js";
import { BITS, bytesOf, coverageOf, lay, room, widened } from "./pixels.js";
import { transparent } from "./refusals.js";
import { clippingOf, find } from "./stack.js";

/** @import { Box, Depth, Spot } from "../seams.js" */
/** @import { Row } from "./stack.js" */

/** The profile that pixels are asked for and given in. */
export const PROFILE = "sRGB IEC61966-2.1";

/**
 * The pixels of a box, as the layers of `spot` show it without some of them: as `Canvas.read`.
 *
 * @param {Photoshop} ps
 * @param {PsContext} context
 * @param {PsDocument} document
 * @param {Row[]} rows
 * @param {{ box: Box, channels: 3 | 4, depth: Depth, spot: Spot, without: number[] }} asked
 * @returns {Promise<Uint8Array>}
 */
export async function read(ps, context, document, rows, { box, channels, depth, spot, without }) {
  const changes = changesFor(rows, spot, without);
  const anchor = spot.sample === "current" ? find(rows, spot.anchor) : null;
  const lid = anchor && isPlain(anchor) && clippingOf(rows, anchor)[0];
  const alone = lid === anchor && !without.includes(lid?.id ?? 0) ? lid : null;
  const count = box[2] * box[3];
  const seen = alone ? [alone] : [...leaves(rows, changes)];
  // An intersection without pixels fails in Photoshop; of other kinds than pixel layers nobody knows where they are.
  if (!seen.some((row) => row.kind === "other" || !isEmpty(shared(row.box, box)))) {
    if (channels === 3) throw transparent();
    return bytesOf(room(depth, count * 4));
  }
  const take = () => taken(ps.imaging, document, alone ? alone.id : null, box, channels, depth);
  return bytesOf(alone || isSeen(changes) ? await take() : await isolated(ps, context, document, changes, take));
}

/**
 * @param {PsImaging} imaging
 * @param {PsDocument} document
 * @param {number | null} layer null: the composite
 * @param {Box} box
 * @param {3 | 4} channels
 * @param {Depth} depth
 * @returns {Promise<PsTyped>}
 */
async function taken(imaging, document, layer, box, channels, depth) {
  const { imageData, sourceBounds, level } = await imaging.getPixels({
    documentID: document.id,
    ...(layer === null ? {} : { layerID: layer }),
    sourceBounds: boundsOf(box),
    colorSpace: "RGB",
    colorProfile: PROFILE,
    // A 16-bit document asked for 8 fails with "Code: -1" (sd-ppp#90); without a size the document's own is meant.
    ...(depth === "u8" ? { componentSize: 8 } : {}),
  });
  try {
    if (level) throw new Error(`Photoshop gave pyramid level ${level} of the picture instead of level 0.`);
    if (imageData.componentSize !== BITS[depth]) {
      throw new Error(`Photoshop gave ${imageData.componentSize} bits a channel, expected were ${BITS[depth]}.`);
    }
    /** @type {Box} */
    const from = [sourceBounds.left, sourceBounds.top, imageData.width, imageData.height];
    const trimmed = !same(shared(from, box), box);
    if (channels === 3 && (trimmed || imageData.components === 4)) throw transparent();
    const given = await imageData.getData({ chunky: true, fullRange: true });
    const samples = channels === 4 && imageData.components === 3 ? widened(given, depth) : given;
    const whole = same(from, box) ? samples : room(depth, box[2] * box[3] * channels);
    if (whole !== samples) lay(samples, from, whole, box, channels);
    return depth === "f32" ? toSeen(whole, channels) : whole;
  } finally {
    imageData.dispose();
  }
}

/**
 * Where something is selected on the canvas, in whole pixels; null where nothing is. The bounds may exceed the canvas.
 *
 * @param {PsDocument} document
 * @returns {Box | null}
 */
export function selectionOf(document) {
  const { bounds } = document.selection;
  const box = bounds ? shared(boxOf(bounds), [0, 0, document.width, document.height]) : NOTHING;
  return isEmpty(box) ? null : box;
}

/**
 * The selection's coverage of a box, one byte a pixel, the artist's feather included.
 *
 * @param {PsImaging} imaging
 * @param {PsDocument} document
 * @param {Box} box
 * @returns {Promise<Uint8Array>}
 */
export async function coverage(imaging, document, box) {
  const whole = new Uint8Array(box[2] * box[3]);
  const selection = selectionOf(document);
  const inside = selection ? shared(selection, box) : NOTHING;
  if (isEmpty(inside)) return whole;
  if (document.selection.solid) {
    lay(new Uint8Array(inside[2] * inside[3]).fill(255), inside, whole, box, 1);
    return whole;
  }
  const asked = { documentID: document.id, sourceBounds: boundsOf(inside) };
  return covered(await imaging.getSelection(asked), whole, box);
}

/**
 * A layer mask in a box.
 *
 * @param {PsImaging} imaging
 * @param {PsDocument} document
 * @param {number} layer
 * @param {Box} box
 * @returns {Promise<Uint8Array>}
 */
export async function maskOf(imaging, document, layer, box) {
  const whole = new Uint8Array(box[2] * box[3]);
  if (isEmpty(box)) return whole;
  const asked = { documentID: document.id, layerID: layer, kind: /** @type {const} */ ("user") };
  return covered(await imaging.getLayerMask({ ...asked, sourceBounds: boundsOf(box) }), whole, box);
}

/**
 * @param {PsPixels} given
 * @param {Uint8Array} whole
 * @param {Box} box
 */
async function covered({ imageData, sourceBounds }, whole, box) {
  try {
    const samples = coverageOf(await imageData.getData({ chunky: true, fullRange: true }));
    const { left, top } = sourceBounds;
    lay(samples, [left, top, imageData.width, imageData.height], whole, box, 1);
    return whole;
  } finally {
    imageData.dispose();
  }
}
