/** What the guest remembers between two starts: the fields, the prompts, the fills under way. */

/** @import { Fields, Host } from "../seams.js" */
/** @import { Order } from "./kept.js" */

import { JOBS, PROMPTS, keptIn, keptText } from "./kept.js";

/** The name of its text in the host's store. */
export const NAME = "sfumato";
/** Seconds that may pass before a change of the fields is written. */
export const LAZY = 1;

/** Seconds since 1970, and work to be done in so many seconds. */
/** @typedef {{now(): number, later(work: () => void, seconds: number): void}} Clock */
/** @typedef {ReturnType<typeof makeKeep>} Keep */

/**
 * A small text in the host's store. Several panels may share it: each writes over only what it changed. Orders are
 * written at once, the rest when `save` is called, or within a second.
 *
 * @param {Host["store"]} store
 * @param {Clock} clock
 */
export function makeKeep(store, clock) {
  const kept = keptIn(read());
  let { fields, prompts, orders } = kept;
  /** @type {Set<"fields" | "prompts" | "orders">} */
  const changed = new Set();
  /** @type {Set<string>} */
  const dropped = new Set();
  let due = false;

  /** @returns {string | null} */
  function read() {
    try {
      return store.get(NAME);
    } catch {
      return null; // a browser may keep nothing for a page
    }
  }

  /** @param {"fields" | "prompts" | "orders"} what */
  function touch(what) {
    changed.add(what);
    if (due) return;
    due = true;
    clock.later(() => {
      due = false;
      save();
    }, LAZY);
  }

  function save() {
    if (!changed.size) return;
    const theirs = keptIn(read());
    const mine = changed.has("prompts") ? prompts : [];
    prompts = [...theirs.prompts.filter((one) => !mine.includes(one)), ...mine].slice(-PROMPTS);
    const all = [...new Map([...theirs.orders, ...orders])];
    orders = new Map(all.filter(([job]) => !dropped.has(job)).slice(-JOBS));
    const newest = changed.has("fields") ? fields : theirs.fields;
    changed.clear();
    try {
      store.set(NAME, keptText({ fields: newest, prompts, orders }));
    } catch {
      // a full store costs nothing but the memory
    }
  }

  return {
    /** The fields as they are now. */
    get fields() {
      return fields;
    },

    /** Prompts that were used, the newest last. */
    get prompts() {
      return prompts;
    },

    /** @param {Fields} given the fields as they are now */
    setFields(given) {
      fields = given;
      touch("fields");
    },

    /**
     * A prompt was used: it is the newest now.
     *
     * @param {string} prompt
     */
    addPrompt(prompt) {
      if (!prompt) return;
      prompts = [...prompts.filter((one) => one !== prompt), prompt].slice(-PROMPTS);
      touch("prompts");
    },

    /**
     * What a fill was to do, also when the host was ended before its layers came; null where nothing is known of it.
     *
     * @param {string} job
     * @returns {Order | null}
     */
    order(job) {
      return orders.get(job) || null;
    },

    /**
     * A fill begins.
     *
     * @param {string} job
     * @param {Order} order
     */
    setOrder(job, order) {
      orders.set(job, order);
      changed.add("orders");
      save();
    },

    /**
     * A fill is over, and its layers are where they belong.
     *
     * @param {string} job
     */
    dropOrder(job) {
      if (!orders.delete(job)) return;
      dropped.add(job);
      touch("orders");
    },

    /** Write what has changed. */
    save,
  };
}
