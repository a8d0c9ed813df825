/** The pairing text, as artists paste it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { readPairing } from "../src/wire/pairing.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648 by the book: bits as text. */
function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.replace(/.{1,5}/g, (five) => LETTERS[parseInt(five.padEnd(5, "0"), 2)]);
}

const SECRET = Uint8Array.from({ length: 16 }, (_, place) => 255 - 7 * place);
const TEXT = base32(SECRET);

test("the 16 bytes that were printed", () => {
  for (let one = 0; one < 50; one++) {
    const secret = Uint8Array.from(randomBytes(16));
    assert.deepEqual(readPairing(base32(secret)), { secret, port: null });
  }
  assert.deepEqual(readPairing("MZXW6YTBOJTG633CMFZGM33PMI").secret, Uint8Array.from(Buffer.from("foobarfoobarfoob")));
});

test("lower case, spaces, dashes and line ends are as good", () => {
  const parts = TEXT.match(/.{1,4}/g);
  for (const text of [TEXT.toLowerCase(), parts.join("-"), `  ${parts.join(" ")}\n`, parts.join("–"), `${TEXT}\r\n`]) {
    assert.deepEqual(readPairing(text), { secret: SECRET, port: null }, text);
  }
});

test("a port may stand behind it", () => {
  assert.deepEqual(readPairing(`${TEXT}:4718`), { secret: SECRET, port: 4718 });
  assert.deepEqual(readPairing(` ${TEXT.toLowerCase()} : 65535 `), { secret: SECRET, port: 65535 });
});

test("anything else is refused with what is wrong and what to do", () => {
  const wrong = {
    "": "it has 0 letters, expected 26",
    [TEXT.slice(1)]: "it has 25 letters, expected 26",
    [`${TEXT}A`]: "it has 27 letters, expected 26",
    [`1${TEXT.slice(1)}`]: "it has “1”; there are only A to Z and 2 to 7 in it",
    [`${TEXT.slice(0, 25)}B`]: "its last letter is another one",
    [`${TEXT}:0`]: "0 is not a port",
    [`${TEXT}:65536`]: "65536 is not a port",
  };
  for (const [text, why] of Object.entries(wrong)) {
    const message = `This is not a pairing text: ${why}. Paste what sfumato pair prints, as it is.`;
    assert.throws(() => readPairing(text), { name: "Refusal", code: "auth.pair", message }, text);
  }
  for (const text of [`${TEXT}:port`, `${TEXT}:47:17`, "https://example.org/", `${TEXT}:123456`]) {
    assert.throws(() => readPairing(text), { code: "auth.pair" }, text);
  }
});
