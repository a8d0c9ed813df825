/** What is hashed, against the vectors of the standards. */
import assert from "node:assert/strict";
import { createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { test } from "node:test";

import { crc32 } from "../src/wire/crc32.js";
import { hkdf, hmac, joined, same, sha256 } from "../src/wire/sha256.js";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const unhex = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const ascii = (text) => Uint8Array.from(Buffer.from(text, "latin1"));

test("SHA-256 of RFC 6234", () => {
  const cases = [
    ["abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
    [
      "0123456701234567012345670123456701234567012345670123456701234567",
      10,
      "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5",
    ],
    ["\x19", 1, "68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4"],
    [
      "\xe3\xd7\x25\x70\xdc\xdd\x78\x7c\xe3\x88\x7a\xb2\xcd\x68\x46\x52",
      1,
      "175ee69b02ba9b58e2b0a5fd13819cea573f3940a94f825128cf4209beabb4e8",
    ],
  ];
  for (const [text, times, digest] of cases) assert.equal(hex(sha256(ascii(text.repeat(times)))), digest);
});

test("SHA-256 of every length around the edges of its blocks", () => {
  for (let length = 0; length < 200; length++) {
    const text = randomBytes(length);
    assert.equal(hex(sha256(text)), createHash("sha256").update(text).digest("hex"), `${length} bytes`);
  }
});

test("HMAC of RFC 4231", () => {
  const cases = [
    ["0b".repeat(20), hex(ascii("Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [
      hex(ascii("Jefe")),
      hex(ascii("what do ya want for nothing?")),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    ["aa".repeat(20), "dd".repeat(50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
    [
      "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cd".repeat(50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ],
    [
      "aa".repeat(131),
      hex(ascii("Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ];
  for (const [key, text, mac] of cases) assert.equal(hex(hmac(unhex(key), unhex(text))), mac);
  for (const length of [0, 63, 64, 65]) {
    const key = randomBytes(length);
    assert.equal(hex(hmac(key, ascii("text"))), createHmac("sha256", key).update("text").digest("hex"));
  }
});

test("HKDF of RFC 5869", () => {
  const cases = [
    [
      ["0b".repeat(22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42],
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ],
    [
      ["0b".repeat(22), "", "", 42],
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ],
  ];
  for (const [[secret, salt, info, length], made] of cases) {
    assert.equal(hex(hkdf(unhex(secret), unhex(salt), unhex(info), length)), made);
  }
  const [secret, salt, info] = [randomBytes(16), randomBytes(64), randomBytes(30)];
  for (const length of [1, 31, 32, 33, 100]) {
    assert.equal(hex(hkdf(secret, salt, info, length)), hex(hkdfSync("sha256", secret, salt, info, length)));
  }
});

test("two macs are the same only in every byte", () => {
  const one = sha256(ascii("a"));
  assert.ok(same(one, one.slice()));
  for (const place of [0, 15, 31]) {
    const other = one.slice();
    other[place] ^= 1;
    assert.ok(!same(one, other));
  }
  assert.ok(!same(one, one.subarray(0, 31)) && !same(one.subarray(0, 31), one) && !same(one, new Uint8Array(0)));
});

test("what is joined lies one behind the other", () => {
  assert.deepEqual(joined(ascii("ab"), new Uint8Array(0), ascii("c")), ascii("abc"));
});

test("CRC-32 is that of zlib", () => {
  assert.equal(crc32(ascii("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array(0)), 0);
  assert.equal(crc32(unhex("000102030405060708090a0b0c0d0e0f").subarray(1)), 0xf5a6aa3a);
});
