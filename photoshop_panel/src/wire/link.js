/** @import { Link, LinkOptions, LinkState, Refusal } from "../seams.js" */
/** @import { Clock } from "./connection.js" */
/** @import { Introduction, Key, Welcomed } from "./handshake.js" */
import { fillOf } from "./asks.js";
import { connect } from "./connection.js";
import { Errands } from "./errands.js";
import { introduce, introduceByPairing } from "./handshake.js";
import { NONCE, PORT } from "./limits.js";
import { readPairing } from "./pairing.js";
import { refuse } from "./refusal.js";

/** @template T @typedef {ReturnType<typeof connect<T>>} Line */

/** Milliseconds for which it comes back after a cut, and to a bridge that hangs up before the handshake is over. */
const RETURNING = 60_000;
const OPENING = 5_000;
/** Between two tries after a cut, at first and at last. */
const SOON = 50;
const LATER = 1_000;
/** Between two quiet tries to reach a bridge that is gone. */
const AGAIN = 3_000;

const AWAY = "The bridge is away; coming back to it.";
const UNPAIRED = "Run sfumato pair in a terminal and paste what it prints.";
const REVOKED = `The bridge does not know this panel any more. ${UNPAIRED}`;

/** @type {Clock} */
const CLOCK = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const id = setTimeout(call, milliseconds);
    return () => clearTimeout(id);
  },
};

/**
 * The conversation with the bridge over as many connections as it takes. It dials at once. `hear` and `state` are
 * called one after the other, never while a method of the link is under way.
 *
 * A session is kept while the bridge is "away". With "closed" and "unpaired" it ends: whatever was asked until that is
 * heard was asked in vain, and the bridge offers what it finished to whoever takes it (`askJobs`, `adopt`). What is
 * asked after that makes the link try at once, and is said if there is a bridge; else "closed" is told again.
 *
 * @param {LinkOptions} options
 * @param {Clock} [clock]
 * @returns {Link}
 */
export function makeLink(options, clock = CLOCK) {
  let { port } = options;
  /** @type {Key | null} */
  let known = null;
  /** @type {Uint8Array | null} */
  let session = null;
  /** The conversation that is open, or was last. @type {Line<any> | null} */
  let line = null;
  /** Every connection that has not ended. @type {Set<Line<any>>} */
  const lines = new Set();
  let ended = false;
  let gestured = false;
  /** @type {(() => void) | null} */
  let wake = null;
  /** @type {[LinkState, string]} */
  let shown = ["calling", ""];

  /** @type {(() => void)[]} */
  const posted = [];
  const errands = new Errands(
    () => (line?.alive ? line.outbox : null),
    (event) => post(() => options.hear(event)),
  );

  // ---- what is told -------------------------------------------------------------------------------------------------

  /** Call something soon, in order. @param {() => void} call */
  function post(call) {
    posted.push(call);
    if (posted.length === 1) Promise.resolve().then(deliver);
  }

  function deliver() {
    while (posted.length) {
      try {
        if (!ended) posted[0]();
      } catch (why) {
        clock.after(0, () => {
          throw why; // a listener's fault is seen, and costs no other event
        });
      }
      posted.shift();
    }
  }

  /** @param {LinkState} state @param {string} text */
  function tell(state, text) {
    post(() => {
      shown = [state, text];
      options.state(state, text);
    });
  }

  /**
   * There is no bridge to talk to.
   *
   * @param {LinkState} state
   * @param {string} text
   * @returns {Promise<void>} once it was heard
   */
  function giveUp(state, text) {
    return new Promise((resolve) => {
      post(() => {
        errands.drop();
        gestured = false;
      });
      tell(state, text);
      post(resolve);
    });
  }

  /** @param {Welcomed} welcome */
  function apart({ version }) {
    if (version === options.about.version) return "";
    const text = `This panel is ${options.about.version} and the bridge ${version}: `;
    return `${text}run sfumato install photoshop again and restart Photoshop, or reload this page.`;
  }

  // ---- reaching the bridge ------------------------------------------------------------------------------------------

  /**
   * Dial the hosts in turn. Returns the line once it is open; throws a Refusal.
   *
   * @template T
   * @param {number} at the port
   * @param {() => Introduction<T>} introduction
   * @param {(line: Line<T>, result: T) => void} opened
   */
  async function dial(at, introduction, opened) {
    const ends = [];
    for (const host of options.hosts) {
      if (ended) throw closed();
      /** @type {Line<T>} */
      const one = connect({
        socket: options.socket,
        host,
        port: at,
        introduction: introduction(),
        clock,
        opened: (result) => opened(one, result),
        heard: (said) => errands.hear(said),
      });
      lines.add(one);
      one.ended.then(() => lines.delete(one));
      const end = await one.result;
      if (!end) return one;
      if (end.how === "cut" || end.how === "refused") throw end.why;
      ends.push(end);
    }
    throw (ends.find(({ how }) => how === "nobody") ?? ends[0]).why;
  }

  /** The conversation is open: ask again for all that is. @param {Line<Welcomed>} one @param {Welcomed} welcome */
  function begun(one, welcome) {
    line = one;
    session = welcome.session;
    gestured = false;
    errands.reopen(welcome.resumed);
    tell("open", apart(welcome));
  }

  /** Open a conversation, again and again while that is cut short, or while a session waits. Throws a Refusal. */
  async function reach() {
    const patience = session ? RETURNING : OPENING;
    const until = clock.now() + patience;
    for (let pause = SOON; ; pause = Math.min(LATER, 2 * pause)) {
      const key = await theKey();
      try {
        if (!key) throw refuse("auth.key", UNPAIRED);
        return await dial(port, () => introduce(key, options.about, port, session), begun);
      } catch (reason) {
        const why = /** @type {Refusal} */ (reason);
        if (why.code === "auth.key" && known !== key) continue; // paired anew meanwhile
        if (why.code === "auth.key") await forget();
        if (ended || why.retry === "never" || (why.retry === "later" && !session)) throw why;
        if (clock.now() > until) throw session ? gone(why) : why;
        await nap(pause);
      }
    }
  }

  async function run() {
    for (let loud = true; !ended; ) {
      const why = await converse().catch((reason) => /** @type {Refusal} */ (reason));
      line = null;
      if (ended) return;
      if (!why) {
        tell("away", AWAY);
        continue;
      }
      session = null;
      const state = why.code === "auth.key" ? "unpaired" : "closed";
      const text = state === "closed" || why.message === UNPAIRED ? why.message : REVOKED;
      // The clock's own tries are silent while nothing changes.
      if (loud || shown[0] !== state || shown[1] !== text) await giveUp(state, text);
      if (!gestured) await nap(state === "closed" ? AGAIN : Infinity);
      loud = gestured;
      gestured = false;
    }
  }

  /** One connection from its first try to its end: null where it was cut, else why coming back is of no use. */
  async function converse() {
    const { how, why } = await (await reach()).ended;
    if (how === "cut") return null;
    if (why.code === "auth.key") await forget();
    return why;
  }

  /** Wait, or until a gesture is made. @param {number} milliseconds @returns {Promise<void>} */
  function nap(milliseconds) {
    return new Promise((resolve) => {
      const cancel = Number.isFinite(milliseconds) ? clock.after(milliseconds, () => wake?.()) : () => {};
      wake = () => {
        wake = null;
        cancel();
        resolve();
      };
    });
  }

  function gesture() {
    if (line?.alive) return;
    gestured = true;
    wake?.();
  }

  // ---- keys ---------------------------------------------------------------------------------------------------------

  async function theKey() {
    const kept = known ?? (await options.keys.load().catch(() => null));
    known = kept?.key.length === NONCE ? kept : null;
    return known;
  }

  /** The bridge does not know the key. */
  async function forget() {
    const was = known;
    known = null;
    if (was) await options.keys.forget().catch(() => {});
  }

  /** @param {string} text */
  async function pair(text) {
    const { secret, port: named } = readPairing(text);
    const at = await paired(secret, named ?? port).catch((why) => {
      // A text without a port is meant for the usual one; whoever was paired with another asks there, too.
      if (named || port === PORT || why.retry !== "later") throw why;
      return paired(secret, PORT);
    });
    if (ended) return;
    if (named || at !== port) options.ported?.(at);
    port = at;
    if (known) await options.keys.save(known.id, known.key).catch(() => {}); // then it is paired again next time
    line?.cut();
    gesture();
  }

  /** @param {Uint8Array} secret @param {number} at @returns {Promise<number>} the port */
  async function paired(secret, at) {
    const introduction = () => introduceByPairing(secret, options.about, at);
    const one = await dial(at, introduction, (_, key) => (known = key));
    one.cut();
    return at;
  }

  // ---- the seam -----------------------------------------------------------------------------------------------------

  tell("calling", "");
  run();

  return {
    begin(job, ask, read, more = {}) {
      errands.begin(fillOf(job, ask, more), read);
      gesture();
    },
    adopt(job) {
      errands.begin({ t: "take", job }, null);
      gesture();
    },
    cancel: (job) => errands.cancel(job),
    askJobs() {
      errands.question({ t: "jobs" });
      gesture();
    },
    askCapabilities() {
      errands.question({ t: "capabilities" });
      gesture();
    },
    settle: (event, state = "inserted") => errands.settle(event.message, state),
    pair,
    call: gesture,
    close() {
      ended = true;
      for (const one of lines) one.cut();
      wake?.();
      errands.drop();
    },
    get busy() {
      return errands.busy;
    },
  };
}

function closed() {
  return refuse("job.lost", "This panel was closed.");
}

/** @param {Refusal} why */
function gone(why) {
  const text = `The bridge was gone for ${RETURNING / 1000} s and did not come back (${why.message}) `;
  return refuse("job.lost", `${text}What it finished waits for you when it runs again.`);
}
