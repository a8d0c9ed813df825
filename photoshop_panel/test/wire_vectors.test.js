/** The golden vectors, read and written again: tests/vectors/README.md. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { packControl, packData, unpack } from "../src/wire/frames.js";
import { introduce, introduceByPairing, mac } from "../src/wire/handshake.js";
import { understand } from "../src/wire/messages.js";
import { readPairing } from "../src/wire/pairing.js";

const FOLDER = new URL("../../tests/vectors/", import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -5));

const unhexed = (_, value) => (typeof value?.hex === "string" ? bytes(Buffer.from(value.hex, "hex")) : value);
const bytes = (buffer) => Uint8Array.from(buffer);
const message = (name) => bytes(readFileSync(new URL(`${name}.bin`, FOLDER)));
const meaning = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"), unhexed);
const having = (field) => NAMES.filter((name) => field in meaning(name));
/** The same without views into messages, which deepEqual tells from arrays of their own. */
const plain = (value) => JSON.parse(JSON.stringify(value, (_, one) => (ArrayBuffer.isView(one) ? [...one] : one)));

test("there are vectors of every kind", () => {
  const counts = ["control", "data", "refused", "proof"].map((field) => having(field).length);
  assert.ok(counts[0] >= 35 && counts[1] >= 4 && counts[2] >= 30 && counts[3] >= 3, String(counts));
});

for (const name of having("control")) {
  test(`${name} is read and written again`, () => {
    const { control } = meaning(name);
    const read = unpack(message(name));
    assert.deepEqual(plain(read.control), plain(control));
    assert.deepEqual(Object.keys(read.control), Object.keys(control));
    assert.deepEqual(packControl(control), message(name));
    assert.deepEqual(packControl(read.control), message(name));
  });
}

for (const name of having("data")) {
  test(`${name} is read and written again`, () => {
    const { data } = meaning(name);
    assert.deepEqual(plain(unpack(message(name)).data), plain(data));
    assert.deepEqual(packData(data.stream, data.offset, data.payload, data.last, data.crc !== null), message(name));
  });
}

/** What a client never hears: it does not look into it. */
const FOREIGN = ["refused-recipe", "refused-type"];

for (const name of having("refused").filter((one) => !FOREIGN.includes(one))) {
  test(`${name} is refused`, () => {
    const read = () => understand(unpack(message(name)).control);
    assert.throws(read, { name: "Refusal", code: meaning(name).refused });
  });
}

test("what only a newer bridge says, or only a client, is ignored", () => {
  for (const name of [...FOREIGN, "fill", "auth", "ack"]) assert.equal(understand(unpack(message(name)).control), null);
});

test("every message of a bridge is understood, as it stands", () => {
  const said = having("control").filter((name) => understand(unpack(message(name)).control));
  const types = new Set(said.map((name) => meaning(name).control.t));
  const known = ["abort", "accepted", "bye", "capabilities", "credit", "done", "error", "hello", "jobs", "layer"];
  for (const t of [...known, "paired", "ping", "pong", "preview", "progress", "stream", "want", "welcome"]) {
    assert.ok(types.has(t), t);
  }
  for (const name of said) {
    const { control } = meaning(name);
    const understood = understand(unpack(message(name)).control);
    for (const [field, value] of Object.entries(understood)) {
      if (field in control) assert.deepEqual(plain(value), plain(control[field]), `${name}.${field}`);
    }
  }
});

test("fields that are missing or null have their defaults", () => {
  const done = understand({ t: "done", n: 1, job: "a", state: "ok", missing: null, tempo: 3 });
  assert.deepEqual(done, { t: "done", n: 1, job: "a", state: "ok", results: [], missing: [], timings: {} });
  const stream = { t: "stream", s: 2, job: "a", use: "layer", picture: { width: 1, height: 1, channels: 1 }, size: 1 };
  assert.equal(understand(stream).picture.depth, "u8");
  assert.equal(understand({ t: "error", code: "internal", text: "…" }).retry, "never");
});

test("fields that are ill-typed are refused by name", () => {
  const { control } = meaning("layer");
  const wrong = {
    n: [-1, 0.5, "1", true, null],
    job: ["", "a/b", "x".repeat(65), 1, null],
    box: [[1, 2, 3], [0, 0, -1, 4], [0, 0, 1.5, 4], "box", null],
    picture: [{}, ...[{ channels: 2 }, { width: 0 }, { depth: "u9" }].map((one) => ({ ...control.picture, ...one }))],
    prompt_used: [1, null],
    recipe: [[], "x", null],
    s: [-2, "4"],
  };
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const said = { ...control, [field]: value };
      assert.throws(() => understand(said), { code: "wire.malformed", message: RegExp(`layer.${field} is`) });
    }
  }
  assert.throws(() => understand({ ...control, picture: { ...control.picture, width: 30_001 } }), /picture/);
});

const hello = understand(unpack(message("hello")).control);

test("auth and welcome are a real handshake", () => {
  for (const [name, session] of [["auth", null], ["auth-again", meaning("welcome").control.session]]) {
    const { control, proof } = meaning(name);
    const key = { id: control.key_id, key: proof.key };
    const introduction = introduce(key, control.client, proof.port, session, control.nonce);
    assert.deepEqual(plain(introduction.first(hello, message("hello"))), plain(control));
    const { session: given, ...said } = introduction.last(meaning("welcome").control);
    assert.deepEqual(plain(given), plain(meaning("welcome").control.session));
    assert.deepEqual(said, { resumed: false, version: hello.version });
  }
});

test("pair and paired are a real handshake, and give the same key", () => {
  const { control, pairing } = meaning("pair");
  const { secret, port } = readPairing(pairing.text);
  assert.equal(port, null);
  const introduction = introduceByPairing(secret, control.client, pairing.port, control.nonce);
  assert.deepEqual(plain(introduction.first(hello, message("hello"))), plain(control));
  const { control: paired, pairing: made } = meaning("paired");
  assert.deepEqual(plain(introduction.last(paired)), plain({ id: paired.key_id, key: made.key }));
});

test("a proof for another port, hello, key, or nonce is another", () => {
  const { control, proof } = meaning("auth");
  const right = [proof.key, "sfumato.v1 client", hello.nonce, control.nonce, proof.port, message("hello"), "local"];
  assert.deepEqual(mac(...right), control.mac);
  const wrong = [new Uint8Array(32), "sfumato.v1 server", control.nonce, hello.nonce, 4718, message("auth"), "locas"];
  wrong.forEach((value, place) => {
    assert.notDeepEqual(mac(...right.map((one, at) => (at === place ? value : one))), control.mac);
  });
  assert.notDeepEqual(mac(...right.map((one, at) => (at === 4 ? proof.port + 256 : one))), control.mac);
});

test("half a character leaves as a question mark, and is never read", () => {
  const texts = ["a\ud800", "\udc00b", "\ud83d\ud83d\ude00", "\ude00\ud83d"];
  const said = unpack(packControl({ t: "x", texts, deep: { "k\ud800": "😀" } })).control;
  assert.deepEqual(said.texts, ["a?", "?b", "?😀", "??"]);
  assert.equal(said.deep[Object.keys(said.deep)[0]], "😀");
});

test("a map that is too large does not leave", () => {
  assert.ok(packControl({ t: "x".repeat((64 << 10) - 6) }).length <= (64 << 10) + 24);
  assert.throws(() => packControl({ t: "x".repeat(64 << 10) }), { code: "limit.message", message: /65,?5\d\d.*65536/ });
});

test("every cut of a message is refused, and every bit that is turned is refused or another message", () => {
  for (const name of ["hello", "layer", "texts", "sizes", "numbers", "data-checked-last"]) {
    const whole = message(name);
    for (let length = 0; length < whole.length - (name.startsWith("data") ? 48 : 0); length++) {
      assert.throws(() => unpack(whole.slice(0, length)), { code: "wire.malformed" }, `${name} at ${length}`);
    }
    for (let bit = 0; bit < 8 * Math.min(whole.length, 400); bit += 3) {
      const turned = whole.slice();
      turned[bit >> 3] ^= 1 << (bit & 7);
      try {
        unpack(turned);
      } catch (why) {
        assert.equal(why.code, "wire.malformed");
      }
    }
  }
});

test("a text that is not UTF-8 is refused wherever it ends", () => {
  const wrapped = (text) => {
    const body = Uint8Array.of(0x81, 0xa0 | 1, 0x74, 0xa0 | text.length, ...text);
    const whole = packControl({ t: "" });
    const said = new Uint8Array(24 + body.length);
    said.set(whole.subarray(0, 24));
    new DataView(said.buffer).setUint32(4, body.length, true);
    said.set(body, 24);
    return said;
  };
  const wrong = [[0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80]];
  for (const text of [...wrong, [0xc3], [0x80], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc3, 0x28], [0xff]]) {
    assert.throws(() => unpack(wrapped(text)), { code: "wire.malformed" }, String(text));
  }
  for (const text of ["é", "€", "😀", "\u0000", "\uffff"]) {
    assert.equal(unpack(wrapped([...Buffer.from(text)])).control.t, text);
  }
});
