/** @import { Message } from "../seams.js" */
/** @import { Introduction } from "./handshake.js" */
import { unpack } from "./frames.js";
import { understand } from "./messages.js";
import { Outbox } from "./outbox.js";
import { malformed, refuse } from "./refusal.js";
import { Receiving } from "./streams.js";

/**
 * Pixels that arrived: `payload`, a view, goes to byte `offset` of the stream's picture; `complete` with the last of
 * them. No message of the wire has this `t`.
 *
 * @typedef {{ t: "pixels", stream: Message, offset: number, payload: Uint8Array, complete: boolean }} Chunk
 */

/**
 * Who may say what, when: the rules of one connection. No socket: messages in, what they say out, answers to `outbox`.
 *
 * @template T what comes of the handshake
 */
export class Conversation {
  /** @param {Introduction<T>} introduction */
  constructor(introduction) {
    this.introduction = introduction;
    this.outbox = new Outbox();
    /** What came of the handshake; null until it is over. @type {T | null} */
    this.opened = null;
    this.greeted = false;
    /** @type {Map<number, Receiving>} */
    this.arriving = new Map();
    this.newest = 0; // the bridge's streams are even
  }

  /**
   * Read one websocket message. Returns what it says, if anybody must act on it. Throws a Refusal that ends the
   * conversation: the bridge refused it, could not prove that it holds the key, or cannot be understood.
   *
   * @param {Uint8Array | string} message
   * @returns {Message | Chunk | null}
   */
  receive(message) {
    if (typeof message === "string") {
      throw refuse("wire.text", "This wire carries binary messages only; a text arrived.");
    }
    const read = unpack(message);
    if (this.opened === null) {
      this.shakeHands("control" in read ? understand(read.control) : null, message);
      return null;
    }
    if ("data" in read) return this.pixels(read.data);
    const said = understand(read.control);
    switch (said?.t) {
      case "stream":
        this.announce(said);
        return said;
      case "abort":
        this.arriving.delete(said.s);
        this.outbox.stop(said.s);
        return said;
      case "credit":
        this.outbox.credit(said.s, said.bytes);
        return null;
      case "ping":
        this.outbox.say({ t: "pong", at: said.at });
        return null;
      case "error":
        if (said.s !== null) this.outbox.stop(said.s);
        return said;
      default:
        return said;
    }
  }

  /** @param {Message | null} said @param {Uint8Array} message */
  shakeHands(said, message) {
    if (said?.t === "error") throw refuse(said.code, said.text, said.retry);
    if (said?.t === "hello" && !this.greeted) {
      this.greeted = true;
      this.outbox.say(this.introduction.first(said, message.slice()));
    } else if (said?.t === this.introduction.awaits && this.greeted) {
      this.opened = this.introduction.last(said);
    } else {
      throw refuse("wire.malformed", "What answers on the bridge's port does not speak this protocol.", "later");
    }
  }

  /** @param {Message} stream */
  announce(stream) {
    if (stream.s % 2 || stream.s <= this.newest) {
      throw malformed(`stream ${stream.s} came after ${this.newest}; a bridge's numbers are even and rise`);
    }
    this.newest = stream.s;
    this.arriving.set(stream.s, new Receiving(stream));
  }

  /** @param {import("./frames.js").Data} data @returns {Message | Chunk | null} */
  pixels(data) {
    const s = data.stream;
    const arriving = this.arriving.get(s);
    if (!arriving) {
      // One that was aborted or died is dropped silently, what nobody announced is not wanted.
      if (s > this.newest || s % 2) this.outbox.say({ t: "abort", s });
      return null;
    }
    try {
      arriving.accept(data);
    } catch {
      this.arriving.delete(s); // a stream that was damaged: ended from this side, the conversation goes on
      this.outbox.say({ t: "abort", s });
      return { t: "abort", s };
    }
    const more = arriving.grant();
    if (more) this.outbox.say({ t: "credit", s, bytes: more });
    if (arriving.finished) this.arriving.delete(s);
    const { stream, finished } = arriving;
    return { t: "pixels", stream, offset: data.offset, payload: data.payload, complete: finished };
  }
}
