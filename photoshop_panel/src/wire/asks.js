/** @import { Ask, Box, Message, Picture, Want } from "../seams.js" */
import { sizeOf, told } from "./messages.js";
import { refuse } from "./refusal.js";

/**
 * What a `fill` says.
 *
 * @param {string} job
 * @param {Ask} ask
 * @param {{ region?: string, replaces?: string, dry?: boolean }} more
 * @returns {Message}
 */
export function fillOf(job, { document, selection, content, recipe }, { region, replaces, dry = false }) {
  const boxes = { selection: selection ?? undefined, content: content ?? undefined };
  return { t: "fill", job, document, recipe, ...boxes, region, replaces, dry };
}

/**
 * What was read, as it leaves. Throws a Refusal `picture.size` where it has not as many bytes as were wanted.
 *
 * @param {Want} want
 * @param {{ image: Uint8Array, mask: Uint8Array | null }} pixels
 * @returns {["image" | "mask", Picture, Uint8Array][]}
 */
export function picturesOf({ image, mask }, pixels) {
  /** @type {["image" | "mask", Picture, Uint8Array][]} */
  const pictures = [];
  if (image) pictures.push(["image", sized(image.box, image.channels, image.depth), pixels.image]);
  if (mask) pictures.push(["mask", sized(mask.box, 1, "u8"), pixels.mask ?? new Uint8Array(0)]);
  for (const [use, picture, bytes] of pictures) {
    if (bytes.length === sizeOf(picture)) continue;
    const text = `The ${use} that was read has ${bytes.length} bytes, expected ${sizeOf(picture)} (${told(picture)}).`;
    throw refuse("picture.size", text);
  }
  return pictures;
}

/** @param {Box} box @param {1 | 3 | 4} channels @param {Picture["depth"]} depth @returns {Picture} */
function sized([, , width, height], channels, depth) {
  return { width, height, channels, depth };
}
