/**
 * TextEncoder and TextDecoder, as far as @msgpack/msgpack uses them, where the program has none: UXP had none in 2023,
 * and msgpack makes both as it is loaded. build.mjs puts this file before everything else. UTF-8 after RFC 3629;
 * what is no UTF-8 becomes U+FFFD, one for each byte that cannot be read.
 */

const BROKEN = 0xfffd;

/**
 * @param {string} text
 * @param {(byte: number) => void} put
 */
function encode(text, put) {
  for (const letter of text) {
    let point = /** @type {number} */ (letter.codePointAt(0));
    if (point >= 0xd800 && point <= 0xdfff) point = BROKEN; // half of a pair alone
    if (point < 0x80) put(point);
    else {
      const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
      put(([0, 0xc0, 0xe0, 0xf0][more] | (point >> (6 * more))) & 0xff);
      for (let at = more - 1; at >= 0; at--) put(0x80 | ((point >> (6 * at)) & 0x3f));
    }
  }
}

/**
 * One letter.
 *
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {[number, number]} its code point, and how many bytes it has
 */
function letter(bytes, at) {
  const first = bytes[at];
  const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : (first & 0xf0) === 0xe0 ? 2 : 3;
  if (!more) return [first, 1];
  let point = first & (0x3f >> more);
  if (more === 3 && (first < 0xf0 || first > 0xf4)) return [BROKEN, 1];
  for (let next = 1; next <= more; next++) {
    if ((bytes[at + next] & 0xc0) !== 0x80) return [BROKEN, 1];
    point = (point << 6) | (bytes[at + next] & 0x3f);
  }
  const least = [0, 0x80, 0x800, 0x10000][more];
  const whole = point >= least && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return whole ? [point, more + 1] : [BROKEN, 1];
}

/** Text to UTF-8. */
export class Encoder {
  /** @param {string} text */
  encode(text) {
    /** @type {number[]} */
    const bytes = [];
    encode(text, (byte) => bytes.push(byte));
    return Uint8Array.from(bytes);
  }

  /**
   * @param {string} text
   * @param {Uint8Array} into large enough
   */
  encodeInto(text, into) {
    let written = 0;
    encode(text, (byte) => (into[written++] = byte));
    return { read: text.length, written };
  }
}

/** UTF-8 to text. */
export class Decoder {
  /** @param {Uint8Array} bytes */
  decode(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const [point, count] = letter(bytes, at);
      text += String.fromCodePoint(point);
      at += count;
    }
    return text;
  }
}

const here = /** @type {any} */ (globalThis);
if (typeof here.TextEncoder === "undefined") here.TextEncoder = Encoder;
if (typeof here.TextDecoder === "undefined") here.TextDecoder = Decoder;
