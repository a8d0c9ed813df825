/**
 * The picture that some of the layers make, for the length of one reading.
 *
 * What does not count is hidden in the turn of the reading, while the document's history is suspended, is shown again,
 * and the suspension is rolled back: history, visibility and selection are what they were. A merged copy in a document
 * of its own would cost a copy of every layer. Photoshop tells nobody of what is done inside of a turn.
 */
import { play, shown } from "./play.js";
import { beside, clippingOf, find } from "./stack.js";

/** @import { Spot } from "../seams.js" */
/** @import { Row } from "./stack.js" */

/**
 * What must be changed so that the composite shows what is sampled.
 *
 * @typedef {{ hide: Row[], show: Row[], bare: Row[] }} Changes  bare: groups that must not act on what is in them
 */

/**
 * @param {Row[]} rows
 * @param {Spot} spot
 * @param {number[]} without
 * @returns {Changes}
 */
export function changesFor(rows, spot, without) {
  /** @type {Changes} */
  const changes = { hide: [], show: [], bare: [] };
  const anchor = spot.sample === "all" ? null : find(rows, spot.anchor);
  const hide = new Set(without.map((one) => find(rows, one)).filter((row) => row !== null));
  for (let row = anchor; row; row = row.parent) {
    const around = beside(rows, row);
    const own = row === anchor ? clippingOf(rows, row) : [row];
    const [first, last] = [around.indexOf(own[0]), around.indexOf(own[own.length - 1])];
    const others = around.filter((_, at) => at < first || (spot.sample === "current" && at > last));
    for (const other of others) hide.add(other);
    if (row !== anchor && !row.visible) changes.show.push(row);
    // The result goes into this group and gets its opacity, mode and mask there: it is not read with them.
    if (row !== anchor && !(row.plain && row.masked === false)) changes.bare.push(row);
  }
  if (anchor && spot.sample === "current" && !anchor.visible && !hide.has(anchor)) changes.show.push(anchor);
  changes.hide = [...hide].filter((row) => row.visible);
  return changes;
}

/**
 * True where nothing must be changed.
 *
 * @param {Changes} changes
 */
export function isSeen({ hide, show, bare }) {
  return !hide.length && !show.length && !bare.length;
}

/**
 * Read while the changes are made; afterwards nothing is left of them.
 *
 * @template T
 * @param {Photoshop} ps
 * @param {PsContext} context
 * @param {PsDocument} document
 * @param {Changes} changes
 * @param {() => Promise<T>} reading
 * @returns {Promise<T>}
 */
export async function isolated(ps, context, document, changes, reading) {
  if (isSeen(changes)) return reading();
  const { id } = document;
  const ids = (/** @type {Row[]} */ rows) => rows.map((row) => row.id);
  const name = "Sfumato";
  const suspended = await context.hostControl.suspendHistory({ documentID: id, name });
  /** @type {(() => void)[]} */
  const restore = [];
  try {
    await play(ps.action, [...shown(id, ids(changes.hide), false), ...shown(id, ids(changes.show), true)]);
    for (const row of changes.bare) restore.push(...bared(ps, document, row));
    return await reading();
  } finally {
    // Visibility is no matter of history by default (History Options): it is put back by hand, the rest, too.
    try {
      for (const one of restore.reverse()) one();
      await play(ps.action, [...shown(id, ids(changes.hide), true), ...shown(id, ids(changes.show), false)]);
    } finally {
      await context.hostControl.resumeHistory(suspended, false);
    }
  }
}

/**
 * A group without opacity, mode and mask of its own.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @param {Row} row
 * @returns {(() => void)[]} what puts it back
 */
function bared({ constants: { BlendMode } }, document, row) {
  const group = domOf(document.layers, row);
  if (!group) return [];
  const { opacity, blendMode } = group;
  const back = [];
  if (opacity !== 100) {
    group.opacity = 100;
    back.push(() => (group.opacity = opacity));
  }
  if (blendMode !== BlendMode.PASSTHROUGH && blendMode !== BlendMode.NORMAL) {
    group.blendMode = BlendMode.NORMAL;
    back.push(() => (group.blendMode = blendMode));
  }
  for (const mask of /** @type {const} */ (["layerMaskDensity", "vectorMaskDensity"])) {
    try {
      const density = group[mask];
      group[mask] = 0;
      back.push(() => (group[mask] = density));
    } catch {
      // it has no such mask
    }
  }
  return back;
}

/**
 * The DOM's layer of a row, found by the way that leads to it.
 *
 * @param {PsLayers} layers the outermost
 * @param {Row | null} row
 * @returns {PsLayer | null}
 */
export function domOf(layers, row) {
  if (!row) return null;
  const around = row.parent ? domOf(layers, row.parent)?.layers : layers;
  for (let at = 0; around && at < around.length; at++) if (around[at].id === row.id) return around[at];
  return null;
}

/**
 * True where a layer's own pixels are what the composite of it alone would show; and of a clipped layer, which would
 * show nothing without the one below.
 *
 * @param {Row} row
 */
export function isPlain(row) {
  return row.kind === "pixel" && (row.clipped || (row.plain && row.masked === false));
}

/**
 * The layers with pixels that would be visible after some changes, the uppermost first.
 *
 * @param {Row[]} rows
 * @param {Changes} changes
 * @returns {Generator<Row>}
 */
export function* leaves(rows, changes) {
  for (const row of rows) {
    if (changes.hide.includes(row) || !(row.visible || changes.show.includes(row))) continue;
    if (row.kind === "group") yield* leaves(row.children, changes);
    else if (row.kind !== "adjustment") yield row;
  }
}
