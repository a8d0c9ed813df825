/** The fills under way: begun with what the artist has before them, read in one turn, begun anew where that changed. */

/** @import { Ask, Box, Canvas, Event, Link, Offer, Read, Scene, Want } from "../seams.js" */
/** @import { Keep } from "./keep.js" */
/** @import { Around } from "./landing.js" */
/** @import { Work } from "./works.js" */

import { checksum } from "./checksum.js";
import { asked } from "./gestures.js";
import { makeLanding } from "./landing.js";
import { doing } from "./showing.js";
import { alike } from "./sight.js";
import { refusal, same, words } from "./values.js";
import { isOpen, makeWork } from "./works.js";

export const CLOSED = "The document was closed before it was read: nothing was filled.";
export const DELETED = "The layer was deleted before it was read: nothing was filled.";
export const DESELECTED = "The selection was taken away before it was read: nothing was filled.";
export const FORGOTTEN =
  "The bridge no longer holds what this layer was made from: the picture was read as it is now.";

/** @typedef {ReturnType<typeof makeFills>} Fills */

/**
 * All works, the newest last.
 *
 * @param {{keep: Keep, link: () => Link} & Omit<Around, "settle">} around
 */
export function makeFills({ keep, link, ...around }) {
  /** @type {Map<string, Work>} */
  let works = new Map();
  const landing = makeLanding({ ...around, settle: (event, state) => link().settle(event, state) });
  const { changed, say } = around;

  /** @param {Work} work */
  function drop(work) {
    work.over = true;
    works.delete(work.job);
    changed();
  }

  /**
   * Begin a fill. Earlier ones of its document leave, where nothing more can become of them. It can be cancelled from
   * now on, whatever the host is busy with.
   *
   * @param {Work} work
   */
  async function start(work) {
    const { ask, canvas } = work;
    works = new Map([...works].filter(([, one]) => !spent(one, canvas)));
    works.set(work.job, work);
    changed();
    try {
      if (!canvas || !canvas.open()) throw refusal("job.lost", CLOSED);
      await canvas.mark();
      work.frame = await canvas.frame();
    } catch (why) {
      say(canvas && canvas.open() ? words(why) : CLOSED);
      return drop(work);
    }
    if (work.stopped) return drop(work);
    keep.addPrompt(ask.recipe.prompt || "");
    const { document, selection, content } = ask;
    keep.setOrder(work.job, { spot: work.spot, document, selection, content, replaces: work.replaces, was: work.was });
    work.begun = true;
    link().begin(work.job, ask, (want) => read(work, want), work.was ? { region: work.region } : {});
    link().call();
  }

  /**
   * The bridge says which pixels it wants to see. Raises Refusal.
   *
   * @param {Work} work
   * @param {Want} want
   * @returns {ReturnType<Read>}
   */
  async function read(work, want) {
    const { canvas } = work;
    if (!canvas || !canvas.open()) throw refusal("job.lost", CLOSED);
    let found;
    try {
      found = await canvas.together(() => readNow(work, canvas, want));
    } catch (/** @type {any} */ why) {
      const { document } = work.ask;
      if (why && why.channels === 4 && document.channels === 3) {
        found = { ask: { ...work.ask, document: { ...document, channels: /** @type {const} */ (4) } } };
      } else if (!canvas.open()) {
        throw refusal("job.lost", CLOSED);
      } else {
        if (why && why.name === "Refusal") throw why;
        throw refusal("internal", `The picture could not be read (${words(why)}).`);
      }
    }
    if ("ask" in found) {
      anew(work, found.ask, "selected" in found ? found.selected : work.selected);
      throw refusal("job.lost", "The picture was asked about anew.");
    }
    work.checked = checksum(found.image).then((sum) => {
      work.pixels = sum;
    });
    return found;
  }

  /**
   * The picture is another one than was asked about, or the bridge has forgotten it: ask about it as it is.
   *
   * @param {Work} work
   * @param {Ask} ask
   * @param {Box | null} selected
   */
  function anew(work, ask, selected) {
    if (work.stopped || works.get(work.job) !== work) return;
    if (work.was) say(FORGOTTEN);
    works.delete(work.job);
    keep.dropOrder(work.job);
    const { canvas, spot, replaces, maskOf } = work;
    void start(makeWork(canvas, spot, ask, { selected, replaces, maskOf }));
  }

  const fills = {
    /** Every work, the newest last. */
    all: () => [...works.values()],

    /** Resolves once every layer that came so far is somewhere. */
    quiet: () => landing.quiet(),

    /** @param {string | undefined} job @returns {Work | null} the work of a job */
    find: (job) => works.get(job || "") || null,

    /** @param {Canvas | null} canvas the works of a document */
    of: (canvas) => fills.all().filter((work) => alike(work.canvas, canvas)),

    /** @param {Canvas | null} canvas what is under way for a document */
    running: (canvas) => fills.of(canvas).filter((work) => !work.over && (work.begun || !work.stopped)),

    /**
     * What to ask about layers that have come and are held: for this document, and for those that are closed.
     *
     * @param {Canvas | null} canvas
     * @returns {Offer[]}
     */
    offers(canvas) {
      const asked = fills.all().filter((one) => alike(one.canvas, canvas) || !one.canvas || !one.canvas.open());
      return asked.flatMap((one) => landing.offer(one) || []);
    },

    start,

    /**
     * Take over a work that waits at the bridge.
     *
     * @param {Work} work
     */
    adopt(work) {
      work.over = work.parted = false;
      work.begun = true;
      works.set(work.job, work);
      link().adopt(work.job);
    },

    /**
     * The bridge is back, and holds the jobs of `free` for whoever takes them: what was begun here goes on.
     *
     * @param {Set<string>} free
     */
    resume(free) {
      for (const work of fills.all()) {
        work.parted = false;
        if (free.has(work.job)) fills.adopt(work); // something of it is to come, or to be acknowledged
      }
    },

    /**
     * Stop what runs for a document. What the bridge does not know yet does not begin.
     *
     * @param {Canvas | null} canvas
     */
    cancel(canvas) {
      for (const work of fills.running(canvas)) fills.stop(work);
    },

    /** @param {Work} work */
    stop(work) {
      if (work.begun) link().cancel(work.job);
      work.stopped = true;
    },

    /**
     * The artist has decided about the layers of a job that are held; those to come have the same fate.
     *
     * @param {string} job
     * @param {string} word
     */
    answer(job, word) {
      const work = fills.find(job);
      if (!work) return;
      landing.answer(work, word);
      if (word === "discard" && !work.over) link().cancel(job);
    },

    /** Insert what was held, where it can be by now, and forget what nobody will ask about again. */
    tick() {
      for (const work of works.values()) {
        landing.retry(work);
        if (!isOpen(work)) keep.dropOrder(work.job);
      }
    },

    /**
     * The bridge is gone. What it has promised it will finish when it runs again; the rest has not happened. True where
     * anything was under way.
     */
    part() {
      const running = fills.all().filter((work) => work.begun && !work.over);
      for (const work of works.values()) {
        // What comes again has another number: an `ack` of this one would settle something else.
        for (const event of [...work.held.values(), ...work.coming]) event.message.n = 0;
      }
      for (const work of running) Object.assign(work, { over: true, parted: true, preview: null });
      return running.length > 0;
    },

    /**
     * Something was said of a work.
     *
     * @param {Work} work
     * @param {Event} event
     */
    hear(work, event) {
      const { message, picture, shape } = event;
      if (message.t === "accepted") {
        work.region = String(message.region);
        work.ahead = Number(message.ahead) || 0;
        if (work.ahead) work.phase = `Waits for ${work.ahead} other fill${work.ahead > 1 ? "s" : ""}`;
      } else if (message.t === "progress") {
        work.phase = doing(message);
        work.fraction = message.step / Math.max(1, message.steps);
        if (message.phase !== "queued") work.ahead = 0;
      } else if (message.t === "preview" && picture && shape) {
        const { width, height } = shape;
        work.preview = { width, height, channels: shape.channels === 4 ? 4 : 3, pixels: picture };
      } else if (message.t === "layer") {
        work.preview = null;
        landing.land(work, event);
      } else if (message.t === "done") {
        Object.assign(work, { over: true, preview: null });
        if (message.state !== "cancelled" && message.missing && message.missing.length) {
          say([...new Set(message.missing.map((/** @type {any} */ one) => String(one.text)))].join("\n"));
        }
        link().settle(event);
      } else if (message.t === "error" && !work.over) {
        work.over = message.re !== "fetch";
        if (!work.stopped) say(String(message.text)); // pixels were on their way to a job that was cancelled
      }
    },
  };
  return fills;
}

/**
 * True where nothing more can become of a work, and its tiles are not shown once another one began on `canvas`.
 *
 * @param {Work} work
 * @param {Canvas | null} canvas
 */
function spent(work, canvas) {
  const seen = work.canvas && work.canvas.open() && !alike(work.canvas, canvas);
  return !isOpen(work) && !seen;
}

/**
 * All that is wanted, in one turn; or what to ask about instead. Raises Refusal.
 *
 * @param {Work} work
 * @param {Canvas} canvas
 * @param {Want} want
 * @returns {Promise<{image: Uint8Array, mask: Uint8Array | null} | {ask: Ask, selected: Box | null}>}
 */
async function readNow(work, canvas, want) {
  const { ask, maskOf, spot } = work;
  const scene = await canvas.scene("all");
  if (!scene) throw refusal("job.lost", CLOSED);
  if (scene.trouble) throw refusal("job.lost", scene.trouble);
  for (const layer of [maskOf, spot.sample === "all" ? 0 : spot.anchor]) {
    if (layer && !(await canvas.has(layer))) throw refusal("job.lost", DELETED);
  }
  const layer = maskOf ? await canvas.maskOf(maskOf) : null;
  const painted = layer ? layer.box : scene.selection;
  if (ask.selection && !painted) throw refusal("job.lost", DESELECTED);
  const resized = scene.document.width !== ask.document.width || scene.document.height !== ask.document.height;
  if (work.was || resized || !same(painted, ask.selection)) {
    const here = (await canvas.scene(spot.sample)) || scene;
    return { ask: askAnew(work, here, layer && layer.box), selected: here.selection };
  }
  if (!want.image) throw refusal("internal", "The bridge wants to see no picture.");
  const { box } = want.image;
  const without = work.replaces ? [work.replaces] : [];
  const image = await canvas.read(box, ask.document.channels, ask.document.depth, spot, without);
  work.seen = box;
  if (!want.mask) return { image, mask: null };
  if (!layer) return { image, mask: await canvas.coverage(want.mask.box) };
  return { image, mask: layer.mask || new Uint8Array(layer.box[2] * layer.box[3]).fill(255) };
}

/**
 * The ask for the picture as it is now. A box of context was meant for the canvas of then.
 *
 * @param {Work} work
 * @param {Scene} scene
 * @param {Box | null} painted the box of the layer whose mask is painted
 * @returns {Ask}
 */
function askAnew(work, scene, painted) {
  let { recipe } = work.ask;
  if (Array.isArray(recipe.context)) recipe = { ...recipe, context: null };
  if (!painted) return asked(scene, recipe);
  return { document: scene.document, selection: painted, content: null, recipe: { ...recipe, blend: 0 } };
}
