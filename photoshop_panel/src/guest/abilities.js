/** What the bridge can paint, as the panel needs it: lists to choose from, and reasons for what is greyed. */

/** @import { Choice, Fields, Message } from "../seams.js" */

/** What a recipe calls the fill that needs no model. */
export const BUILT_IN = "classical";
const NO_MODEL = "Choose or install a model (in a terminal: sfumato models).";

/** @typedef {ReturnType<typeof makeAbilities>} Abilities */

/** Nothing, while the bridge has not answered yet. */
export function makeAbilities() {
  /** @type {Message[]} */
  let parts = [];
  /** @type {Map<string, any>} */
  let engines = new Map();
  /** @type {Map<string, any>} */
  let models = new Map();
  /** @type {any[]} */
  let loras = [];
  /** @type {Record<string, any>} */
  let device = {};
  let known = false;

  /** True where models are there and what runs them is installed. */
  const usable = () => models.size > 0 && engines.size > 1;
  /** True where the sample model is the only one. */
  const sample = () => [...models.values()].every((one) => one.family === "sample");
  /** @param {string | null} model */
  const family = (model) => String(models.get(model || "")?.family || "").replace(/-few$/, "");

  const abilities = {
    /** True once the bridge has answered. */
    get known() {
      return known;
    },

    /** The device, as the bridge tells of it: name, memory and free in bytes. */
    get device() {
      return device;
    },

    /**
     * A part of an answer has come. True once it is whole: until then the one before counts.
     *
     * @param {Message} part
     */
    hear(part) {
      parts = !part.part || part.part === 1 ? [part] : [...parts, part];
      if (parts.length < (part.parts || 1)) return false;
      /** @param {string} name @returns {any[]} */
      const all = (name) => parts.flatMap((one) => one[name] || []);
      engines = new Map(all("engines").map((one) => [String(one.name), one]));
      models = new Map(all("models").map((one) => [String(one.id), one]));
      loras = all("loras");
      device = parts.map((one) => one.device).find((one) => one) || {};
      known = true;
      return true;
    },

    /**
     * What can be chosen, the bridge's own choice first.
     *
     * @returns {Choice[]}
     */
    models() {
      if (!usable()) return [{ id: null, title: "Built-in fill", why: "" }];
      const found = [...models].map(([id, one]) => ({ id, title: String(one.name || id), why: tight(one) }));
      found.sort((one, other) => order(one.title, other.title));
      const own = { id: null, title: "Automatic", why: "" };
      return [own, { id: BUILT_IN, title: "Built-in fill", why: "" }, ...found];
    },

    /**
     * All LoRAs; those of another family than the chosen model's say so.
     *
     * @param {Fields} fields
     * @returns {Choice[]}
     */
    loras(fields) {
      const ours = family(fields.model);
      return loras.map((one) => {
        const theirs = String(one.family || "").replace(/-few$/, "");
        const why = ours && theirs !== ours ? `It is made for ${theirs}, and the model is ${ours}.` : "";
        return { id: String(one.id), title: String(one.name), why };
      });
    },

    /**
     * True where this model can be chosen, or nothing is known yet.
     *
     * @param {string | null} model
     */
    has(model) {
      return !known || model === null || model === BUILT_IN || models.has(model);
    },

    /**
     * True where the built-in fill is what paints.
     *
     * @param {{model: string | null}} chosen
     */
    builtIn(chosen) {
      return chosen.model === BUILT_IN || !usable();
    },

    /**
     * The fields as they count: the built-in fill cannot refine, wherever the slider stands.
     *
     * @param {Fields} fields
     * @returns {Fields}
     */
    meant(fields) {
      return "strength" in abilities.greyed(fields) ? { ...fields, strength: 100 } : fields;
    },

    /**
     * Why the chosen model cannot do this; empty where it can, or where nothing is known yet.
     *
     * @param {string} mode
     * @param {Fields} fields
     */
    whyNot(mode, fields) {
      if (!known || mode !== "detail") return "";
      if (abilities.builtIn(fields)) return `The built-in fill copies texture and cannot sharpen. ${NO_MODEL}`;
      return sample() ? `The sample model cannot sharpen. ${NO_MODEL}` : "";
    },

    /**
     * Which fields do nothing with the chosen model, and why.
     *
     * @param {{model: string | null}} chosen
     * @returns {Record<string, string>}
     */
    greyed(chosen) {
      if (!known) return {};
      if (!abilities.builtIn(chosen)) return { source: "Only the built-in fill copies from the picture." };
      const other = `The built-in fill has no such setting. ${NO_MODEL}`;
      return {
        prompt: `The built-in fill reads no prompt: it continues what surrounds the selection. ${NO_MODEL}`,
        strength: `The built-in fill replaces what is there; it cannot refine it. ${NO_MODEL}`,
        negative: other,
        steps: other,
        guidance: other,
        loras: other,
        context: other,
      };
    },

    /** Who paints, on what: `Built-in fill, no model installed · CPU`. */
    status() {
      if (!known) return "";
      const some = sample() ? "Sample model" : `${models.size} model${models.size > 1 ? "s" : ""}`;
      const who = usable() ? some : "Built-in fill, no model installed";
      return abilities.machine() ? `${who} · ${abilities.machine()}` : who;
    },

    /** What it paints on: `CPU`, `NVIDIA RTX 4070`; empty where that is told once something was painted. */
    machine() {
      const name = String(device.name || "");
      return { cpu: "CPU", auto: "" }[name] ?? name;
    },
  };
  return abilities;
}

/** @param {Record<string, any>} model */
function tight(model) {
  return model.fits === false ? "It may not fit this machine's memory." : "";
}

/** @param {string} one @param {string} other */
function order(one, other) {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}
