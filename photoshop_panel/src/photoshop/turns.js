/**
 * Turns: moments in which Photoshop is ours and the artist changes nothing. One at a time, each as short as it can be.
 *
 * Reads need one, too: imaging.getPixels outside of a modal scope is refused (reported of Photoshop 2026 and 27.9.1).
 * While the artist is in a dialog, in a transform or in the middle of a stroke, or while another plug-in has its turn,
 * executeAsModal fails with error 9: then it is tried again for as long as it takes, and nothing is dropped.
 */
import { BUSY, CLOSED, refusal } from "./refusals.js";

const FIRST = 150;
const LONGEST = 2000;

/**
 * True where an error says that somebody else has the turn.
 *
 * @param {any} error what executeAsModal failed with before it called us
 */
export function isBusy(error) {
  // The number is documented (executeasmodal.md); the text is only asked where an error comes without a number.
  return error?.number === 9 || (error?.number === undefined && /modal (state|command)/i.test(String(error?.message)));
}

/**
 * @param {Photoshop["core"]} core
 * @param {(milliseconds: number) => Promise<void>} pause
 */
export function makeTurns(core, pause) {
  let tail = Promise.resolve();
  let inside = 0;
  let tell = (/** @type {string} */ _text) => {};

  /**
   * @template T
   * @param {string} name shown where it takes more than two seconds
   * @param {(context: PsContext) => Promise<T>} act
   * @param {() => boolean} going false: it is not wanted any more
   * @returns {Promise<T>}
   */
  async function enter(name, act, going) {
    let told = false;
    try {
      for (let wait = FIRST; ; wait = Math.min(2 * wait, LONGEST)) {
        if (!going()) throw refusal("job.lost", CLOSED);
        /** @type {{ value: T } | { error: unknown } | null} */
        let outcome = null;
        const turn = async (/** @type {PsContext} */ context) => {
          if (told) tell("");
          told = false;
          inside++;
          try {
            outcome = { value: await act(context) };
          } catch (error) {
            outcome = { error };
            throw error; // Photoshop rolls back what is suspended
          } finally {
            inside--;
          }
        };
        // What comes back through Photoshop may be another object: value and error are handed on by ourselves.
        const failed = await core.executeAsModal(turn, { commandName: name }).then(
          () => null,
          (error) => ({ error }),
        );
        const ended = /** @type {{ value: T } | { error: unknown } | null} */ (outcome);
        if (ended && "error" in ended) throw ended.error;
        if (ended && !failed) return ended.value;
        if (failed && (ended || !isBusy(failed.error))) throw failed.error;
        if (!told) tell(BUSY);
        told = true;
        await pause(wait);
      }
    } finally {
      if (told) tell("");
    }
  }

  return {
    /** True while we have the turn. */
    get inside() {
      return inside > 0;
    },
    /** Call this with a sentence while Photoshop lets nobody in, and with "" when it does again. */
    waits(/** @type {(text: string) => void} */ wait) {
      tell = wait;
    },
    /**
     * Do something in a turn of its own, after those that were asked for before.
     *
     * @template T
     * @param {string} name
     * @param {(context: PsContext) => Promise<T>} act
     * @param {() => boolean} going
     * @returns {Promise<T>}
     */
    take(name, act, going) {
      const done = tail.then(() => enter(name, act, going));
      tail = done.then(
        () => {},
        () => {},
      );
      return done;
    },
  };
}

/** @typedef {ReturnType<typeof makeTurns>} Turns */

/**
 * Do something as one undo step, or not at all.
 *
 * @template T
 * @param {PsContext} context
 * @param {number} id the document
 * @param {string} name of the undo step
 * @param {(milliseconds: number) => Promise<void>} pause
 * @param {() => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function oneStep(context, id, name, pause, act) {
  const { hostControl } = context;
  const suspended = await hostControl.suspendHistory({ documentID: id, name });
  try {
    const value = await act();
    // sd-ppp reports that what was done in the same tick as resumeHistory becomes an undo step of its own.
    await pause(20);
    await hostControl.resumeHistory(suspended, true);
    return value;
  } catch (error) {
    // Photoshop rolls back itself where a turn fails (executeasmodal.md): this only makes it sooner.
    await hostControl.resumeHistory(suspended, false).catch(() => {});
    throw error;
  }
}
