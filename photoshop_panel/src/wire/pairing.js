import { refuse } from "./refusal.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648, section 6
const LENGTH = 26;

/**
 * Read what `sfumato pair` printed: 26 base32 letters, which may be lower case and set apart by spaces or dashes, and
 * `:port` where the bridge does not listen on the usual one. Throws a Refusal `auth.pair`.
 *
 * @param {string} text
 * @returns {{ secret: Uint8Array, port: number | null }} 16 bytes
 */
export function readPairing(text) {
  const [, said, number] = /^([^:]*)(?::\s*(\d{1,5}))?\s*$/.exec(text) ?? ["", text, undefined];
  const letters = said.replace(/[\s\u2010-\u2015-]/g, "").toUpperCase();
  const port = number === undefined ? null : Number(number);
  if (port !== null && (port < 1 || port > 65535)) throw wrong(`${port} is not a port`);
  if (letters.length !== LENGTH) throw wrong(`it has ${letters.length} letters, expected ${LENGTH}`);
  const strange = [...letters].find((letter) => !LETTERS.includes(letter));
  if (strange) throw wrong(`it has “${strange}”; there are only A to Z and 2 to 7 in it`);
  const secret = new Uint8Array(16);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of letters) {
    held = ((held << 5) | LETTERS.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) secret[at++] = (held >> (bits -= 8)) & 0xff;
  }
  if (held & 3) throw wrong("its last letter is another one"); // 130 bits hold 128: the rest is 0
  return { secret, port };
}

/** @param {string} why */
function wrong(why) {
  return refuse("auth.pair", `This is not a pairing text: ${why}. Paste what sfumato pair prints, as it is.`);
}
