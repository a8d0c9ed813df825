/** The plan line: what the bridge would do, asked anew whenever that may have changed, one question at a time. */

/** @import { Ask, Fields, Link, Message, Mode, Scene } from "../seams.js" */

import { asked as askedOf, recipeOf } from "./gestures.js";
import { newJob, same, words } from "./values.js";

/** @typedef {ReturnType<typeof makePlanning>} Planning */

/**
 * The last answer, and the question that is on its way.
 *
 * @param {() => Link} link
 */
export function makePlanning(link) {
  /** @type {{job: string, ask: Ask} | null} */
  let asked = null;
  /** @type {Ask | null} */
  let answered = null;
  /** @param {string} text @param {string[]} notes @param {string} refused */
  const say = (text, notes, refused) => Object.assign(planning, { text, notes, refused });

  const planning = {
    /** `1024 × 1024 px, 80 % of full resolution, about 4 s`. */
    text: "",
    /** Sentences for the artist. */
    notes: /** @type {string[]} */ ([]),
    /** Why the bridge would not do it; empty where it would. */
    refused: "",

    /**
     * Ask what the one button would do, unless the answer is known. No word of a prompt changes a plan, no seed does.
     *
     * @param {Mode} mode
     * @param {Scene} scene
     * @param {Fields} fields
     */
    ask(mode, scene, fields) {
      const spoken = { ...fields, prompt: fields.prompt.trim() ? "x" : "", negative: "", locked: false };
      let ask;
      try {
        ask = askedOf(scene, recipeOf(mode, spoken));
      } catch (why) {
        answered = null;
        say("", [], words(why));
        return;
      }
      if (asked || same(ask, answered)) return;
      asked = { job: newJob(), ask };
      link().begin(asked.job, ask, null, { dry: true });
    },

    /**
     * The bridge said something. True where it was the answer.
     *
     * @param {Message} message
     */
    answer(message) {
      if (!asked || message.job !== asked.job || (message.t !== "want" && message.t !== "error")) return false;
      answered = asked.ask;
      asked = null;
      if (message.t === "error") say("", [], String(message.text));
      else say(String(message.plan?.text || ""), (message.plan?.notes || []).map(String), "");
      return true;
    },

    /** The bridge is another one, or can paint something else: what it said is not known to hold. */
    forget() {
      asked = answered = null;
    },
  };
  return planning;
}
