/** What the guest's state looks like in words: labels, reasons, sentences. Pure. */

/** @import { Fields, Message, Mode, Offer, Remembered, Scene } from "../seams.js" */
/** @import { Abilities } from "./abilities.js" */
/** @import { Hand } from "./sight.js" */

import { whyNot } from "./gestures.js";
import { goesOn } from "./sight.js";

export const NOTHING_OPEN = "No document is open.";
export const NONE_OF_OURS = "The selected layer is none that Sfumato made: select one first.";
export const CHANGED = "The picture has changed since: the layer is made again from the picture as it was then.";

export const LOST = "What was being painted is gone with the panel's key: fill again once it is paired.";

/** What a link says of itself where it gives no sentence. */
/** @type {Record<string, string>} */
export const STATES = { calling: "Calling the bridge.", away: "The bridge is away; coming back to it." };

/** @type {Offer} */
export const EDITING = {
  key: "editing",
  text: "The settings of a layer are in the fields: what you fill now replaces it.",
  answers: [["stop", "Stop"]],
};

/** @type {Record<string, string>} */
const PHASES = {
  queued: "Waits",
  loading: "Loading the model",
  encoding: "Reading the picture",
  painting: "Painting",
  decoding: "Making pixels",
  finishing: "Finishing the edge",
};

/**
 * `Painting 12 of 30, about 4 s left`, of a `progress`.
 *
 * @param {Message} progress
 */
export function doing(progress) {
  let words = PHASES[progress.phase] ?? String(progress.phase);
  if (progress.phase === "painting" && progress.steps > 1) words += ` ${progress.step} of ${progress.steps}`;
  const left = progress.seconds_left;
  return typeof left === "number" && left >= 1 ? `${words}, about ${left.toFixed(0)} s left` : words;
}

/**
 * Why this cannot be done now; empty where it can.
 *
 * @param {Mode} mode
 * @param {Scene | null} scene
 * @param {Fields} fields
 * @param {Abilities} abilities
 */
export function reason(mode, scene, fields, abilities) {
  if (!scene) return NOTHING_OPEN;
  return whyNot(mode, scene, goesOn(scene)) || abilities.whyNot(mode, fields);
}

/**
 * Why another model stands in the fields than the layer's own.
 *
 * @param {string | null} model
 */
export function modelGone(model) {
  return `Its model “${model}” is not installed any more: another one stands in the fields now.`;
}

/**
 * What can be done with the layer at hand, where there is one.
 *
 * @param {Hand | null} hand
 * @param {Scene | null} scene
 * @param {Abilities} abilities
 * @param {Fields} fields
 * @returns {Remembered | null}
 */
export function remembered(hand, scene, abilities, fields) {
  if (!hand || !scene) return null;
  const why = whyNot("fill", scene);
  const own = abilities.greyed({ model: hand.memory.recipe.model ?? null }).strength || "";
  const chosen = abilities.greyed(fields).strength || "";
  return {
    name: hand.name,
    again: { label: "Again", why },
    vary: { label: "Vary", why: why || own },
    refine: { label: "Refine", why: why || chosen },
    edit: { label: "Edit settings", why },
  };
}

/**
 * What is asked about the document itself, before anything is painted.
 *
 * @param {Scene | null} scene
 * @param {boolean} editing
 * @returns {Offer[]}
 */
export function questions(scene, editing) {
  /** @type {Offer[]} */
  const asked = editing && scene ? [EDITING] : [];
  if (scene && (scene.kind === "indexed" || scene.kind === "gray")) {
    const text = {
      indexed: "This document is indexed: it has no room for new colours. Convert it to RGB?",
      gray: "This document is grayscale, and a fill will be, too. Convert it to RGB for a fill in colour?",
    }[scene.kind];
    asked.push({ key: "convert", text, answers: [["convert", "Convert to RGB"]] });
  }
  return asked;
}
