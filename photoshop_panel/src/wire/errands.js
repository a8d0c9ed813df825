/** @import { Event, Message, Read, Settled, Want } from "../seams.js" */
/** @import { Chunk } from "./conversation.js" */
/** @import { Outbox } from "./outbox.js" */
import { Arrivals } from "./arrivals.js";
import { picturesOf } from "./asks.js";
import { packControl } from "./frames.js";
import { ENDS, refuse } from "./refusal.js";

/**
 * A job that this side waits for. `last` is its `done`, which overtakes its layers' pixels on the wire and waits here
 * until they are whole. `turn` counts what makes a reading under way useless: a newer want, a cancel.
 *
 * @typedef {{ ask: Uint8Array, read: Read | null, accepted: boolean, cancelled: boolean, ended: boolean,
 *   last: Message | null, turn: number }} Errand
 */

/**
 * What this side asked the bridge for, and what came of it, over as many connections as it takes. Each job begun or
 * adopted is open until its `done` or its refusal was told; what is durable is told once, however often the bridge says
 * it, and stays with the bridge until it is settled. What is asked while nobody listens is said once somebody does.
 */
export class Errands {
  /**
   * @param {() => Outbox | null} outbox what leaves by the connection that is open now
   * @param {(event: Event) => void} tell
   */
  constructor(outbox, tell) {
    this.outbox = outbox;
    this.hand = tell;
    /** What became of layers and `done`s, by their names. @type {Map<string, Settled | null>} */
    this.settled = new Map();
    /** @type {Map<string, Errand>} */
    this.errands = new Map();
    /** Jobs that nobody waits for: what still comes of them is discarded. @type {Set<string>} */
    this.left = new Set();
    /** @type {Map<string, Message>} */
    this.questions = new Map();
    /** Cancels of other sessions' jobs that wait for a connection. @type {Set<string>} */
    this.cancels = new Set();
    /** Told and not settled, by their names. @type {Map<string, Message>} */
    this.told = new Map();
    this.arrivals = new Arrivals();
  }

  /** Forget all that was asked: nobody waits for it any more. What it finishes stays with the bridge. */
  drop() {
    for (const one of [this.errands, this.left, this.questions, this.cancels, this.told]) one.clear();
    this.arrivals = new Arrivals();
  }

  /** True while a job is not over. */
  get busy() {
    return [...this.errands.values()].some((errand) => !errand.ended);
  }

  // ---- what this side asks ------------------------------------------------------------------------------------------

  /**
   * Say a job's `fill` or `take`, and tell what comes of it from now on. What is not settled of a job that is taken
   * comes once more. One that is too large to be said is refused here.
   *
   * @param {Message} message
   * @param {Read | null} read
   */
  begin(message, read) {
    const { job } = message;
    let ask;
    try {
      ask = packControl(message);
    } catch (why) {
      return this.refused(job, message.t, why);
    }
    this.left.delete(job);
    this.settled.delete(job);
    if (message.t === "take") for (const [name, one] of this.told) if (one.job === job) this.told.delete(name);
    const begun = { ask, read, accepted: false, cancelled: false, ended: false, last: null, turn: 0 };
    this.errands.set(job, begun);
    this.outbox()?.put(ask);
  }

  /** Ask something that no job is needed for; after a cut it is asked again. @param {Message} message */
  question(message) {
    this.questions.set(message.t, message);
    this.say(message);
  }

  /** The artist lost interest in a job. Its `done` still comes. @param {string} job */
  cancel(job) {
    const errand = this.errands.get(job);
    if (errand) {
      errand.turn += 1;
      errand.cancelled = true;
    }
    this.outbox()?.forget(job);
    if (!errand && !this.outbox()) this.cancels.add(job);
    this.say({ t: "cancel", job });
  }

  /** A layer or a `done` was taken care of. @param {Message} message @param {Settled} state */
  settle(message, state) {
    if ((message.t !== "layer" && message.t !== "done") || this.settled.has(nameOf(message))) return;
    const name = nameOf(message);
    const newest = this.told.get(name); // said again meanwhile, it has another number
    this.settled.set(name, message.t === "layer" ? state : null);
    this.told.delete(name);
    if (newest) this.acknowledge(newest);
    if (message.t === "done") this.errands.delete(message.job);
  }

  /**
   * There is a new connection: ask again for all that is open. The bridge knows the jobs that it accepted; where it
   * does not know the session, its numbers count from 1 again.
   *
   * @param {boolean} resumed
   */
  reopen(resumed) {
    if (resumed) this.arrivals.reopen();
    else {
      this.arrivals = new Arrivals();
      for (const [name, one] of this.told) this.told.set(name, { ...one, n: 0 });
    }
    for (const message of this.questions.values()) this.say(message);
    for (const job of this.cancels) this.say({ t: "cancel", job });
    this.cancels.clear();
    for (const [job, errand] of this.errands) {
      if (errand.ended) continue;
      errand.last = null;
      this.outbox()?.put(errand.ask);
      if (errand.cancelled) this.say({ t: "cancel", job }); // the first one may have been lost
    }
  }

  // ---- what comes of it ---------------------------------------------------------------------------------------------

  /** Act on what came. Throws a Refusal where the bridge ends the conversation. @param {Message | Chunk} said */
  hear(said) {
    const errand = this.errands.get(/** @type {any} */ (said).job);
    switch (said.t) {
      case "pixels":
        this.whole(this.arrivals.pixels(/** @type {Chunk} */ (said)));
        break;
      case "stream":
        this.arrivals.stream(said);
        break;
      case "preview":
        this.arrivals.preview(said);
        break;
      case "layer":
        this.layer(said);
        break;
      case "abort":
        this.arrivals.abort(/** @type {any} */ (said).s).forEach((fetch) => this.say(fetch));
        break;
      case "want":
        if (errand && !errand.cancelled) this.want(errand, /** @type {Want} */ (said));
        break;
      case "accepted":
        if (errand && !errand.accepted) this.tell({ message: said }); // it is said again after a cut
        if (errand) errand.accepted = true;
        break;
      case "progress":
        if (errand) this.tell({ message: said });
        break;
      case "done":
        this.done(said);
        break;
      case "error":
        this.error(/** @type {Message} */ (said));
        break;
      case "capabilities":
      case "jobs":
        if (/** @type {any} */ (said).part === /** @type {any} */ (said).parts) this.questions.delete(said.t);
        this.tell({ message: said });
    }
  }

  /** @param {Message} message */
  say(message) {
    this.outbox()?.say(message);
  }

  /** @param {Event} event */
  tell(event) {
    const { message } = event;
    if (message.t === "layer" || message.t === "done") this.told.set(nameOf(message), message);
    this.hand(event);
  }

  /** @param {Message} message */
  acknowledge({ t, n, job, result }) {
    const state = this.settled.get(nameOf({ t, job, result })) ?? undefined;
    if (n) this.say({ t: "ack", n, state }); // 0: the bridge will say it again, under a number of this session
  }

  /** True where this was told before: its `ack` was lost, or it has a new number. @param {Message} message */
  known(message) {
    const name = nameOf(message);
    if (this.settled.has(name)) this.acknowledge(message);
    else if (this.told.has(name)) this.told.set(name, message);
    return this.settled.has(name) || this.told.has(name);
  }

  /** A layer was announced. One that nobody here asked for stays with the bridge. @param {Message} message */
  layer(message) {
    const { job } = message;
    if (this.known(message) || !(this.errands.has(job) || this.left.has(job))) return;
    this.arrivals.layer(message).forEach((fetch) => this.say(fetch));
  }

  /** Every pixel of a layer or a preview is here. @param {Event | null} event */
  whole(event) {
    const job = event?.message.job;
    if (event && this.errands.has(job)) {
      this.tell(event);
      this.release(job);
    } else if (event && this.left.has(job)) {
      this.discard(event.message);
    }
  }

  /** @param {Message} message */
  done(message) {
    const errand = this.errands.get(message.job);
    if (this.known(message)) return;
    if (errand) {
      errand.last = message;
      this.release(message.job);
    } else if (this.left.has(message.job)) this.discard(message);
  }

  /** @param {Message} message of a job that was left */
  discard(message) {
    if (message.t === "preview") return;
    this.told.set(nameOf(message), message);
    this.settle(message, "discarded");
  }

  /** Tell `done`, if it was said and no layer of its job is under way. @param {string} job */
  release(job) {
    const errand = this.errands.get(job);
    if (!errand?.last || this.arrivals.expects(job)) return;
    const message = errand.last;
    errand.last = null;
    errand.ended = true;
    this.tell({ message });
  }

  // ---- reading and uploading ----------------------------------------------------------------------------------------

  /** The bridge says which pixels it wants to see. @param {Errand} errand @param {Want} want */
  want(errand, want) {
    if (!errand.accepted) this.tell({ message: want });
    if (!want.image) this.errands.delete(want.job); // a plan alone
    else if (errand.read) this.upload(errand, errand.read, want);
  }

  /** @param {Errand} errand @param {Read} read @param {Want} want */
  async upload(errand, read, want) {
    const turn = (errand.turn += 1);
    const outbox = this.outbox();
    // While it reads, the job may be cancelled or asked anew, the connection may be cut: then nobody waits for it.
    const wanted = () => this.errands.get(want.job) === errand && errand.turn === turn && this.outbox() === outbox;
    try {
      const pixels = await read(want);
      if (wanted()) picturesOf(want, pixels).forEach((one) => outbox?.stream(want.job, ...one));
    } catch (why) {
      if (wanted()) this.unread(want.job, why);
    }
  }

  /**
   * What was wanted could not be read: its job is cancelled, what still comes of it discarded.
   *
   * @param {string} job
   * @param {any} why
   */
  unread(job, why) {
    this.errands.delete(job);
    this.left.add(job);
    this.cancel(job);
    this.refused(job, "fill", why?.code ? why : refuse("internal", `The picture could not be read (${why}).`));
  }

  // ---- what was refused ---------------------------------------------------------------------------------------------

  /** This side refuses a job itself. @param {string} job @param {string} re @param {any} refusal */
  refused(job, re, { code, message: text, retry }) {
    this.tell({ message: { t: "error", code, text, retry, detail: {}, re, job, s: null } });
  }

  /** The conversation, a layer's pixels, a stream, a job, or something else was refused. @param {Message} error */
  error(error) {
    if (ENDS.has(error.code)) throw refuse(error.code, error.text, error.retry);
    this.questions.delete(error.re ?? "");
    const errand = this.errands.get(error.job ?? "");
    if (error.re === "fetch") {
      const job = this.arrivals.lost() ?? "";
      if (!this.errands.has(job)) return;
      this.tell({ message: { ...error, job } });
      this.release(job);
    } else if (!errand) {
      const late = error.job && (error.re === null || error.re === "stream"); // pixels of a job refused meanwhile
      if (!late && !this.left.has(error.job ?? "")) this.tell({ message: error });
    } else if (error.s !== null && error.retry === "now") {
      this.outbox()?.forget(error.job);
      this.outbox()?.put(errand.ask); // a stream died on the way; the want stands, so ask again
    } else if (error.re !== "cancel") {
      this.outbox()?.forget(error.job); // it may be refused while they stream
      this.errands.delete(error.job);
      this.tell({ message: error });
    }
  }
}

/** What a durable message is known by, whatever its number. @param {Message} message @returns {string} */
function nameOf(message) {
  return message.t === "layer" ? message.result : message.job;
}
