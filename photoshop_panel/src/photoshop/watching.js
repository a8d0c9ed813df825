/**
 * When something may have changed. `historyStateChanged` alone tells of strokes, visibility, moves, transforms, deleted
 * layers and adjustments (probed live by SignagePrevizMaster); the others are documented in eventcodes.md. A catch-all
 * works in developer mode only.
 */

const EVENTS = ["historyStateChanged", "set", "select", "open", "close", "newDocument"];
/** Milliseconds of quiet before a look, and the longest that a look waits for quiet. */
const QUIET = 120;
const LONGEST = 350;

/**
 * @param {Photoshop} ps
 * @param {() => boolean} writing true while we have the turn
 * @param {() => number} own the history state that we left last
 * @param {() => number} now milliseconds
 * @param {(call: () => void, milliseconds: number) => number} later
 * @param {(timer: number) => void} never
 */
export function makeWatch({ app, action }, writing, own, now, later, never) {
  let look = () => {};
  let timer = 0;
  let since = 0;

  function due() {
    timer = 0;
    if (writing()) return soon();
    since = 0;
    look();
  }

  function soon() {
    since = since || now();
    if (timer) never(timer);
    timer = later(due, Math.max(0, Math.min(QUIET, since + LONGEST - now())) || (writing() ? QUIET : 0));
  }

  /**
   * @param {string} event
   * @param {PsAction} descriptor
   */
  function hear(event, descriptor) {
    if (event === "set" && descriptor?._target?.[0]?._property !== "selection") return;
    const { activeDocument } = app.documents.length ? app : { activeDocument: null };
    if (event === "historyStateChanged" && activeDocument?.activeHistoryState.id === own()) return; // our echo
    soon();
  }

  return {
    /** @param {() => void} call */
    watch(call) {
      look = call;
      void action.addNotificationListener(EVENTS, hear);
    },
  };
}
