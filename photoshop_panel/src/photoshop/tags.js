/**
 * Which file has which tag, remembered by the panel: a file is known again before anything of ours is in it, and
 * without an undo step. Where a file was moved, our layers tell its tag (memory.js).
 */

/** @import { Host } from "../seams.js" */

const PATHS = "sfumato.paths";
/** How many files are remembered. */
const MOST = 200;

/**
 * The tag of a document's file; undefined where none is known.
 *
 * @param {Host["store"]} store
 * @param {PsDocument} document
 */
export function tagOf(store, document) {
  return known(store)[addressOf(document)];
}

/**
 * Remember that a document's file has this tag.
 *
 * @param {Host["store"]} store
 * @param {PsDocument} document
 * @param {string} tag
 */
export function setTag(store, document, tag) {
  const address = addressOf(document);
  const tags = known(store);
  if (!address || tags[address] === tag) return;
  delete tags[address];
  const kept = [...Object.entries(tags), [address, tag]].slice(-MOST);
  store.set(PATHS, JSON.stringify(Object.fromEntries(kept)));
}

/** A new tag: 16 random bytes in hex. */
export function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {Host["store"]} store
 * @returns {Record<string, string>} tags by path
 */
function known(store) {
  try {
    const tags = JSON.parse(store.get(PATHS) ?? "{}");
    return typeof tags === "object" && tags && !Array.isArray(tags) ? tags : {};
  } catch {
    return {};
  }
}

/**
 * Where a document is saved; empty where it is not. A path, or the address of a cloud document, has a slash in it: what
 * `path` says of a document that was never saved is documented nowhere, and its name is that of many others.
 *
 * @param {PsDocument} document
 */
function addressOf({ path }) {
  return typeof path === "string" && /[\\/]/.test(path) ? path : "";
}
