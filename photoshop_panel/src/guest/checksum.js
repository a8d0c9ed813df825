/** The CRC-32 of pixels. It tells whether they are still those that were read. */

import { crc32 } from "../wire/crc32.js";

/** Bytes between two breaths: 1 ms, some 20 ms where JavaScript is interpreted. */
const SLICE = 1 << 17;

/**
 * The CRC-32 of bytes, in slices between which the window may draw.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<number>} 0 to 2³² − 1
 */
export async function checksum(bytes) {
  let sum = 0;
  for (let at = 0; at < bytes.length; ) {
    if (at) await new Promise((go) => setTimeout(() => go(undefined), 0));
    const rest = bytes.length - at;
    const slice = bytes.slice(at, rest < SLICE + 4 ? bytes.length : at + SLICE);
    // The register begins as all ones, and is added to the first four bytes: so are those of what came before.
    for (let place = 0; at && place < 4; place++) slice[place] ^= sum >>> (8 * place);
    sum = crc32(slice);
    at += slice.length;
  }
  return sum;
}
