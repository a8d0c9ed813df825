/** What the artist has before them, from a document and its layers. */
import { NOTHING, around, isEmpty, same, shared } from "./boxes.js";
import { selectionOf } from "./reading.js";
import { INDEXED, NO_COLOURS, NO_LAYER, QUICK_MASK } from "./refusals.js";
import { every, seen } from "./stack.js";

/** @import { Box, Depth, Sample, Scene } from "../seams.js" */
/** @import { Row } from "./stack.js" */

/**
 * A scene but for what the document does not say: its tag, and what the active layer remembers.
 *
 * @param {Photoshop["constants"]} constants
 * @param {PsDocument} document
 * @param {Row[]} rows
 * @param {Row | null} active
 * @param {{ sample: Sample, transparent: boolean }} how `transparent`: it turned out to be so, whatever lies below
 */
export function sceneOf(constants, document, rows, active, { sample, transparent }) {
  const { width, height } = document;
  const selection = selectionOf(document);
  const lowest = sample === "current" ? active : (rows[rows.length - 1] ?? null);
  const opaque = lowest?.background && seen(lowest) && !transparent;
  /** @type {3 | 4} */
  const channels = opaque ? 3 : 4;
  return {
    name: document.name,
    document: { width, height, channels, depth: depthOf(constants, document) },
    selection,
    content: selection ? null : contentOf(rows, [0, 0, width, height]),
    kind: kindOf(constants, document),
    active: active?.id ?? 0,
    layer: active?.name ?? "",
    trouble: troubleOf(constants, document, sample, active),
  };
}

/**
 * @param {Photoshop["constants"]} constants
 * @param {PsDocument} document
 * @returns {Depth}
 */
export function depthOf({ BitsPerChannelType }, { bitsPerChannel }) {
  if (bitsPerChannel === BitsPerChannelType.SIXTEEN) return "u16";
  return bitsPerChannel === BitsPerChannelType.THIRTYTWO ? "f32" : "u8";
}

/**
 * @param {Photoshop["constants"]} constants
 * @param {PsDocument} document
 * @returns {Scene["kind"]} "indexed" for all that must be converted first
 */
function kindOf({ DocumentMode }, { mode }) {
  /** @type {[string, Scene["kind"]][]} */
  const kinds = [
    [DocumentMode.RGB, "rgb"],
    [DocumentMode.GRAYSCALE, "gray"],
    [DocumentMode.CMYK, "cmyk"],
    [DocumentMode.LAB, "lab"],
  ];
  return kinds.find(([one]) => one === mode)?.[1] ?? "indexed";
}

/**
 * @param {Photoshop["constants"]} constants
 * @param {PsDocument} document
 * @param {Sample} sample
 * @param {Row | null} active
 */
function troubleOf(constants, document, sample, active) {
  if (document.quickMaskMode) return QUICK_MASK;
  if (document.mode === constants.DocumentMode.INDEXEDCOLOR) return INDEXED;
  if (kindOf(constants, document) === "indexed") return NO_COLOURS;
  return sample !== "all" && !active ? NO_LAYER : "";
}

/**
 * The box of visible pixels where the canvas goes on beyond them, else null.
 *
 * @param {Row[]} rows
 * @param {Box} canvas
 * @returns {Box | null}
 */
function contentOf(rows, canvas) {
  const leaves = [...every(rows)].filter((row) => row.kind !== "group" && row.kind !== "adjustment" && seen(row));
  const content = leaves.reduce((whole, row) => around(whole, shared(row.box, canvas)), NOTHING);
  return isEmpty(content) || same(content, canvas) ? null : content;
}
