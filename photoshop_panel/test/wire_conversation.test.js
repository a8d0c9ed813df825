/** The rules of one connection: who may say what, streams and their credit, what leaves first. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation } from "../src/wire/conversation.js";
import { packControl, packData, unpack } from "../src/wire/frames.js";
import { CHUNK, CREDIT } from "../src/wire/limits.js";
import { Outbox } from "../src/wire/outbox.js";

const MIB = 1 << 20;
const JOB = "ab".repeat(16);
const HELLO = { t: "hello", protocol: [1, 1], version: "0.1.0", nonce: new Uint8Array(32) };
const PING = { t: "ping", at: 1.5 };

/** A handshake that believes everything. */
const BELIEVING = { awaits: "welcome", first: () => ({ t: "auth" }), last: () => "opened" };

/** A conversation that is open. */
function opened() {
  const conversation = new Conversation(BELIEVING);
  hear(conversation, HELLO, { t: "welcome", mac: new Uint8Array(32), session: new Uint8Array(16), resumed: false });
  assert.deepEqual(left(conversation.outbox).map(short), ["auth"]);
  return conversation;
}

/** What some messages say, maps or bytes. */
const hear = (conversation, ...messages) =>
  messages.map((one) => conversation.receive(one instanceof Uint8Array ? one : packControl(one)));

/** All that may leave. */
function left(outbox) {
  const all = [];
  for (let message = outbox.take(true); message; message = outbox.take(true)) all.push(unpack(message));
  return all;
}

const short = ({ control, data }) =>
  data ? `data ${data.stream}` : [control.t, control.s, control.bytes].filter((one) => one !== undefined).join(" ");

function stream(s, size, more = {}) {
  const picture = { width: size / 1024, height: 1024, channels: 1, depth: "u8" };
  return { t: "stream", s, job: JOB, use: "layer", picture, size, ...more };
}

function data(s, offset, size, last = false, checked = false) {
  return packData(s, offset, new Uint8Array(size), last, checked);
}

// ---- handshake ------------------------------------------------------------------------------------------------------

test("nothing but the proof leaves before the bridge proved itself", () => {
  const conversation = new Conversation(BELIEVING);
  hear(conversation, HELLO);
  assert.deepEqual(left(conversation.outbox).map(short), ["auth"]);
  assert.equal(conversation.opened, null);
  const paired = { t: "paired", key_id: "a", mac: new Uint8Array(32) };
  for (const message of [HELLO, PING, paired, data(2, 0, 5, true)]) {
    assert.throws(() => hear(conversation, message), { code: "wire.malformed", message: /does not speak/ });
  }
  assert.deepEqual(left(conversation.outbox), []);
});

test("a bridge says hello first", () => {
  const conversation = new Conversation(BELIEVING);
  const welcome = { t: "welcome", mac: new Uint8Array(32), session: new Uint8Array(16), resumed: false };
  assert.throws(() => hear(conversation, welcome), { code: "wire.malformed" });
});

test("the proof is made of the message as it came", () => {
  let heard = null;
  const message = packControl({ ...HELLO, news: "a field of tomorrow" });
  const first = (hello, bytes) => ((heard = bytes), { t: "auth" });
  const conversation = new Conversation({ awaits: "welcome", first, last: () => 1 });
  conversation.receive(message);
  assert.deepEqual(heard, message);
});

// ---- an open conversation -------------------------------------------------------------------------------------------

test("a ping is answered, what nobody knows is ignored", () => {
  const conversation = opened();
  assert.deepEqual(hear(conversation, PING, { t: "sing" }, { t: "credit", s: 99, bytes: 5 }), [null, null, null]);
  const [{ control }] = left(conversation.outbox);
  assert.deepEqual(control, { t: "pong", at: 1.5 });
});

test("a text, and what cannot be read, end it", () => {
  assert.throws(() => opened().receive("hello"), { code: "wire.text" });
  assert.throws(() => opened().receive(new Uint8Array(0)), { code: "wire.malformed" });
  assert.throws(() => hear(opened(), { t: "credit", s: 1 }), { code: "wire.malformed", message: /credit\.bytes/ });
});

test("pixels come with their place", () => {
  const conversation = opened();
  hear(conversation, stream(2, 4096));
  const [first, last] = hear(conversation, data(2, 0, 1000), data(2, 1000, 3096, true, true));
  assert.deepEqual([first.t, first.offset, first.payload.length, first.complete], ["pixels", 0, 1000, false]);
  assert.deepEqual([last.offset, last.payload.length, last.complete, last.stream.s], [1000, 3096, true, 2]);
  assert.deepEqual(hear(conversation, data(2, 4096, 1)), [null], "what comes behind them is dropped silently");
  assert.deepEqual(left(conversation.outbox), []);
});

const damaged = {
  "a hole": [data(2, 1001, 10)],
  "the same once more": [data(2, 0, 1000)],
  "more than announced": [data(2, 1000, 3097, true)],
  "last too early": [data(2, 1000, 1000, true)],
  "not last at the end": [data(2, 1000, 3096)],
  "a wrong checksum": [
    (() => {
      const message = data(2, 1000, 100, false, true);
      message[30] ^= 1;
      return message;
    })(),
  ],
};
for (const [name, [message]] of Object.entries(damaged)) {
  test(`a stream that is damaged dies, the conversation lives: ${name}`, () => {
    const conversation = opened();
    hear(conversation, stream(2, 4096), data(2, 0, 1000));
    assert.deepEqual(hear(conversation, message), [{ t: "abort", s: 2 }]);
    assert.deepEqual(left(conversation.outbox).map(short), ["abort 2"]);
    assert.deepEqual(hear(conversation, data(2, 1000, 3096, true)), [null], "the rest is dropped silently");
    assert.deepEqual(left(conversation.outbox), []);
    const [, next] = hear(conversation, stream(4, 4096, { from: 1000 }), data(4, 1000, 3096, true));
    assert.ok(next.complete);
  });
}

test("pixels that nobody announced are not wanted", () => {
  const conversation = opened();
  assert.deepEqual(hear(conversation, data(4, 0, 10), data(3, 0, 10)), [null, null]);
  assert.deepEqual(left(conversation.outbox).map(short), ["abort 4", "abort 3"]);
});

test("pixels of a stream that was aborted are dropped silently", () => {
  const conversation = opened();
  hear(conversation, stream(2, 4096), { t: "abort", s: 2 });
  assert.deepEqual(hear(conversation, data(2, 0, 4096, true)), [null]);
  assert.deepEqual(left(conversation.outbox), []);
});

test("streams whose numbers or sizes cannot be end it", () => {
  const wrong = [stream(3, 4096), stream(2, 4096), stream(4, 4097), stream(4, 4096, { from: 4097 })];
  for (const said of wrong) {
    const conversation = opened();
    hear(conversation, stream(2, 4096));
    assert.throws(() => hear(conversation, { ...said, picture: stream(2, 4096).picture }), { code: "wire.malformed" });
  }
});

test("a full window is granted again when half of it is used up", () => {
  const conversation = opened();
  const size = 10 * MIB;
  hear(conversation, stream(2, size));
  const granted = [];
  for (let offset = 0; offset < size; offset += CHUNK) {
    hear(conversation, data(2, offset, CHUNK, offset + CHUNK === size));
    granted.push(...left(conversation.outbox).map((one) => [(offset + CHUNK) / MIB, one.control.bytes / MIB]));
  }
  assert.deepEqual(granted, [[2, 2], [4, 2], [6, 2]], "what is left has credit already");
});

test("more than was granted kills the stream", () => {
  const conversation = opened();
  hear(conversation, stream(2, 16 * MIB, { from: 8 * MIB }));
  conversation.arriving.get(2).grant = () => 0; // a bridge that goes on without it
  for (let offset = 8 * MIB; offset < 8 * MIB + CREDIT; offset += CHUNK) {
    assert.equal(hear(conversation, data(2, offset, CHUNK))[0].t, "pixels");
  }
  assert.equal(hear(conversation, data(2, 8 * MIB + CREDIT, 1))[0].t, "abort");
});

// ---- what leaves ----------------------------------------------------------------------------------------------------

const picture = (size) => ({ width: size / 1024, height: 1024, channels: 1, depth: "u8" });

test("streams are announced, and their pixels leave in turn, control before them", () => {
  const outbox = new Outbox();
  for (const job of ["a", "b"]) outbox.stream(job, "image", picture(MIB), new Uint8Array(MIB));
  const taken = [outbox.take(true), outbox.take(true), outbox.take(true), outbox.take(true)].map(unpack).map(short);
  assert.deepEqual(taken, ["stream 1", "stream 3", "data 1", "data 3"]);
  outbox.say(PING);
  const rest = left(outbox);
  const turns = Array(3).fill(["data 1", "data 3"]).flat();
  assert.deepEqual(rest.map(short), ["ping", ...turns]);
  const ends = rest.slice(-2).map((one) => [one.data.offset, one.data.last]);
  assert.deepEqual(ends, Array(2).fill([MIB - CHUNK, true]));
});

test("without room for pixels only control leaves", () => {
  const outbox = new Outbox();
  outbox.stream("a", "image", picture(MIB), new Uint8Array(MIB));
  assert.equal(short(unpack(outbox.take(false))), "stream 1");
  assert.equal(outbox.take(false), null);
  assert.ok(outbox.waiting);
});

test("no more leaves than there is credit for", () => {
  const pixels = Uint8Array.from({ length: 5 * MIB }, (_, place) => place % 251);
  const outbox = new Outbox();
  outbox.stream("a", "image", picture(5 * MIB), pixels);
  const [, ...first] = left(outbox);
  assert.equal(first.reduce((sum, one) => sum + one.data.payload.length, 0), CREDIT);
  assert.ok(!outbox.waiting);
  outbox.credit(3, 1000);
  assert.deepEqual(left(outbox), []);
  outbox.credit(1, 100);
  const [some] = left(outbox);
  assert.deepEqual([some.data.offset, some.data.payload.length, some.data.last], [CREDIT, 100, false]);
  outbox.credit(1, CREDIT);
  const rest = left(outbox);
  assert.ok(rest.at(-1).data.last);
  const whole = Buffer.concat([...first, some, ...rest].map((one) => one.data.payload));
  assert.ok(whole.equals(Buffer.from(pixels)));
});

test("a stream that is refused stops, a job that is forgotten says so", () => {
  const outbox = new Outbox();
  for (const job of ["a", "a", "b"]) outbox.stream(job, "image", picture(MIB), new Uint8Array(MIB));
  outbox.take(true);
  outbox.stop(1);
  outbox.forget("a");
  const rest = left(outbox).map(short);
  assert.deepEqual(rest.slice(0, 3), ["stream 3", "stream 5", "abort 3"]);
  assert.deepEqual(new Set(rest.slice(3)), new Set(["data 5"]));
});

test("an error or an abort of the bridge stops its stream", () => {
  const refused = { t: "error", code: "wire.crc", text: "…", retry: "now", s: 1, job: JOB };
  for (const [message, heard] of [[refused, "error"], [{ t: "abort", s: 1 }, "abort"]]) {
    const conversation = opened();
    conversation.outbox.stream(JOB, "image", picture(MIB), new Uint8Array(MIB));
    assert.equal(hear(conversation, message)[0].t, heard);
    assert.deepEqual(left(conversation.outbox).map(short), ["stream 1"]);
  }
});

test("whoever sends is woken by everything that may leave", () => {
  const outbox = new Outbox();
  let woken = 0;
  outbox.wake = () => (woken += 1);
  outbox.say(PING);
  outbox.stream("a", "image", picture(5 * MIB), new Uint8Array(5 * MIB));
  outbox.credit(1, 5);
  assert.equal(woken, 3);
});
