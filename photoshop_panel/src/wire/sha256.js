/**
 * SHA-256, and HMAC and HKDF made of it: UXP has no `crypto.subtle`. Only a handshake is hashed, never pixels.
 * Letters as in FIPS 180-4 section 6.2.2; RFC 6234, 4231 and 5869 hold the vectors.
 */

const BLOCK = 64;

/** The first 32 bits of the fractional parts of the square (H) and cube (K) roots of the first primes. */
const [H, K] = (() => {
  const primes = /** @type {number[]} */ ([]);
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  const fraction = (/** @type {number} */ root) => ((root % 1) * 2 ** 32) | 0;
  return [
    Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
  ];
})();

/**
 * @param {Uint8Array} text
 * @returns {Uint8Array} 32 bytes
 */
export function sha256(text) {
  const padded = new Uint8Array(Math.ceil((text.length + 9) / BLOCK) * BLOCK);
  padded.set(text);
  padded[text.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(text.length / 2 ** 29));
  view.setUint32(padded.length - 4, text.length << 3);
  const state = Int32Array.from(H);
  const w = new Int32Array(64);
  for (let at = 0; at < padded.length; at += BLOCK) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + 4 * t);
    for (let t = 16; t < 64; t++) {
      const sigma0 = turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ (w[t - 15] >>> 3);
      const sigma1 = turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ (w[t - 2] >>> 10);
      w[t] = sigma1 + w[t - 7] + sigma0 + w[t - 16];
    }
    compress(state, w);
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, place) => digest.setInt32(4 * place, word));
  return new Uint8Array(digest.buffer);
}

/** @param {Int32Array} state @param {Int32Array} w */
function compress(state, w) {
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const sum1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
    const sum0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, place) => (state[place] += word));
}

/** @param {number} word @param {number} bits */
function turned(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}

/**
 * RFC 2104.
 *
 * @param {Uint8Array} key
 * @param {Uint8Array} text
 * @returns {Uint8Array} 32 bytes
 */
export function hmac(key, text) {
  const padded = new Uint8Array(BLOCK);
  padded.set(key.length > BLOCK ? sha256(key) : key);
  const inner = sha256(joined(padded.map((byte) => byte ^ 0x36), text));
  return sha256(joined(padded.map((byte) => byte ^ 0x5c), inner));
}

/**
 * RFC 5869.
 *
 * @param {Uint8Array} secret
 * @param {Uint8Array} salt
 * @param {Uint8Array} info
 * @param {number} length of the result, bytes, at most 8160
 * @returns {Uint8Array}
 */
export function hkdf(secret, salt, info, length) {
  const extracted = hmac(salt, secret);
  const made = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let at = 0, count = 1; at < length; at += 32, count++) {
    block = Uint8Array.from(hmac(extracted, joined(block, info, Uint8Array.of(count))));
    made.set(block.subarray(0, length - at), at);
  }
  return made;
}

/**
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array} one behind the other
 */
export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Whether two macs are the same, in a time that does not tell where they differ.
 *
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export function same(one, other) {
  let differ = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) differ |= one[at] ^ other[at];
  return differ === 0;
}
