/**
 * The layers of a document in one question. Each property that the DOM is asked for costs a call of its own
 * (uxp-toolkit), so that a look at 200 layers would be felt; `multiGet` answers for all of them at once (batchplay.md).
 * Where its answer is not what is expected, the DOM is asked after all.
 */
import { NOTHING, around, boxOf } from "./boxes.js";

/** @import { Box } from "../seams.js" */

/**
 * One layer. `box` is where its pixels lie, without mask and effects, also beyond the canvas; of a group: around its
 * layers. `plain`: in normal mode, opaque, without a vector mask. `masked`: has a layer mask, null where that is not
 * known. The uppermost child is first.
 *
 * @typedef {{
 *   id: number, name: string, kind: "pixel" | "group" | "adjustment" | "other", background: boolean, visible: boolean,
 *   plain: boolean, clipped: boolean, masked: boolean | null, box: Box, parent: Row | null, children: Row[],
 * }} Row
 */

const ASKED = [
  "layerID",
  "name",
  "layerKind",
  "layerSection",
  "background",
  "visible",
  "opacity",
  "mode",
  "group",
  "hasUserMask",
  "hasVectorMask",
  "boundsNoMask", // `bounds` is cut by the layer mask
  "boundsNoEffects",
];
/** `layerKind` of a descriptor. @type {Record<number, Row["kind"]>} */
const KINDS = { 1: "pixel", 2: "adjustment", 7: "group", 12: "pixel" };

/**
 * The outermost layers of a document, the uppermost first.
 *
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @returns {Promise<Row[]>}
 */
export async function stackOf(ps, document) {
  return (await asked(ps, document).catch(() => null)) ?? walked(ps.constants, document.layers, null);
}

/**
 * Every layer, those in groups included, from the top.
 *
 * @param {Row[]} rows
 * @returns {Generator<Row>}
 */
export function* every(rows) {
  for (const row of rows) {
    yield row;
    yield* every(row.children);
  }
}

/**
 * @param {Row[]} rows
 * @param {number} id
 * @returns {Row | null}
 */
export function find(rows, id) {
  for (const row of every(rows)) if (row.id === id) return row;
  return null;
}

/**
 * True where a layer and the groups around it are visible.
 *
 * @param {Row | null} row
 * @returns {boolean}
 */
export function seen(row) {
  return !row || (row.visible && seen(row.parent));
}

/**
 * The clipping group that a layer is in, from its top to its base; without one the layer alone. It is sampled as one,
 * and nothing is put into it: what is clipped would show where the new layer is, and no longer where its base is.
 *
 * @param {Row[]} rows
 * @param {Row} row
 */
export function clippingOf(rows, row) {
  const around = beside(rows, row);
  let top = around.indexOf(row);
  let base = top;
  while (top > 0 && around[top - 1].clipped) top--;
  while (around[base].clipped && base < around.length - 1) base++;
  return around.slice(top, base + 1);
}

/**
 * The layers beside one, itself included: those of its group, or the outermost.
 *
 * @param {Row[]} rows
 * @param {Row} row
 */
export function beside(rows, row) {
  return row.parent ? row.parent.children : rows;
}

/**
 * @param {Photoshop} ps
 * @param {PsDocument} document
 * @returns {Promise<Row[] | null>} null where the answer is not understood
 */
async function asked({ action }, document) {
  const [answer] = await action.batchPlay(
    [
      {
        _obj: "multiGet",
        _target: { _ref: [{ _ref: "document", _id: document.id }] },
        // The Background layer has the index 0, and without one the lowest layer has 1.
        extendedReference: [ASKED, { _obj: "layer", index: document.backgroundLayer ? 0 : 1, count: -1 }],
        options: { failOnMissingProperty: false, failOnMissingElement: false },
      },
    ],
    {},
  );
  return Array.isArray(answer?.list) ? grown(answer.list) : null;
}

/**
 * A tree of a list that goes from the bottom up, where a group's end comes before its layers and its start after them.
 *
 * @param {PsAction[]} list
 * @returns {Row[] | null}
 */
function grown(list) {
  /** @type {Row[][]} */
  const open = [[]];
  for (const one of list) {
    const section = one.layerSection?._value;
    if (section === "layerSectionEnd") {
      open.push([]);
      continue;
    }
    const children = section === "layerSectionStart" ? open.pop() : [];
    const box = section === "layerSectionStart" ? NOTHING : measured(one.boundsNoMask ?? one.boundsNoEffects);
    if (!children || !open.length || !box || !Number.isInteger(one.layerID)) return null;
    const row = rowOf(one, children, box);
    open[open.length - 1].unshift(row);
  }
  return open.length === 1 ? open[0] : null;
}

/**
 * @param {PsAction} one
 * @param {Row[]} children
 * @param {Box} box
 * @returns {Row}
 */
function rowOf(one, children, box) {
  const group = one.layerSection?._value === "layerSectionStart";
  const mode = one.mode?._value;
  /** @type {Row} */
  const row = {
    id: one.layerID,
    name: String(one.name ?? ""),
    kind: group ? "group" : (KINDS[one.layerKind] ?? "other"),
    background: one.background === true,
    visible: one.visible === true,
    plain: one.opacity === 255 && !one.hasVectorMask && (mode === "normal" || (group && mode === "passThrough")),
    clipped: one.group === true, // the descriptor's word for a layer that is clipped to the one below
    masked: Boolean(one.hasUserMask),
    box: group ? children.reduce((whole, child) => around(whole, child.box), NOTHING) : box,
    parent: null,
    children,
  };
  for (const child of children) child.parent = row;
  return row;
}

/**
 * A rectangle of a descriptor. Layers are measured in pixels at any resolution.
 *
 * @param {PsAction | undefined} rectangle
 * @returns {Box | null}
 */
function measured(rectangle) {
  if (!rectangle) return null;
  const sides = [rectangle.left, rectangle.top, rectangle.right, rectangle.bottom].map((side) =>
    typeof side === "object" ? (side?._unit === "pixelsUnit" ? side._value : NaN) : side,
  );
  const [left, top, right, bottom] = sides;
  return sides.every(Number.isFinite) ? boxOf({ left, top, right, bottom }) : null;
}

/**
 * The same by the DOM, which says nothing of masks.
 *
 * @param {Photoshop["constants"]} constants
 * @param {PsLayers} layers
 * @param {Row | null} parent
 * @returns {Row[]}
 */
function walked(constants, layers, parent) {
  const { LayerKind, BlendMode } = constants;
  return Array.from({ length: layers.length }, (_, at) => {
    const layer = layers[at];
    const kind = layer.kind === LayerKind.GROUP ? "group" : layer.kind === LayerKind.NORMAL ? "pixel" : "other";
    const modes = kind === "group" ? [BlendMode.NORMAL, BlendMode.PASSTHROUGH] : [BlendMode.NORMAL];
    /** @type {Row} */
    const row = {
      id: layer.id,
      name: layer.name,
      kind,
      background: layer.isBackgroundLayer,
      visible: layer.visible,
      plain: layer.opacity === 100 && modes.includes(layer.blendMode),
      clipped: layer.isClippingMask,
      masked: layer.isBackgroundLayer ? false : null,
      box: kind === "group" ? NOTHING : boxOf(layer.boundsNoEffects),
      parent,
      children: [],
    };
    if (kind === "group" && layer.layers) {
      row.children = walked(constants, layer.layers, row);
      row.box = row.children.reduce((whole, child) => around(whole, child.box), NOTHING);
    }
    return row;
  });
}
