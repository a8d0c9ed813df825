/**
 * What our layers remember, and by that the document's tag.
 *
 * Home: the XMP packet that Photoshop keeps with each layer. It is saved with the PSD, comes back with it, and goes
 * along where a layer or a document is duplicated (read and written in this way by ScottWoodhams/PS-UI-Exporter and by
 * a plug-in that keeps poses "even after saving the PSD"; the packet itself by `require("uxp").xmp`, UXP 7.2). The
 * document's own packet would be a second home, and was reported to refuse (-1715, -25920): each layer carries the tag.
 * Fallback where Photoshop refuses: the panel's storage, by document tag and layer id; it survives save and reopen on
 * this machine, but no duplicate.
 */
import { layerOf, play } from "./play.js";

/** @import { Box, Host } from "../seams.js" */

const SPACE = "urn:sfumato:layer:1.0#";
const PREFIX = "sfumato";
const HOME = "XMPMetadataAsUTF8";
const KEPT = "sfumato.layers";
/** How many layers the fallback keeps. */
const MOST = 200;

/**
 * `box` is where the layer was put, `told` where Photoshop said then that it lies: it may see it smaller.
 *
 * @typedef {{ result: string, memory: string, tag: string, box: Box, told: Box }} Note
 */

/**
 * @param {Photoshop["action"]} action
 * @param {Uxp["xmp"]} xmp
 * @param {Host["store"]} store
 */
export function makeMemory(action, xmp, store) {
  xmp.XMPMeta.registerNamespace(SPACE, PREFIX);

  /** @returns {Record<string, Note>} by tag and layer */
  function kept() {
    try {
      const all = JSON.parse(store.get(KEPT) ?? "{}");
      return typeof all === "object" && all ? all : {};
    } catch {
      return {};
    }
  }

  return {
    /**
     * Write a layer's note, in the turn and the undo step in which it is inserted.
     *
     * @param {number} id the document
     * @param {number} layer
     * @param {Note} note
     */
    async write(id, layer, note) {
      const packet = new xmp.XMPMeta();
      packet.setProperty(SPACE, "note", JSON.stringify(note));
      const target = [{ _ref: "property", _property: HOME }, ...layerOf(id, layer)];
      const command = { _obj: "set", _target: target, to: { _obj: "layer", [HOME]: packet.serialize() } };
      try {
        await play(action, [command]);
        if ((await this.read(id, [layer], "")).get(layer)) return;
      } catch {
        // the layer is worth more than its memory: it is kept elsewhere
      }
      const notes = Object.entries({ ...kept(), [`${note.tag} ${layer}`]: note });
      store.set(KEPT, JSON.stringify(Object.fromEntries(notes.slice(-MOST))));
    },

    /**
     * The notes of layers, asked for in one call; null for those that are none of ours.
     *
     * @param {number} id the document
     * @param {number[]} layers
     * @param {string} tag the document's, empty where it is not known yet
     * @returns {Promise<Map<number, Note | null>>}
     */
    async read(id, layers, tag) {
      const questions = layers.map((layer) => ({ _obj: "get", _target: [{ _property: HOME }, ...layerOf(id, layer)] }));
      const options = { continueOnError: true }; // a layer without a packet is an error of its own
      const answers = layers.length ? await action.batchPlay(questions, options) : [];
      const elsewhere = tag ? kept() : {};
      return new Map(
        layers.map((layer, at) => [layer, noted(xmp, answers[at]?.[HOME]) ?? valid(elsewhere[`${tag} ${layer}`])]),
      );
    },
  };
}

/** @typedef {ReturnType<typeof makeMemory>} Memory */

/**
 * @param {Uxp["xmp"]} xmp
 * @param {unknown} packet
 * @returns {Note | null}
 */
function noted(xmp, packet) {
  if (typeof packet !== "string" || !packet.includes(SPACE)) return null; // most layers: not worth parsing
  try {
    return valid(JSON.parse(new xmp.XMPMeta(packet).getProperty(SPACE, "note")?.value ?? "null"));
  } catch {
    return null;
  }
}

/**
 * What was read back may be anything.
 *
 * @param {any} note
 * @returns {Note | null}
 */
function valid(note) {
  const isBox = (/** @type {unknown} */ box) => Array.isArray(box) && box.length === 4 && box.every(Number.isInteger);
  const boxes = [note?.box, note?.told].every(isBox);
  const texts = [note?.result, note?.memory].every((text) => typeof text === "string");
  return boxes && texts && isTag(note.tag) ? note : null;
}

/**
 * @param {unknown} tag
 * @returns {tag is string}
 */
export function isTag(tag) {
  return typeof tag === "string" && /^[0-9a-f]{32}$/.test(tag);
}
