/** Photoshop, as the guest sees it: `Host`. The only file that asks for Photoshop's modules. */
import { PhotoshopCanvas } from "./canvas.js";
import { makeKeys, makeStore } from "./keeping.js";
import { makeMemory } from "./memory.js";
import { PROFILE } from "./reading.js";
import { makeTurns } from "./turns.js";
import { makeWatch } from "./watching.js";
import { tidy } from "./writing.js";

/** @import { Box, Finished, Host, Shot } from "../seams.js" */

/** Photoshop's own modules. */
export function modules() {
  return { ps: require("photoshop"), uxp: require("uxp") };
}

/** @param {number} milliseconds @returns {Promise<void>} */
const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * @param {Photoshop} ps
 * @param {Uxp} uxp
 * @param {(milliseconds: number) => Promise<void>} [pause]
 * @returns {Host}
 */
export function makeHost(ps, uxp, pause = rest) {
  const store = makeStore();
  const turns = makeTurns(ps.core, pause);
  const memory = makeMemory(ps.action, uxp.xmp, store);
  /** @type {Map<number, PhotoshopCanvas>} */
  const known = new Map();
  let left = -1;
  const place = {
    ps,
    turns,
    memory,
    store,
    pause,
    /** @param {string} tag @param {number} id */
    taken: (tag, id) => [...known.values()].some((one) => one.named === tag && one.id !== id && one.open()),
    /** @param {PsDocument} document */
    wrote: (document) => {
      left = ps.app.activeDocument?.id === document.id ? document.activeHistoryState.id : left;
    },
  };
  const inside = () => turns.inside;
  const watching = makeWatch(ps, inside, () => left, () => performance.now(), setTimeout, clearTimeout);

  /** @param {number} id */
  function canvasOf(id) {
    const canvas = known.get(id) ?? new PhotoshopCanvas(place, id);
    known.set(id, canvas);
    return canvas;
  }

  return {
    name: "Photoshop",
    version: uxp.host.version,
    keys: makeKeys(uxp.storage.secureStorage),
    store,
    async canvases() {
      const ids = Array.from({ length: ps.app.documents.length }, (_, at) => ps.app.documents[at].id);
      for (const id of known.keys()) if (!ids.includes(id)) known.delete(id);
      return ids.map(canvasOf);
    },
    async active() {
      const document = ps.app.documents.length ? ps.app.activeDocument : null;
      return document ? canvasOf(document.id) : null;
    },
    watch: watching.watch,
    waits: turns.waits,
    /** @param {Finished} one */
    async openDocument(one) {
      const { width, height, depth } = one.picture;
      const { NewDocumentMode, DocumentFill } = ps.constants;
      const bits = /** @type {const} */ ({ u8: 8, u16: 16, f32: 32 });
      /** @type {Parameters<Photoshop["app"]["createDocument"]>[0]} */
      const options = {
        name: one.name,
        width,
        height,
        resolution: 72,
        mode: NewDocumentMode.RGB,
        depth: bits[depth],
        fill: DocumentFill.TRANSPARENT,
        profile: PROFILE,
      };
      const name = "Sfumato opens a layer";
      const make = async () => (await ps.app.createDocument(options)).id;
      const canvas = canvasOf(await turns.take(name, make, () => true));
      const moved = { ...one, box: /** @type {Box} */ ([0, 0, width, height]) };
      const put = await canvas.insert(moved, { sample: "all", anchor: 0 }, false, 0, 0);
      const clean = async () => {
        if (canvas.document) await tidy(ps, canvas.document, put.layer);
      };
      await turns.take(name, clean, () => canvas.open());
      return canvas;
    },
    /** @param {Shot} shot */
    async hang({ width, height, channels, pixels }) {
      const blob = new ImageBlob(pixels.slice(), {
        type: "image/uncompressed",
        width,
        height,
        colorSpace: "RGB",
        colorProfile: PROFILE,
        pixelFormat: channels === 4 ? "RGBA" : "RGB",
        components: channels === 4 ? 4 : 3,
        componentSize: 8,
        hasAlpha: channels === 4,
      });
      const url = URL.createObjectURL(blob);
      return { url, free: () => URL.revokeObjectURL(url) };
    },
    present() {
      document.activeElement?.blur();
    },
  };
}
