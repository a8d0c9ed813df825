/** Files in and out. The browser decodes; nothing here reads a file format. */

import { valuesOf } from "./decoding.js";
import { PageDocument, ROOM } from "./document.js";
import { saved } from "./host_canvas.js";
import { layer } from "./layers.js";

/** The longest side that browsers draw everywhere. */
const SIDE = 16384;
/** In sRGB, with colours as they are in the file. @type {ImageBitmapOptions} */
const STRAIGHT = { colorSpaceConversion: "default", premultiplyAlpha: "none" };

/**
 * A picture that was dropped or chosen, as a document. Throws an Error for the artist.
 * @param {File} file
 * @returns {Promise<PageDocument>}
 */
export async function opened(file) {
  const bitmap = await createImageBitmap(file, STRAIGHT).catch(() => {
    throw new Error(`“${file.name}” is no picture that this browser can read: open a PNG, JPEG, WebP or AVIF.`);
  });
  return developed(file.name, bitmap);
}

/** The sample that the bridge serves. @returns {Promise<PageDocument>} */
export async function sample() {
  const picture = new Image();
  picture.src = "sample.jpg"; // by <img>: the page's policy lets nothing else be fetched
  await picture.decode().catch(() => {
    throw new Error("The bridge did not answer with the sample: start it again by sfumato open.");
  });
  return developed("sample.jpg", await createImageBitmap(picture, STRAIGHT));
}

/** @param {string} name @param {ImageBitmap} bitmap */
function developed(name, bitmap) {
  const { width, height } = bitmap;
  checkSize(name, width, height);
  const pixels = valuesOf(bitmap);
  bitmap.close();
  if (!pixels) throw new Error(`“${name}” has ${sized(width, height)}: this browser has no room for it.`);
  const ground = layer({ name: "Background", box: [0, 0, width, height], pixels });
  return new PageDocument(name, width, height, [ground]);
}

/**
 * Throws an Error for the artist where a canvas would be too large for the page.
 * @param {string} name
 * @param {number} width
 * @param {number} height
 */
export function checkSize(name, width, height) {
  if (width * height <= ROOM && Math.max(width, height) <= SIDE) return;
  const room = `the page has room for ${ROOM / 1e6} megapixels and ${SIDE} pixels a side`;
  throw new Error(`“${name}” would have ${sized(width, height)}; ${room}: use GIMP or Photoshop.`);
}

/** @param {number} width @param {number} height */
function sized(width, height) {
  return `${width} × ${height} pixels`;
}

/**
 * Save what a document shows as a PNG file, in the folder where the browser puts its downloads.
 * @param {PageDocument} document
 */
export async function save(document) {
  const { state } = document;
  const url = URL.createObjectURL(await saved(state));
  const link = globalThis.document.createElement("a");
  link.href = url;
  link.download = `${document.name.replace(/\.[^.]*$/, "")}.png`;
  link.click();
  document.saved = state;
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be reading it
}

/**
 * Files that are dropped on the page.
 * @param {HTMLElement} zone told by its attribute data-dropping that something is held above the page
 * @param {(files: File[]) => void} take
 */
export function dropped(zone, take) {
  let depth = 0;
  const holds = (/** @type {number} */ step) => {
    depth = step ? depth + step : 0;
    zone.toggleAttribute("data-dropping", depth > 0);
  };
  const files = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => files(event) && holds(1));
  addEventListener("dragleave", (event) => files(event) && holds(-1));
  addEventListener("dragover", (event) => files(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    holds(0);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
