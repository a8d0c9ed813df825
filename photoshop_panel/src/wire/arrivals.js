/** @import { Event, Message } from "../seams.js" */
/** @import { Chunk } from "./conversation.js" */
import { CREDIT } from "./limits.js";
import { sizeOf } from "./messages.js";

/** @typedef {"layer" | "layer mask"} Use */

/** Pixels that come piece by piece. Memory is taken as they come, never on announcement alone. */
class Pile {
  /** @param {number} size bytes in the end */
  constructor(size) {
    this.size = size;
    this.got = 0;
    this.bytes = new Uint8Array(0);
  }

  get whole() {
    return this.got >= this.size;
  }

  /** @param {number} offset @param {Uint8Array} payload */
  add(offset, payload) {
    this.got = offset + payload.length;
    if (this.got > this.bytes.length) {
      const wider = new Uint8Array(Math.min(this.size, Math.max(CREDIT, this.got, 2 * this.bytes.length)));
      wider.set(this.bytes);
      this.bytes = wider;
    }
    this.bytes.set(payload, offset);
  }
}

/** A layer of which not every byte has come. @typedef {{ message: Message, piles: Map<Use, Pile> }} Arrival */

/**
 * Layers and previews on their way in, over as many connections as it takes: which stream belongs to what, how much of
 * it has come, what must be fetched.
 */
export class Arrivals {
  constructor() {
    /** @type {Map<string, Arrival>} */
    this.layers = new Map();
    this.reopen();
  }

  /** A new connection: its streams have new numbers; the bytes of layers that came stay. */
  reopen() {
    /** @type {Map<number, { result: string, use: Use }>} */
    this.streams = new Map();
    /** @type {{ result: string, use: Use }[]} */
    this.asked = [];
    /** @type {Map<number, Pile>} */
    this.previews = new Map();
    /** @type {Map<number, Message>} */
    this.titles = new Map();
  }

  /**
   * A layer was announced.
   *
   * @param {Message} message
   * @returns {Message[]} a `fetch` for all that is missing and not on its way, where no streams come with it
   */
  layer(message) {
    const { result, s, mask_s: maskS } = message;
    const arrival = this.layers.get(result) ?? { message, piles: new Map() };
    this.layers.set(result, arrival);
    arrival.message = message;
    this.expect(arrival, "layer", sizeOf(message.picture));
    if (s === null || maskS !== null) this.expect(arrival, "layer mask", message.box[2] * message.box[3]);
    if (s !== null) {
      this.streams.set(s, { result, use: "layer" });
      if (maskS !== null) this.streams.set(maskS, { result, use: "layer mask" });
      return [];
    }
    const coming = [...this.streams.values(), ...this.asked].filter((one) => one.result === result);
    const missing = [...arrival.piles].filter(([use, pile]) => !pile.whole && !coming.some((one) => one.use === use));
    return missing.map(([use]) => this.fetch(arrival, use));
  }

  /** @param {Arrival} arrival @param {Use} use @param {number} size */
  expect(arrival, use, size) {
    if (!arrival.piles.has(use)) arrival.piles.set(use, new Pile(size));
  }

  /** @param {Arrival} arrival @param {Use} use @returns {Message} */
  fetch({ message: { result }, piles }, use) {
    this.asked.push({ result, use });
    return { t: "fetch", result, use, from: piles.get(use)?.got ?? 0 };
  }

  /** A stream was announced. One with a start answers the oldest fetch. @param {Message} stream */
  stream(stream) {
    const oldest = stream.from === null ? undefined : this.asked.shift();
    if (oldest) this.streams.set(stream.s, oldest);
  }

  /** A preview was announced, just behind its stream. @param {Message} message */
  preview(message) {
    this.titles.set(message.s, message);
  }

  /**
   * The rest of a stream will not come: its sender stopped, or it was damaged.
   *
   * @param {number} s
   * @returns {Message[]} what must be fetched
   */
  abort(s) {
    this.previews.delete(s);
    this.titles.delete(s);
    const { result, use } = this.streams.get(s) ?? { result: "", use: "layer" };
    this.streams.delete(s);
    const arrival = this.layers.get(result);
    return arrival ? [this.fetch(arrival, /** @type {Use} */ (use))] : [];
  }

  /** True while a layer of this job is under way. @param {string} job */
  expects(job) {
    return [...this.layers.values()].some((arrival) => arrival.message.job === job);
  }

  /** The oldest fetch was refused. Returns the job whose layer is gone, where it was still under way. */
  lost() {
    const { result } = this.asked.shift() ?? { result: "" };
    const job = this.layers.get(result)?.message.job ?? null;
    this.layers.delete(result);
    return job;
  }

  /** Pixels came. @param {Chunk} chunk @returns {Event | null} what they complete */
  pixels(chunk) {
    const { s } = chunk.stream;
    if (chunk.stream.use === "preview") return this.previewed(s, chunk);
    const { result, use } = this.streams.get(s) ?? { result: "", use: "layer" };
    const pile = this.layers.get(result)?.piles.get(/** @type {Use} */ (use));
    if (!pile || chunk.stream.size !== pile.size || chunk.offset > pile.got) return null;
    pile.add(chunk.offset, chunk.payload);
    if (chunk.complete) this.streams.delete(s);
    return this.complete(result);
  }

  /** The layer, once it is whole: then it leaves these books. @param {string} result @returns {Event | null} */
  complete(result) {
    const arrival = this.layers.get(result);
    if (!arrival || [...arrival.piles.values()].some((pile) => !pile.whole)) return null;
    this.layers.delete(result);
    const { message, piles } = arrival;
    const picture = /** @type {Pile} */ (piles.get("layer")).bytes;
    return { message, shape: message.picture, picture, mask: piles.get("layer mask")?.bytes ?? null };
  }

  /** @param {number} s @param {Chunk} chunk @returns {Event | null} */
  previewed(s, chunk) {
    const pile = this.previews.get(s) ?? new Pile(chunk.stream.size);
    this.previews.set(s, pile);
    pile.add(chunk.offset, chunk.payload);
    const message = this.titles.get(s);
    if (!chunk.complete || !message) return null;
    this.previews.delete(s);
    this.titles.delete(s);
    return { message, shape: chunk.stream.picture, picture: pile.bytes };
  }
}
