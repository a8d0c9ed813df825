/** @import { Message, Picture } from "../seams.js" */
import { packControl } from "./frames.js";
import { sizeOf } from "./messages.js";
import { Sending } from "./streams.js";

/**
 * What leaves next on one connection: control first, then streams in turn, one message each, while their credit lasts.
 */
export class Outbox {
  constructor() {
    /** Called whenever there may be something to take. */
    this.wake = () => {};
    /** @type {Uint8Array[]} */
    this.control = [];
    /** @type {Sending[]} */
    this.bulk = [];
    this.nextStream = 1; // a client's are odd
  }

  /** Queue a control message. Throws a Refusal `limit.message`. @param {Message} message */
  say(message) {
    this.put(packControl(message));
  }

  /** Queue one that is packed already. @param {Uint8Array} packed */
  put(packed) {
    this.control.push(packed);
    this.wake();
  }

  /**
   * Announce a stream and queue its pixels.
   *
   * @param {string} job
   * @param {"image" | "mask"} use
   * @param {Picture} picture
   * @param {Uint8Array} pixels as many bytes as it has
   */
  stream(job, use, picture, pixels) {
    const s = this.nextStream;
    this.nextStream += 2;
    this.bulk.push(new Sending(s, job, pixels));
    this.say({ t: "stream", s, job, use, picture, size: sizeOf(picture) });
  }

  /** The other side takes `more` bytes on stream `s`. @param {number} s @param {number} more */
  credit(s, more) {
    for (const sending of this.bulk) if (sending.s === s) sending.credit += more;
    this.wake();
  }

  /** The other side will not take stream `s` any more. @param {number} s */
  stop(s) {
    this.bulk = this.bulk.filter((sending) => sending.s !== s);
  }

  /** Drop a job's streams, telling the other side. @param {string} job */
  forget(job) {
    const dropped = this.bulk.filter((sending) => sending.job === job);
    this.bulk = this.bulk.filter((sending) => sending.job !== job);
    for (const { s } of dropped) this.say({ t: "abort", s });
  }

  /** True while pixels wait that may leave. */
  get waiting() {
    return this.bulk.some((sending) => sending.ready);
  }

  /**
   * The next websocket message, or null while nothing may leave.
   *
   * @param {boolean} pixels false: control only
   * @returns {Uint8Array | null}
   */
  take(pixels) {
    const packed = this.control.shift();
    if (packed || !pixels) return packed ?? null;
    const place = this.bulk.findIndex((sending) => sending.ready);
    if (place < 0) return null;
    const [sending] = this.bulk.splice(place, 1);
    const message = sending.take();
    if (!sending.finished) this.bulk.push(sending);
    return message;
  }
}
