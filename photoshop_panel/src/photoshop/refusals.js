/** Refusals of this host: what happened, both numbers, what to do. */

/** @import { Refusal } from "../seams.js" */

/** What the artist is told while Photoshop lets nobody in. */
export const BUSY = "Photoshop is busy: finish your current tool or close its dialog.";
/** What is told where a document is gone. */
export const CLOSED = "The document was closed.";
/** What is told where a sampled layer is not alone. */
export const NO_LAYER = "Several layers are selected, or none: select one, or sample all layers.";
/** What is told while the Quick Mask is painted. */
export const QUICK_MASK = "The Quick Mask is open: leave it first (press Q).";
/** What is told of a mode that has no room for new colours. */
export const INDEXED =
  "An indexed document has no room for new colours: convert it to RGB first (Image ▸ Mode ▸ RGB Color).";
/** What is told of Bitmap, Duotone and Multichannel. */
export const NO_COLOURS =
  "This document's mode has no colours to fill with: convert it first (Image ▸ Mode ▸ RGB Color).";

/**
 * A refusal.
 *
 * @param {string} code
 * @param {string} text for an artist
 * @param {"never" | "later" | "now"} [retry]
 * @returns {Refusal}
 */
export function refusal(code, text, retry = "never") {
  return Object.assign(new Error(text), { code, retry });
}

/**
 * What `read` throws where three channels were asked for and there is transparency: ask anew with four.
 *
 * @returns {Refusal & { channels: 4 }}
 */
export function transparent() {
  const error = refusal("picture.size", "The picture is transparent here: it has 4 channels, asked for were 3.", "now");
  return Object.assign(error, { channels: /** @type {4} */ (4) });
}
