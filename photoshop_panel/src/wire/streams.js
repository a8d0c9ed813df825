/**
 * Pixels under way, one stream at a time: offsets, credit, checksums (docs/protocol.md, *Streams of pixels*).
 */
/** @import { Message } from "../seams.js" */
/** @import { Data } from "./frames.js" */
import { crc32 } from "./crc32.js";
import { packData } from "./frames.js";
import { CHUNK, CREDIT } from "./limits.js";
import { sizeOf, told } from "./messages.js";
import { malformed, refuse } from "./refusal.js";

/** A stream that leaves: its pixels, how far it got, and how much the receiver will take. */
export class Sending {
  /** @param {number} s @param {string} job @param {Uint8Array} pixels */
  constructor(s, job, pixels) {
    this.s = s;
    this.job = job;
    this.credit = CREDIT;
    this.pixels = pixels;
    this.position = 0;
  }

  get finished() {
    return this.position >= this.pixels.length;
  }

  /** True while there is something to send and credit to send it on. */
  get ready() {
    return this.credit > 0 && !this.finished;
  }

  /** The next data message. */
  take() {
    const end = this.position + Math.min(CHUNK, this.credit, this.pixels.length - this.position);
    const chunk = this.pixels.subarray(this.position, end);
    const message = packData(this.s, this.position, chunk, end === this.pixels.length);
    this.credit -= chunk.length;
    this.position = end;
    return message;
  }
}

/** A stream that arrives: what was announced, how much came, and how much credit is out. */
export class Receiving {
  /** Throws a Refusal `wire.malformed` where the numbers of the `stream` disagree. @param {Message} stream */
  constructor(stream) {
    const start = stream.from ?? 0;
    if (stream.size !== sizeOf(stream.picture) || start > stream.size) {
      throw malformed(`stream ${stream.s} has ${stream.size} bytes from ${start} on, for ${told(stream.picture)}`);
    }
    this.stream = stream;
    this.received = start;
    this.granted = start + CREDIT;
  }

  get finished() {
    return this.received >= this.stream.size;
  }

  /**
   * Count one data message. Throws a Refusal `wire.offset` or `wire.crc`: then the stream is dead, not more.
   *
   * @param {Data} data
   */
  accept(data) {
    const { size, s } = this.stream;
    const end = data.offset + data.payload.length;
    if (data.offset !== this.received || end > size || data.last !== (end === size)) {
      const text = `Stream ${s} sent bytes ${data.offset} to ${end}, expected from ${this.received} of ${size}.`;
      throw refuse("wire.offset", text, "now");
    }
    if (end > this.granted) {
      throw refuse("wire.offset", `Stream ${s} sent ${end} bytes, credit was given for ${this.granted}.`, "now");
    }
    if (data.crc !== null && data.crc !== crc32(data.payload)) {
      throw refuse("wire.crc", `Stream ${s} was damaged at byte ${data.offset}; send it again.`, "now");
    }
    this.received = end;
  }

  /** Bytes of credit to give now: a full window again when half of it is used up, else 0. */
  grant() {
    const open = this.granted - this.received;
    if (this.finished || this.granted >= this.stream.size || open > CREDIT / 2) return 0;
    this.granted += CREDIT - open;
    return CREDIT - open;
  }
}
