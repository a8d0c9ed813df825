/** Fills of an earlier start that wait at the bridge: for which document, and what to ask the artist about them. */

/** @import { Ask, Canvas, Offer, Recipe, Scene } from "../seams.js" */
/** @import { Order } from "./kept.js" */
/** @import { Work } from "./works.js" */

import { alike } from "./sight.js";
import { makeWork } from "./works.js";

/** How many are offered at a time, the newest first. */
export const OFFERS = 3;

/** @type {[string, string]} */
const DISCARD = ["discard", "Discard"];
/** @type {Recipe} */
const ANY = { mode: "fill" };

/** @typedef {ReturnType<typeof makeWaiting>} Waiting */

/**
 * What the bridge last told of its jobs.
 *
 * @param {string} host what this guest calls its host to the bridge
 * @param {() => Promise<Canvas[]>} canvases the documents that are open
 * @param {() => number} now seconds since 1970
 */
export function makeWaiting(host, canvases, now) {
  /** @type {Map<string, Record<string, any>>} */
  let orphans = new Map();
  /** The open documents by their tags, as they were looked at last. */
  /** @type {Map<string, Canvas>} */
  let homes = new Map();
  let stopping = "";
  let turn = 0;

  /** @returns {Promise<Map<string, Canvas>>} */
  async function find() {
    const found = new Map();
    for (const canvas of await canvases()) {
      if (!canvas.open()) continue;
      const tag = await canvas.tag();
      if (!found.has(tag)) found.set(tag, canvas);
    }
    return found;
  }

  /** @param {Record<string, any>} one @returns {Canvas | null} */
  function home(one) {
    const canvas = homes.get(String(one.tag));
    return canvas && canvas.open() ? canvas : null;
  }

  /** @param {string} name true for this host, of whatever version */
  const isOurs = (name) => name === host || name.startsWith(`${host} `);

  return {
    /** True while it waits to hear which jobs there are to cancel. */
    get asking() {
      return stopping !== "";
    },

    /** @param {string} tag cancel what runs for this document, once the bridge has told what that is; "": do not */
    cancel(tag) {
      stopping = tag;
    },

    /**
     * The bridge told: the jobs to cancel, whoever began them.
     *
     * @param {Record<string, any>[]} jobs
     * @returns {string[]}
     */
    stopped(jobs) {
      const tag = stopping;
      stopping = "";
      return jobs.filter((one) => tag && one.tag === tag && one.state !== "done").map((one) => String(one.job));
    },

    /**
     * The bridge told: what to offer; not the jobs of `held`, since they are held here, nor another host's. Returns
     * those that need no question: their layers are in their document, and only the bridge does not know it.
     *
     * @param {Record<string, any>[]} jobs
     * @param {() => Set<string>} held
     * @returns {Promise<string[]>}
     */
    async told(jobs, held) {
      const mine = ++turn;
      const ours = jobs.filter((one) => one.orphan && isOurs(String(one.host)));
      const found = ours.length ? await find() : new Map();
      /** @type {string[]} */
      const landed = [];
      for (const one of ours) {
        const canvas = one.state === "done" ? found.get(String(one.tag)) : undefined;
        const results = canvas && canvas.open() ? await canvas.results() : null;
        if (results && (one.results || []).every((/** @type {any} */ name) => results.has(String(name)))) {
          landed.push(String(one.job));
        }
      }
      if (mine !== turn) return []; // the bridge has told something newer meanwhile
      homes = found;
      orphans = new Map(ours.map((one) => [String(one.job), one]));
      for (const job of held()) orphans.delete(job);
      return landed.filter((job) => orphans.has(job));
    },

    /** Look again which documents are open. */
    async look() {
      if (orphans.size) homes = await find();
    },

    /**
     * The artist has answered about a job: the work that it is from now on. null where it is not offered now.
     *
     * @param {string} job
     * @param {Order | null} order
     * @returns {Promise<Work | null>}
     */
    async take(job, order) {
      const one = orphans.get(job);
      if (!one) return null;
      orphans.delete(job);
      const canvas = home(one);
      if (!order) {
        const scene = canvas ? await canvas.scene("all") : null;
        return makeWork(canvas, { sample: "all", anchor: 0 }, unknown(one, scene), { job });
      }
      const { spot, document, selection, content, replaces, was } = order;
      const ask = { document, selection, content, recipe: ANY };
      return makeWork(canvas, spot, ask, { job, selected: selection, replaces, was });
    },

    /**
     * What to ask: fills of this document, then those of documents that are not open. Those of another one that is open
     * are offered when the artist turns to it.
     *
     * @param {Canvas | null} canvas
     * @returns {Offer[]}
     */
    offers(canvas) {
      const asked = [...orphans].map(([job, one]) => ({ job, one, owner: home(one) }));
      const here = asked.filter(({ owner }) => owner && (!canvas || alike(owner, canvas)));
      const nowhere = asked.filter(({ owner }) => !owner);
      return [...here, ...nowhere].slice(0, OFFERS).map(({ job, one, owner }) => {
        const fate = one.state === "done" ? "was finished" : "is still being painted";
        const prompt = String(one.prompt || "").split(/\s+/).filter(Boolean).join(" ");
        const words = Array.from(prompt).slice(0, 40).join("");
        const what = words ? `“${words}”` : String(one.mode || "fill");
        const which = owner ? "this document" : "a document that is not open";
        const text = `A fill of ${which} ${fate}: ${what}, ${ago(now() - (Number(one.at) || 0))}.`;
        /** @type {[string, string]} */
        const insert = owner ? ["insert", "Insert"] : ["open", "Open as a new document"];
        return { key: `waits ${job}`, text, answers: [insert, DISCARD] };
      });
    },
  };
}

/** @param {number} seconds */
function ago(seconds) {
  const minutes = Math.max(0, seconds) / 60;
  if (minutes < 2) return "a moment ago";
  if (minutes < 120) return `${minutes.toFixed(0)} minutes ago`;
  return minutes < 2880 ? `${(minutes / 60).toFixed(0)} hours ago` : `${(minutes / 1440).toFixed(0)} days ago`;
}

/**
 * What a fill of which nothing is remembered may have been asked with.
 *
 * @param {Record<string, any>} one
 * @param {Scene | null} scene
 * @returns {Ask}
 */
function unknown(one, scene) {
  if (scene) return { document: scene.document, selection: null, content: null, recipe: ANY };
  const document = { tag: String(one.tag), width: 1, height: 1, channels: /** @type {const} */ (4) };
  return { document: { ...document, depth: "u8" }, selection: [0, 0, 1, 1], content: null, recipe: ANY };
}
