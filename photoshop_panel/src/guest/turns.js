/** Who waits for whom: gestures one after the other, looks never in a pile. */

/**
 * Work that is done one after the other. Errors are told, and the next one is done.
 *
 * @param {(why: unknown) => void} fail
 */
export function makeQueue(fail) {
  let last = Promise.resolve();
  let count = 0;
  return {
    /** How many are not done. */
    get length() {
      return count;
    },

    /** Resolves once all that was added so far is done. */
    quiet: () => last,

    /** @param {() => Promise<void>} work */
    add(work) {
      count += 1;
      last = last.then(work).catch(fail).then(() => {
        count -= 1;
      });
    },
  };
}

/**
 * The same work, never twice at a time: what is asked for while it runs is done once more after it, all in one.
 * The promise is that of a run that began after it was asked for.
 *
 * @param {() => Promise<void>} work
 * @returns {() => Promise<void>}
 */
export function coalesced(work) {
  /** @type {Promise<void> | null} */
  let running = null;
  /** @type {Promise<void> | null} */
  let next = null;

  /** @returns {Promise<void>} */
  function run() {
    running = work().finally(() => {
      running = null;
    });
    return running;
  }

  return () => {
    if (!running) return run();
    if (!next) {
      const after = () => {
        next = null;
        return run();
      };
      next = running.then(after, after);
    }
    return next;
  };
}
