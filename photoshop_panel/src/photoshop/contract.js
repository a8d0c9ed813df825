/**
 * What this host takes for granted of Photoshop, as checks that run in the tests against the double, and in a real
 * Photoshop by the panel's menu ▸ Self-test: each in a scratch document that is closed without saving.
 */
import { PROFILE } from "./reading.js";
import { stackOf } from "./stack.js";

/** @import { Box, Canvas, Depth, Finished, Host } from "../seams.js" */

/** @typedef {{ name: string, ok: boolean, detail: string }} Check */
/** @typedef {{ ps: Photoshop, host: Host, canvas: Canvas, document: PsDocument }} Scratch */
/** @typedef {{ name: string, bits?: 8 | 16 | 32, mode?: string, run: (scratch: Scratch) => Promise<void> }} Trial */

const WIDTH = 48;
const HEIGHT = 32;
/** @type {Box} */
const CANVAS = [0, 0, WIDTH, HEIGHT];
/** @type {Box} */
const BOX = [8, 4, 16, 8];
const TOP = /** @type {const} */ ({ u8: 255, u16: 65535, f32: 1 });
/** @type {Record<number, Depth>} */
const DEPTHS = { 8: "u8", 16: "u16", 32: "f32" };
const ALL = /** @type {const} */ ({ sample: "all", anchor: 0 });

/**
 * What a sample layer may be instead: `alpha` and `value` are shares of white.
 *
 * @typedef {{
 *   channels?: 3 | 4, box?: Box, alpha?: number, value?: number, mask?: Uint8Array | null, name?: string,
 * }} Wishes
 */

/**
 * A layer of many values, or of one.
 *
 * @param {Depth} depth
 * @param {Wishes} [wishes]
 * @returns {Finished}
 */
export function sampleLayer(depth, wishes = {}) {
  const { channels = 3, box = BOX, alpha = 1, value, mask = null, name = "Fill (seed 7)" } = wishes;
  const count = box[2] * box[3];
  const size = count * channels;
  const room = depth === "u8" ? new Uint8Array(size) : depth === "u16" ? new Uint16Array(size) : new Float32Array(size);
  for (let at = 0; at < size; at++) {
    const share = at % channels === 3 ? alpha : (value ?? ((at * 7) % 251) / 255);
    room[at] = depth === "f32" ? share : Math.round(share * TOP[depth]);
  }
  const picture = { width: box[2], height: box[3], channels, depth };
  const pixels = new Uint8Array(room.buffer);
  return { name, box, picture, pixels, mask, result: `result ${name}`, memory: '{"ü":1}' };
}

/**
 * @param {Uint8Array} bytes
 * @param {Depth} depth
 */
function values(bytes, depth) {
  const own = bytes.slice().buffer;
  return depth === "u8" ? new Uint8Array(own) : depth === "u16" ? new Uint16Array(own) : new Float32Array(own);
}

/**
 * @param {boolean} fact
 * @param {string} text
 */
function must(fact, text) {
  if (!fact) throw new Error(text);
}

/**
 * @param {Uint8Array} found
 * @param {Uint8Array} expected
 * @param {Depth} depth
 * @param {number} slack the largest difference, as a share of white
 */
function alike(found, expected, depth, slack) {
  const [one, other] = [values(found, depth), values(expected, depth)];
  must(one.length === other.length, `${one.length} values, expected ${other.length}`);
  let worst = 0;
  for (let at = 0; at < one.length; at++) worst = Math.max(worst, Math.abs(one[at] - other[at]) / TOP[depth]);
  must(worst <= slack, `values differ by up to ${worst} of white, at most ${slack} was expected`);
}

/** Coverage with a soft edge. @param {Box} box */
function soft(box) {
  return Uint8Array.from({ length: box[2] * box[3] }, (_, at) => 1 + ((at * 13) % 255));
}

/** @param {8 | 16 | 32} bits @returns {Trial} */
const roundTrip = (bits) => ({
  name: `${bits} bit: a layer that is put is read back, with its mask, in one undo step, and nothing else is selected`,
  bits,
  async run({ canvas, document }) {
    const depth = DEPTHS[bits];
    const one = sampleLayer(depth, { mask: soft(BOX) });
    const [states, active] = [document.historyStates.length, document.activeLayers[0]?.id];
    const { layer } = await canvas.insert(one, ALL, false, 0, 0);
    must(document.historyStates.length === states + 1, `${document.historyStates.length - states} undo steps`);
    must(document.activeLayers[0]?.id === active, "another layer is selected");
    const { box, mask } = await canvas.maskOf(layer);
    must(String(box) === String(BOX), `the layer lies at ${box}, it was put at ${BOX}`);
    alike(mask ?? new Uint8Array(0), one.mask ?? new Uint8Array(0), "u8", 0);
    const opaque = sampleLayer(depth, { channels: 4, name: "opaque" });
    const other = await canvas.insert(opaque, ALL, false, 0, 0);
    const read = await canvas.read(BOX, 4, depth, { sample: "current", anchor: other.layer }, []);
    alike(read, opaque.pixels, depth, bits === 32 ? 1e-5 : 1 / 32768);
  },
});

/** @param {string} mode a name of NewDocumentMode @returns {Trial} */
const otherMode = (mode) => ({
  name: `${mode}: Photoshop takes sRGB, and gives sRGB`,
  mode,
  async run({ canvas }) {
    const one = sampleLayer("u8", { value: 0.5 });
    await canvas.insert(one, ALL, false, 0, 0);
    alike(await canvas.read(BOX, 4, "u8", ALL, []), sampleLayer("u8", { channels: 4, value: 0.5 }).pixels, "u8", 0.02);
  },
});

/** @type {Trial[]} */
const TRIALS = [
  roundTrip(8),
  roundTrip(16),
  roundTrip(32),
  {
    name: "alpha is straight on reading",
    async run({ canvas }) {
      const one = sampleLayer("u8", { channels: 4, alpha: 0.5, value: 0.8 });
      await canvas.insert(one, ALL, false, 0, 0);
      alike(await canvas.read(BOX, 4, "u8", ALL, []), one.pixels, "u8", 0.01);
    },
  },
  {
    name: "32 bit is linear light: half of sRGB's white is 0.214 there",
    bits: 32,
    async run({ ps, canvas, document }) {
      const { layer } = await canvas.insert(sampleLayer("f32", { value: 0.5 }), ALL, false, 0, 0);
      /** @type {number[]} */
      const found = [];
      const look = async () => {
        const bounds = { left: BOX[0], top: BOX[1], right: BOX[0] + 1, bottom: BOX[1] + 1 };
        const asked = { documentID: document.id, layerID: layer, sourceBounds: bounds };
        const { imageData } = await ps.imaging.getPixels({ ...asked, colorSpace: "RGB", colorProfile: PROFILE });
        found.push(...(await imageData.getData({})));
        imageData.dispose();
      };
      await ps.core.executeAsModal(look, { commandName: "Self-test" });
      must(Math.abs(found[0] - 0.214) < 0.01, `it is ${found[0]}`);
    },
  },
  {
    name: "where three channels were asked for and there is transparency, four are asked for",
    async run({ canvas }) {
      await canvas.insert(sampleLayer("u8"), ALL, false, 0, 0);
      const error = await canvas.read(CANVAS, 3, "u8", ALL, []).catch((one) => one);
      must(error.channels === 4, `it said ${error.message ?? "nothing"}`);
      const whole = await canvas.read(CANVAS, 4, "u8", ALL, []);
      must(whole[3] === 0 && whole[(BOX[1] * WIDTH + BOX[0]) * 4 + 3] === 255, "the box is not where it was put");
    },
  },
  {
    name: "what lies above does not count below, and nothing is left of the reading",
    async run({ canvas, document }) {
      const low = sampleLayer("u8", { channels: 4, value: 0.25, name: "low" });
      const { layer } = await canvas.insert(low, ALL, false, 0, 0);
      const above = await canvas.insert(sampleLayer("u8", { value: 0.75, name: "above" }), ALL, false, 0, 0);
      const [states, state] = [document.historyStates.length, document.activeHistoryState.id];
      alike(await canvas.read(BOX, 4, "u8", { sample: "below", anchor: layer }, []), low.pixels, "u8", 0);
      must(document.historyStates.length === states, `${document.historyStates.length - states} undo steps came`);
      must(document.activeHistoryState.id === state, "another state is the active one");
      const seen = await canvas.read(BOX, 4, "u8", ALL, []);
      must(Math.abs(seen[0] - 191) <= 1, `the layer above is not seen any more: ${seen[0]}`);
      alike(await canvas.read(BOX, 4, "u8", ALL, [above.layer]), low.pixels, "u8", 0);
    },
  },
  {
    name: "variations lie in a group, one is visible",
    async run({ ps, canvas, document }) {
      const first = await canvas.insert(sampleLayer("u8"), ALL, true, 0, 0);
      const second = await canvas.insert(sampleLayer("u8", { name: "Fill (seed 8)" }), ALL, true, first.group, 0);
      await canvas.showOnly(second.layer, [first.layer]);
      const [group] = await stackOf(ps, document);
      must(group.id === first.group && group.name === "Fill", `on top lies ${group.name}`);
      must(group.children.map((one) => one.visible).join() === "false,true", "the wrong ones are visible");
    },
  },
  {
    name: "a new layer lies above what is clipped to its anchor, and that stays clipped",
    async run({ ps, canvas, document }) {
      const base = await canvas.insert(sampleLayer("u8", { name: "base" }), ALL, false, 0, 0);
      const upper = await canvas.insert(sampleLayer("u8", { name: "clipped" }), ALL, false, 0, 0);
      const clip = async () => void (document.layers[0].isClippingMask = true);
      await ps.core.executeAsModal(clip, { commandName: "Self-test" });
      const { layer } = await canvas.insert(sampleLayer("u8"), { sample: "below", anchor: base.layer }, false, 0, 0);
      const [top, next] = await stackOf(ps, document);
      must(top.id === layer && !top.clipped, `on top lies ${top.name}`);
      must(next.id === upper.layer && next.clipped, `below it lies ${next.name}`);
    },
  },
  {
    name: "a layer remembers, and says where it lies",
    async run({ canvas }) {
      const one = sampleLayer("u8", { mask: new Uint8Array(BOX[2] * BOX[3]).fill(255, 5, 40) });
      const { layer } = await canvas.insert(one, ALL, false, 0, 0);
      must((await canvas.results()).has(one.result), "its result is not found");
      must(String(await canvas.where(layer)) === String(BOX), `it lies at ${await canvas.where(layer)}`);
    },
  },
  {
    name: "a soft selection is read as it was made",
    async run({ ps, host, canvas, document }) {
      const coverage = soft(BOX);
      const make = async () => {
        const options = { width: BOX[2], height: BOX[3], components: 1, chunky: true };
        const gray = { colorSpace: "Grayscale", colorProfile: "Gray Gamma 2.2" };
        const imageData = await ps.imaging.createImageDataFromBuffer(coverage, { ...options, ...gray });
        const target = { documentID: document.id, replace: true, targetBounds: { left: BOX[0], top: BOX[1] } };
        await ps.imaging.putSelection({ ...target, imageData, commandName: "Self-test" });
        imageData.dispose();
      };
      await ps.core.executeAsModal(make, { commandName: "Self-test" });
      must(String((await canvas.scene("all"))?.selection) === String(BOX), "its box is another one");
      alike(await canvas.coverage(BOX), coverage, "u8", 1 / 255);
      must((await host.active())?.key === canvas.key, "another document is active");
    },
  },
  otherMode("GRAYSCALE"),
  otherMode("CMYK"),
  otherMode("LAB"),
];

/**
 * Run all checks, one after the other.
 *
 * @param {Photoshop} ps
 * @param {Host} host
 * @returns {Promise<Check[]>}
 */
export async function contract(ps, host) {
  const checks = [];
  for (const trial of TRIALS) checks.push(await tried(ps, host, trial));
  return checks;
}

/**
 * @param {Photoshop} ps
 * @param {Host} host
 * @param {Trial} trial
 * @returns {Promise<Check>}
 */
async function tried(ps, host, { name, bits = 8, mode = "RGB", run }) {
  /** @type {PsDocument | null} */
  let document = null;
  try {
    const { NewDocumentMode, DocumentFill } = ps.constants;
    const size = { width: WIDTH, height: HEIGHT, resolution: 300, depth: bits };
    const kind = { mode: NewDocumentMode[mode], fill: DocumentFill.TRANSPARENT };
    const make = async () => {
      document = await ps.app.createDocument({ name: "Sfumato self-test", ...size, ...kind });
    };
    await ps.core.executeAsModal(make, { commandName: "Self-test" });
    const canvas = await host.active();
    must(canvas !== null && document !== null, "there is no document");
    await run({ ps, host, canvas: /** @type {Canvas} */ (canvas), document: /** @type {any} */ (document) });
    return { name, ok: true, detail: "" };
  } catch (error) {
    return { name, ok: false, detail: String(/** @type {any} */ (error)?.message ?? error) };
  } finally {
    const made = /** @type {PsDocument | null} */ (document);
    const close = async () => void (await made?.closeWithoutSaving());
    await ps.core.executeAsModal(close, { commandName: "Self-test" }).catch(() => {});
  }
}
