/**
 * Bytes of one websocket message: a 24-byte prefix, then one msgpack map (control) or pixels (data). The table of the
 * prefix stands in docs/protocol.md, *Layout of a message*.
 */
import { decode, encode } from "@msgpack/msgpack";

import { crc32 } from "./crc32.js";
import { CHUNK, MAP, MESSAGE, VERSION } from "./limits.js";
import { malformed, refuse } from "./refusal.js";
import { inspect } from "./strict.js";

/**
 * Pixels of a stream. `payload` is a view into the message, at any byte.
 *
 * @typedef {{ stream: number, offset: number, payload: Uint8Array, last: boolean, crc: number | null }} Data
 */

export const PREFIX = 24;
const MAGIC = 0x5346;
const CONTROL = 0;
const DATA = 1;
const LAST = 1;
const CRC = 2;

/** Half of a surrogate pair: the bridge would refuse the text, and with it the conversation. */
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * One control message. Half a character (a prompt cut in the middle of an emoji) leaves as a question mark; what is
 * undefined does not leave. Throws a Refusal `limit.message` where the map is larger than 64 KiB.
 *
 * @param {Record<string, unknown>} values
 * @returns {Uint8Array}
 */
export function packControl(values) {
  const body = encode(whole(values), { ignoreUndefined: true });
  if (body.length > MAP) {
    throw refuse("limit.message", `A message of ${body.length} bytes is over the limit of ${MAP}. Shorten the prompt.`);
  }
  return prefixed(CONTROL, body.length, 0, 0, 0, body);
}

/** @param {any} value @returns {any} */
function whole(value) {
  if (typeof value === "string") return value.replace(HALF, "?");
  if (Array.isArray(value)) return value.map(whole);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [whole(name), whole(inner)]));
}

/**
 * One data message: the only copy that the sender makes of its pixels.
 *
 * @param {number} stream
 * @param {number} offset
 * @param {Uint8Array} payload 1 byte to 256 KiB
 * @param {boolean} last
 * @param {boolean} [checked] with a checksum
 * @returns {Uint8Array}
 */
export function packData(stream, offset, payload, last, checked = false) {
  const flags = (last ? LAST : 0) | (checked ? CRC : 0);
  return prefixed(DATA, stream, offset, checked ? crc32(payload) : 0, flags, payload);
}

/**
 * @param {number} kind
 * @param {number} first
 * @param {number} offset
 * @param {number} crc
 * @param {number} flags
 * @param {Uint8Array} body
 */
function prefixed(kind, first, offset, crc, flags, body) {
  const message = new Uint8Array(PREFIX + body.length);
  const view = new DataView(message.buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, VERSION);
  view.setUint8(3, kind);
  view.setUint32(4, first, true);
  view.setUint32(8, offset, true); // modulo 2³²
  view.setUint32(12, Math.floor(offset / 2 ** 32), true);
  view.setUint32(16, crc, true);
  view.setUint32(20, flags, true);
  message.set(body, PREFIX);
  return message;
}

/**
 * Read one message. Throws a Refusal `wire.malformed` for anything that is neither control nor data.
 *
 * @param {Uint8Array} message
 * @returns {{ control: Record<string, unknown> } | { data: Data }}
 */
export function unpack(message) {
  if (message.length > MESSAGE) throw malformed(`${message.length} bytes are over the limit of ${MESSAGE}`);
  if (message.length < PREFIX) throw malformed(`it has ${message.length} bytes, its prefix alone has ${PREFIX}`);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const magic = view.getUint16(0, true);
  const major = view.getUint8(2);
  const kind = view.getUint8(3);
  const first = view.getUint32(4, true);
  const offset = view.getUint32(12, true) * 2 ** 32 + view.getUint32(8, true);
  const crc = view.getUint32(16, true);
  const flags = view.getUint32(20, true);
  if (magic !== MAGIC || major !== VERSION) {
    throw malformed(`magic 0x${magic.toString(16)} and major ${major}, expected 0x5346 and ${VERSION}`);
  }
  const body = message.subarray(PREFIX);
  if (kind === CONTROL) {
    if (offset || crc || flags) throw malformed("a control prefix with something beside its length");
    if (first !== body.length || body.length > MAP) {
      throw malformed(`a map of ${body.length} bytes, ${first} announced, ${MAP} allowed`);
    }
    return { control: unpackMap(body) };
  }
  if (kind !== DATA) throw malformed(`kind ${kind}, expected 0 or 1`);
  if (flags > (LAST | CRC) || (crc && !(flags & CRC))) {
    throw malformed(`unknown flags 0x${flags.toString(16)}, or a checksum without its flag`);
  }
  if (!body.length || body.length > CHUNK) {
    throw malformed(`a payload of ${body.length} bytes, allowed are 1 to ${CHUNK}`);
  }
  return { data: { stream: first, offset, payload: body, last: !!(flags & LAST), crc: flags & CRC ? crc : null } };
}

/** @param {Uint8Array} body @returns {Record<string, unknown>} */
function unpackMap(body) {
  try {
    inspect(body);
    return /** @type {Record<string, unknown>} */ (decode(body));
  } catch (why) {
    if (/** @type {any} */ (why).code) throw why;
    throw malformed(`no msgpack map: ${/** @type {Error} */ (why).message}`);
  }
}
