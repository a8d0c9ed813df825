/** The text coding that is put where UXP has none: the same as node's for everything that msgpack asks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Decoder, Encoder } from "../src/photoshop/text_coding.js";

/** Overlong forms, halves of pairs, too large, cut off, and what begins nothing. */
const BROKEN = [
  [0xc0, 0x80],
  [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xe2, 0x82],
  [0xff],
];
const TEXTS = ["", "plain", "Möwe", "€ 漢字", "🎨 mixed ä", "\u0000\u007f\u0080\u07ff\u0800\uffff", "a\ud800b", "\udc00"];

test("text goes there and back as in node", () => {
  const encoder = new Encoder();
  for (const text of TEXTS) {
    const expected = new TextEncoder().encode(text);
    assert.deepEqual(encoder.encode(text), expected);
    const into = new Uint8Array(expected.length);
    assert.equal(encoder.encodeInto(text, into).written, expected.length);
    assert.deepEqual(into, expected);
    assert.equal(new Decoder().decode(expected), new TextDecoder().decode(expected));
  }
});

test("what is no UTF-8 is replaced and never read as something else", () => {
  for (const bytes of BROKEN) {
    const text = new Decoder().decode(Uint8Array.from([...bytes, 0x41]));
    assert.match(text, /^\ufffd+A$/, `${bytes}`);
  }
});

test("programs that have it keep their own", () => {
  assert.notEqual(globalThis.TextEncoder, Encoder);
  assert.notEqual(globalThis.TextDecoder, Decoder);
});
