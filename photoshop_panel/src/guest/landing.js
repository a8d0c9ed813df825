/** Layers coming in: where each one goes, and what becomes of one that cannot go there now. None is ever dropped. */

/** @import { Box, Canvas, Event, Finished, Offer, Put, Scene, Settled, Spot } from "../seams.js" */
/** @import { Memory } from "./recall.js" */
/** @import { Work } from "./works.js" */

import { whyNot } from "./gestures.js";
import { textOf } from "./recall.js";
import { recipeFrom } from "./recipe.js";
import { thumbnail } from "./thumbnail.js";
import { canvasOf, words } from "./values.js";
import { decide, groupOf } from "./works.js";

export const UNREAD = "The built-in fill read no prompt: it continued what surrounds the selection.";

/** @type {[string, string]} */
const OPEN = ["open", "Open as a new document"];
/** @type {[string, string]} */
const DISCARD = ["discard", "Discard"];

/**
 * What landing needs of those around it: `settle` tells the bridge, `landed` is called once a layer is in its document,
 * `changed` when there is something else to show, `say` takes a sentence for the artist.
 *
 * @typedef {{
 *   settle: (event: Event, state: Settled) => void, landed: (work: Work, result: string) => void, changed: () => void,
 *   openDocument: (one: Finished) => Promise<Canvas>, say: (text: string) => void,
 * }} Around
 */

/**
 * Puts layers into their document, one after the other, and acknowledges each once it is there.
 *
 * @param {Around} around
 */
export function makeLanding({ settle, landed, changed, openDocument, say }) {
  /** @type {Promise<void>} */
  let queue = Promise.resolve();

  /** @param {Work} work @param {Event} event @param {boolean} [there] */
  function bring(work, event, there = false) {
    work.coming.add(event);
    queue = queue.then(async () => {
      try {
        await place(work, event, there);
      } catch (why) {
        // Whatever the host's fault is, the layer must not be lost over it.
        if (work.canvas && !work.canvas.open() && work.fate === "insert") hold(work, event);
        else hold(work, event, { failed: words(why) });
      }
      work.coming.delete(event);
      changed();
    });
  }

  /**
   * Where it goes now. Between two questions to the host anything may have happened: the artist's word, and whether
   * the document is open, is looked at once more before it is inserted.
   *
   * @param {Work} work
   * @param {Event} event
   * @param {boolean} there the artist wants it where the selection was
   * @returns {Promise<void>}
   */
  async function place(work, event, there) {
    const { canvas, fate } = work;
    const layer = event.message;
    if (fate === "discard") return settled(work, event, "discarded");
    if (work.landed.has(layer.result)) return settled(work, event, "inserted"); // before the connection was cut
    if (fate === "open") return open(work, event);
    if (!canvas || !canvas.open()) return hold(work, event);
    if ((await canvas.results()).has(layer.result)) return settled(work, event, "inserted"); // by an earlier start
    if ((layer.recipe.scale || 1) > 1) return open(work, event);
    const scene = await canvas.scene("all");
    if (!scene) return hold(work, event);
    const trouble = whyNot("fill", scene);
    if (trouble) return hold(work, event, { trouble });
    const shift = (await shiftOf(work, canvas, scene)) || (there ? [0, 0] : null);
    if (!shift) return hold(work, event, { now: scene.document });
    const over = work.replaces && (await canvas.has(work.replaces));
    const group = groupOf(work);
    const beside = group && (await canvas.has(group)) ? group : 0;
    const ready = await finished(work, event, shift);
    if (work.fate !== fate || !canvas.open()) return place(work, event, there);
    const replaces = work.landed.size ? 0 : work.replaces;
    /** @type {Spot} */
    const spot = over ? { sample: "below", anchor: work.replaces } : work.spot;
    const put = await canvas.insert(ready.one, spot, layer.count > 1, beside, replaces);
    if (!beside) work.shown = layer.result;
    arrived(work, event, put, ready);
    landed(work, layer.result);
  }

  /** @param {Work} work @param {Event} event */
  async function open(work, event) {
    const ready = await finished(work, event, [0, 0]);
    await openDocument(ready.one);
    arrived(work, event, null, ready);
  }

  /** @param {Work} work @param {Event} event @param {Put | null} put @param {{one: Finished, memory: Memory}} ready */
  function arrived(work, event, put, { one, memory }) {
    work.landed.set(one.result, { name: one.name, memory, put, shot: thumbnail(one.pixels, one.picture) });
    if (!event.message.prompt_used && event.message.recipe.prompt) say(UNREAD);
    settled(work, event, "inserted");
  }

  /** @param {Work} work @param {Event} event @param {Settled} state */
  function settled(work, event, state) {
    work.held.delete(event.message.result);
    settle(event, state);
  }

  return {
    /** Resolves once everything that came so far is somewhere. */
    quiet: () => queue,

    /**
     * A layer has come, whole.
     *
     * @param {Work} work
     * @param {Event} event
     */
    land(work, event) {
      bring(work, { ...event, message: { ...event.message } });
    },

    /**
     * Insert what was held, where it can be by now.
     *
     * @param {Work} work
     */
    retry(work) {
      if (work.failed || !work.canvas || !work.canvas.open()) return;
      for (const event of work.held.values()) if (!work.coming.has(event)) bring(work, event);
    },

    /**
     * What to ask the artist about layers that are held.
     *
     * @param {Work} work
     * @returns {Offer | null}
     */
    offer(work) {
      const count = work.held.size;
      if (!count) return null;
      const layers = `${count} finished layer${count > 1 ? "s" : ""}`;
      const wait = count > 1 ? "wait" : "waits";
      const key = `held ${work.job}`;
      if (!work.canvas || !work.canvas.open()) {
        const fault = work.failed && ` A new one could not be opened (${work.failed}).`;
        return { key, text: `${layers} ${wait}: the document was closed.${fault}`, answers: [OPEN, DISCARD] };
      }
      if (work.failed) {
        const text = `${layers} could not be inserted (${work.failed}).`;
        return { key, text, answers: [["insert", "Try again"], OPEN, DISCARD] };
      }
      if (work.trouble) return { key, text: `${layers} ${wait}. ${work.trouble}`, answers: [OPEN, DISCARD] };
      const [then, now] = [work.ask.document, work.now].map((one) => `${one.width} × ${one.height} px`);
      const text = `The canvas was ${then} and is ${now} now: ${layers} may not fit where the selection was.`;
      return { key, text, answers: [["insert", "Insert there"], OPEN, DISCARD] };
    },

    /**
     * The artist has decided about the layers that are held; with those to come the same is done.
     *
     * @param {Work} work
     * @param {string} word
     */
    answer(work, word) {
      const there = word === "insert" && !work.failed;
      work.failed = "";
      decide(work, word);
      for (const event of work.held.values()) if (!work.coming.has(event)) bring(work, event, there);
    },
  };
}

/**
 * @param {Work} work
 * @param {Event} event
 * @param {{trouble?: string, now?: {width: number, height: number}, failed?: string}} [why]
 */
function hold(work, event, { trouble = "", now = { width: 0, height: 0 }, failed = "" } = {}) {
  work.held.set(event.message.result, event);
  Object.assign(work, { trouble, now, failed });
}

/**
 * A layer as the host wants it, and what it remembers.
 *
 * @param {Work} work
 * @param {Event} event
 * @param {number[]} shift
 * @returns {Promise<{one: Finished, memory: Memory}>}
 */
async function finished(work, event, shift) {
  const layer = event.message;
  const { picture: pixels, shape: picture, mask = null } = event;
  if (!pixels || !picture) throw new Error(`the layer ${layer.result} came without pixels`);
  await work.checked;
  const { document, selection, content } = work.ask;
  /** @type {Memory} */
  const memory = {
    result: layer.result,
    job: work.job,
    region: work.region,
    recipe: recipeFrom(layer.recipe),
    document,
    selection,
    content,
    sample: work.spot.sample,
    box: layer.box,
    seen: work.seen,
    pixels: work.pixels,
  };
  const [x, y, width, height] = layer.box;
  /** @type {Box} */
  const box = [x + shift[0], y + shift[1], width, height];
  const text = textOf(memory);
  return { one: { name: String(layer.name), box, picture, pixels, mask, result: layer.result, memory: text }, memory };
}

/**
 * How far what the fill was asked about has moved since; null where that cannot be told.
 *
 * A layer that is made again goes where its forerunner lies. Every layer is moved by the same when a canvas grows or is
 * cropped; cropping cuts layers, too, so only those that kept their size count.
 *
 * @param {Work} work
 * @param {Canvas} canvas
 * @param {Scene} scene
 * @returns {Promise<[number, number] | null>}
 */
async function shiftOf(work, canvas, scene) {
  const then = work.ask.document;
  const now = scene.document;
  const forerunner = work.was ? await canvas.where(work.replaces) : null;
  if (work.was && kept(forerunner, work.was)) return [forerunner[0] - work.was[0], forerunner[1] - work.was[1]];
  if (then.width === now.width && then.height === now.height) return [0, 0];
  if (work.was) return forerunner ? cut(forerunner, work.was, canvasOf(now)) : null;
  const lies = await canvas.frame();
  /** @type {Map<string, [number, number]>} */
  const moves = new Map();
  for (const [layer, was] of work.frame) {
    const box = lies.get(layer) || null;
    if (kept(box, was)) moves.set(`${box[0] - was[0]} ${box[1] - was[1]}`, [box[0] - was[0], box[1] - was[1]]);
  }
  return moves.size === 1 ? [...moves.values()][0] : null;
}

/** @param {Box | null} now @param {Box} was @returns {now is Box} */
function kept(now, was) {
  return !!now && now[2] === was[2] && now[3] === was[3];
}

/**
 * How far a layer was moved through which the canvas was cut: a side inside the canvas is still its own.
 *
 * @param {Box} now
 * @param {Box} was
 * @param {Box} canvas
 * @returns {[number, number] | null}
 */
function cut(now, was, canvas) {
  const across = moved(now[0], now[0] + now[2], was[0], was[0] + was[2], canvas[2]);
  const down = moved(now[1], now[1] + now[3], was[1], was[1] + was[3], canvas[3]);
  return across === null || down === null ? null : [across, down];
}

/** @param {number} low @param {number} high @param {number} wasLow @param {number} wasHigh @param {number} end */
function moved(low, high, wasLow, wasHigh, end) {
  if (low > 0) return low - wasLow;
  return high < end ? high - wasHigh : null;
}
