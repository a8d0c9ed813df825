import { DEPTH } from "./limits.js";
import { malformed } from "./refusal.js";

/** The least code point that needs 0, 1, 2, 3 bytes more. */
const LEAST = [0, 0x80, 0x800, 0x10000];

/**
 * What the wire forbids and a msgpack library lets pass or cannot see: a key twice, keys that are no texts, texts that
 * are not UTF-8, extension types, whole numbers from 2⁵³ on, floats that are not finite, more than 8 levels, anything
 * but a map. One walk over the bytes. Throws a Refusal `wire.malformed`, or a RangeError where the bytes end early.
 *
 * @param {Uint8Array} body
 */
export function inspect(body) {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const first = view.getUint8(0);
  if (first >> 4 !== 8 && first !== 0xde && first !== 0xdf) throw malformed("something else where a map was expected");
  value(view, 0, 1);
}

/** @param {DataView} view @param {number} at @param {number} depth @returns {number} where the next value begins */
function value(view, at, depth) {
  const head = view.getUint8(at++);
  if (head < 0x80 || head >= 0xe0) return at;
  if (head < 0x90) return map(view, at, head & 15, depth);
  if (head < 0xa0) return list(view, at, head & 15, depth);
  if (head < 0xc0) return text(view, at, head & 31);
  switch (head) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return at;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return bytes(view, at + (1 << (head - 0xc4)), length(view, at, head - 0xc4));
    case 0xca:
      return number(Number.isFinite(view.getFloat32(at)), at + 4);
    case 0xcb:
      return number(Number.isFinite(view.getFloat64(at)), at + 8);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xd0:
    case 0xd1:
    case 0xd2:
      return bytes(view, at, 1 << (head & 3));
    case 0xcf:
      return number(Number.isSafeInteger(view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4)), at + 8);
    case 0xd3:
      return number(Number.isSafeInteger(view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4)), at + 8);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return text(view, at + (1 << (head - 0xd9)), length(view, at, head - 0xd9));
    case 0xdc:
    case 0xdd:
      return list(view, at + (2 << (head - 0xdc)), length(view, at, head - 0xdb), depth);
    case 0xde:
    case 0xdf:
      return map(view, at + (2 << (head - 0xde)), length(view, at, head - 0xdd), depth);
  }
  throw malformed(`the byte 0x${head.toString(16)}, an extension type or none`);
}

/** @param {DataView} view @param {number} at @param {number} power the length has 2^power bytes */
function length(view, at, power) {
  return power === 0 ? view.getUint8(at) : power === 1 ? view.getUint16(at) : view.getUint32(at);
}

/** @param {boolean} fits @param {number} end */
function number(fits, end) {
  if (!fits) throw malformed("a number that is not finite, or 2⁵³ or more");
  return end;
}

/** @param {DataView} view @param {number} at @param {number} size */
function bytes(view, at, size) {
  if (at + size > view.byteLength) throw malformed("it ends early");
  return at + size;
}

/** @param {DataView} view @param {number} at @param {number} count @param {number} depth */
function list(view, at, count, depth) {
  if (depth > DEPTH) throw malformed(`a map deeper than ${DEPTH}`);
  for (let one = 0; one < count; one++) at = value(view, at, depth + 1);
  return at;
}

/** @param {DataView} view @param {number} at @param {number} count @param {number} depth */
function map(view, at, count, depth) {
  if (depth > DEPTH) throw malformed(`a map deeper than ${DEPTH}`);
  const keys = new Set();
  for (let one = 0; one < count; one++) {
    const [start, end] = key(view, at);
    let name = "";
    for (let byte = start; byte < end; byte++) name += String.fromCharCode(view.getUint8(byte));
    if (keys.has(name)) throw malformed("a map names a key twice");
    keys.add(name);
    at = value(view, end, depth + 1);
  }
  return at;
}

/** @param {DataView} view @param {number} at @returns {[number, number]} where its text begins and ends */
function key(view, at) {
  const head = view.getUint8(at);
  const long = head - 0xd9;
  if (head >> 5 !== 5 && (long < 0 || long > 2)) throw malformed("a map has a key that is no text");
  return [at + 1 + (head >> 5 === 5 ? 0 : 1 << long), value(view, at, 1)];
}

/** @param {DataView} view @param {number} at @param {number} size */
function text(view, at, size) {
  const end = bytes(view, at, size);
  while (at < end) {
    const head = view.getUint8(at++);
    if (head < 0x80) continue;
    const more = head < 0xc2 || head > 0xf4 ? 0 : head < 0xe0 ? 1 : head < 0xf0 ? 2 : 3;
    if (!more || at + more > end) throw malformed("a text that is not UTF-8");
    let point = head & (0x3f >> more);
    for (let one = 0; one < more; one++) {
      const next = view.getUint8(at++);
      if (next >> 6 !== 2) throw malformed("a text that is not UTF-8");
      point = (point << 6) | (next & 0x3f);
    }
    if (point < LEAST[more] || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff) {
      throw malformed("a text that is not UTF-8");
    }
  }
  return end;
}
