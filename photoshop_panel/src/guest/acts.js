/** What the artist does: from a gesture to a fill. Gestures are done one after the other, each as it was made. */

/** @import { Act, Canvas, Fields, Host, Link, Mode, Recipe, Scene } from "../seams.js" */
/** @import { Abilities } from "./abilities.js" */
/** @import { Fills } from "./fills.js" */
/** @import { Keep } from "./keep.js" */
/** @import { Now } from "./now.js" */
/** @import { Sighted } from "./sight.js" */
/** @import { Waiting } from "./waiting.js" */
/** @import { Work } from "./works.js" */

import * as gestures from "./gestures.js";
import { drawSeed, isThere } from "./now.js";
import { CHANGED, NONE_OF_OURS, NOTHING_OPEN, modelGone, reason } from "./showing.js";
import { changed, handOf, look, modeBefore } from "./sight.js";
import * as starts from "./starts.js";
import { makeQueue } from "./turns.js";
import { same, words } from "./values.js";
import { decide, layersOf } from "./works.js";

/**
 * A gesture as it was made: by these fields, in this document, after so many cancels.
 *
 * @typedef {{fields: Fields, canvas: Promise<Canvas | null>, stops: number}} Pressed
 */

/**
 * What acts need of the rooms around them. `refresh` looks anew, `plan` asks for the plan and renders.
 *
 * @typedef {{
 *   host: Host, link: () => Link, keep: Keep, abilities: Abilities, fills: Fills, waiting: Waiting,
 *   refresh: () => Promise<void>, plan: () => void, render: () => void,
 * }} Rooms
 */

/**
 * `act` is all of `Act`, and what only a menu or a key can do; `take` is for what needs no answer of the artist.
 *
 * @param {Now} now
 * @param {Rooms} rooms
 */
export function makeActs(now, { host, link, keep, abilities, fills, waiting, refresh, plan, render }) {
  const queue = makeQueue((why) => say(words(why)));

  /** @param {string} text */
  function say(text) {
    now.error = text;
  }

  /**
   * The artist does something: in the document and by the fields of this very moment, once what they did before is
   * done.
   *
   * @param {(seen: Sighted, pressed: Pressed) => Promise<void>} doing
   */
  function gesture(doing) {
    now.typed = false;
    const pressed = { fields: now.fields, stops: now.stops, canvas: host.active().catch(() => null) };
    link().call();
    queue.add(async () => {
      try {
        await doing(await look(await pressed.canvas, pressed.fields.sample), pressed);
      } finally {
        void refresh();
      }
    });
  }

  /**
   * Begin a fill; say why where that cannot be done.
   *
   * @param {Mode} mode
   * @param {Sighted} seen
   * @param {Pressed} pressed
   * @param {(canvas: Canvas, scene: Scene) => Work | Promise<Work>} make
   */
  async function begin(mode, { canvas, scene }, pressed, make) {
    const why = reason(mode, scene, pressed.fields, abilities);
    say(why);
    if (!canvas || !scene || why) return;
    const work = await make(canvas, scene);
    if (pressed.stops === now.stops) await fills.start(work); // else it was cancelled before it began
  }

  /**
   * Fill what the artist has before them, by the fields; as the one button says, where no mode is given.
   *
   * @param {Sighted} seen
   * @param {Pressed} pressed
   * @param {Mode} [mode]
   */
  async function fill(seen, pressed, mode) {
    const meant = abilities.meant(pressed.fields);
    const wanted = mode || modeBefore(seen.scene, meant);
    await begin(wanted, seen, pressed, async (canvas, scene) => {
      const { editing } = now;
      const edited = editing && (await isThere(editing, canvas)) ? editing.layer : 0;
      const work = starts.filled(canvas, scene, wanted, meant, edited);
      if (now.editing === editing) now.editing = null;
      return work;
    });
  }

  /**
   * The layer at hand, with a sentence where there is none.
   *
   * @param {Sighted} seen
   */
  async function ours(seen) {
    const hand = await handOf(seen, fills.of(seen.canvas));
    if (!hand) say(seen.scene ? NONE_OF_OURS : NOTHING_OPEN);
    return hand;
  }

  /**
   * Paint the area of the layer at hand anew, by a recipe made of its own.
   *
   * @param {(recipe: Recipe, by: Fields) => Recipe} recipe
   */
  function repaint(recipe) {
    gesture(async (seen, pressed) => {
      const hand = await ours(seen);
      if (!hand) return;
      await begin("fill", seen, pressed, (canvas, scene) =>
        starts.repainted(canvas, scene, hand, recipe(hand.memory.recipe, pressed.fields)),
      );
    });
  }

  /**
   * A fill of an earlier start goes on here, as the artist decided.
   *
   * @param {string} job
   * @param {string} word
   */
  async function take(job, word) {
    const work = await waiting.take(job, keep.order(job));
    if (!work) return;
    decide(work, word);
    fills.adopt(work);
    if (word === "discard") link().cancel(job);
  }

  /** @satisfies {Act & Record<string, unknown>} */
  const act = {
    /** @param {Fields} given */
    edit(given) {
      const before = now.fields;
      now.fields = given;
      now.typed = true;
      keep.setFields(given);
      plan();
      if (given.sample !== before.sample) void refresh();
    },

    go: () => gesture((seen, pressed) => fill(seen, pressed)),
    remove: () => gesture((seen, pressed) => fill(seen, pressed, "remove")),
    detail: () => gesture((seen, pressed) => fill(seen, pressed, "detail")),
    /** Let the picture go on where the canvas is empty. */
    expand: () => gesture((seen, pressed) => fill(seen, pressed, "expand")),

    /** Stop what runs for the document that is shown, and what has not begun yet. */
    cancel() {
      now.stops += 1;
      fills.cancel(now.sighted.canvas);
      render();
    },

    /** Stop what runs for the document that the artist works on, whoever began it. */
    cancelAll() {
      now.stops += 1;
      gesture(async ({ canvas }) => {
        if (!canvas) return;
        fills.cancel(canvas);
        waiting.cancel(await canvas.tag());
        link().askJobs();
      });
    },

    /** The layer at hand once more, with another seed; the last settings once more where there is none of ours. */
    again() {
      gesture(async (seen, pressed) => {
        const hand = await handOf(seen, fills.of(seen.canvas));
        if (!hand) return fill(seen, pressed);
        await begin("fill", seen, pressed, async (canvas, scene) => {
          say((await changed(seen, hand)) ? CHANGED : "");
          return starts.again(canvas, scene, hand, pressed.fields);
        });
      });
    },

    /** Relatives of the layer at hand: repainted from itself, with its own prompt. */
    vary: () => repaint((recipe) => gestures.vary(recipe)),
    /** Repaint the area of the layer at hand by the fields, keeping some of what is there. */
    refine: () => repaint((recipe, by) => gestures.refine(recipe, by)),

    /** The layer's recipe into the fields, its mask as the selection. What was typed meanwhile stays. */
    editSettings() {
      gesture(async (seen, pressed) => {
        const hand = await ours(seen);
        if (!hand || !seen.canvas) return;
        await seen.canvas.selectMask(hand.layer);
        now.editing = { canvas: seen.canvas, layer: hand.layer };
        /** @type {Record<string, any>} */
        const wanted = gestures.fieldsOf(hand.memory, now.fields);
        const gone = !abilities.has(wanted.model);
        say(gone ? modelGone(wanted.model) : "");
        if (gone) wanted.model = null;
        for (const [name, value] of Object.entries(now.fields)) {
          const drawn = name === "seed" && !now.fields.locked; // by no artist
          if (!drawn && !same(value, pressed.fields[/** @type {keyof Fields} */ (name)])) wanted[name] = value;
        }
        now.fields = /** @type {Fields} */ (wanted);
        keep.setFields(now.fields);
      });
    },

    /**
     * Show this variation, and hide its siblings; of several in a row the last one counts.
     *
     * @param {string} key
     */
    choose(key) {
      const work = fills.all().find((one) => one.landed.get(key)?.put);
      const put = work && work.landed.get(key)?.put;
      if (!work || !put || !work.canvas) return;
      const { canvas } = work;
      work.shown = key;
      drawSeed(now, work);
      render();
      queue.add(async () => {
        if (work.shown === key && canvas.open() && (await canvas.has(put.layer))) {
          await canvas.showOnly(put.layer, layersOf(work));
        }
        void refresh();
      });
    },

    /** @param {string} key @param {string} word */
    answer(key, word) {
      const [kind, job = ""] = key.split(" ");
      if (kind === "convert") {
        gesture(async ({ canvas }) => {
          if (canvas) await canvas.convert();
        });
      } else if (kind === "editing") {
        now.editing = null;
      } else if (kind === "held") {
        fills.answer(job, word);
      } else if (kind === "waits") {
        queue.add(() => take(job, word));
      }
      void refresh();
    },

    /** @param {string} text what was pasted into the pairing field */
    pair(text) {
      say("");
      render();
      link()
        .pair(text)
        .catch((why) => {
          say(words(why));
          render();
        });
    },

  };
  return { act, take, /** True while no gesture is under way. */ still: () => !queue.length };
}
