/** The link and a real bridge: pair, fill, and a bridge that is killed meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";

import WebSocket from "ws";

import { crc32 } from "../src/wire/crc32.js";
import { makeLink } from "../src/wire/link.js";
import { NO_BRIDGE, served } from "./real_bridge.js";

const PATIENCE = 60_000;

const SIDE = 512;
const DOCUMENT = { tag: "d".repeat(32), width: SIDE, height: SIDE, channels: 4, depth: "u16" };
const SELECTION = [100, 120, 64, 48];
const ASK = { document: DOCUMENT, selection: SELECTION, content: null, recipe: { mode: "remove", seed: 1 } };

const bridge = served();

const GROUND = [50_000, 20_000, 7_777];
const OBJECT = [3_000, 60_000, 30_000];

/** One colour with another in the selection, opaque. */
function pixelsOf([left, top, width, height]) {
  const samples = new Uint16Array(width * height * 4);
  const [x, y, w, h] = SELECTION;
  for (let at = 0; at < samples.length; at += 4) {
    const [column, row] = [left + ((at / 4) % width), top + Math.floor(at / 4 / width)];
    const inside = column >= x && column < x + w && row >= y && row < y + h;
    samples.set([...(inside ? OBJECT : GROUND), 65535], at);
  }
  return new Uint8Array(samples.buffer);
}

/** A link to the real bridge, and what it told. `cut` closes its socket under it. */
async function panel(t, options = {}) {
  const events = [];
  const states = [];
  const watched = [];
  const look = () => watched.forEach((one) => one());
  let socket = null;
  const kept = { key: await bridge.key() };
  const keys = {
    load: async () => kept.key,
    save: async (id, key) => (kept.key = { id, key }),
    forget: async () => (kept.key = null),
  };
  const link = makeLink({
    about: { name: "sfumato-panel", version: "0.1.0", host: "test" },
    hosts: ["localhost", "127.0.0.1"],
    port: bridge.port,
    keys,
    socket: (url, protocol) => (socket = new WebSocket(url, protocol, { perMessageDeflate: false })),
    hear: (event) => {
      events.push(event);
      options.hear?.(event);
      look();
    },
    state: (state, text) => {
      states.push([state, text]);
      look();
    },
  });
  t.after(() => link.close());
  const until = (condition) =>
    new Promise((resolve, reject) => {
      const heard = () => JSON.stringify([states, events.map(({ message }) => message)]);
      const late = setTimeout(() => reject(new Error(heard())), PATIENCE);
      const check = () => condition() && (clearTimeout(late), resolve(true));
      watched.push(check);
      check();
    });
  const told = (t) => events.filter(({ message }) => message.t === t);
  return { link, events, states, until, told, kept, cut: () => socket.terminate() };
}

const read = (calls) => async (want) => {
  calls.push(want);
  const mask = new Uint8Array(want.mask.box[2] * want.mask.box[3]).fill(255);
  return { image: pixelsOf(want.image.box), mask };
};

/** The layer lies where the selection was, and the object is gone: every pixel is like its surroundings. */
function check({ message, picture, mask, shape }) {
  assert.deepEqual(message.box, SELECTION);
  assert.deepEqual(shape, { width: 64, height: 48, channels: 3, depth: "u16" });
  assert.deepEqual([picture.length, picture.byteOffset, picture.buffer.byteLength], [64 * 48 * 6, 0, 64 * 48 * 6]);
  new Uint16Array(picture.buffer).forEach((sample, at) => {
    assert.ok(Math.abs(sample - GROUND[at % 3]) < 300, `${sample} instead of ${GROUND[at % 3]} at ${at}`);
  });
  assert.ok(mask === null || (mask.length === 64 * 48 && mask.every((coverage) => coverage === 255)));
}

test("a fill in a real bridge", { skip: NO_BRIDGE }, async (t) => {
  const calls = [];
  const one = await panel(t, { hear: (event) => one.link.settle(event) });
  const job = "a".repeat(32);
  one.link.askCapabilities();
  one.link.askJobs();
  one.link.begin(job, ASK, read(calls));
  await one.until(() => one.told("done").length);
  check(one.told("layer")[0]);
  assert.equal(one.told("done")[0].message.state, "ok");
  assert.equal(one.told("accepted").length, 1);
  assert.deepEqual(calls.map(({ t: type, job: name }) => [type, name]), [["want", job]]);
  await one.until(() => one.told("capabilities").length && one.told("jobs").length);
  assert.deepEqual(one.states, [["calling", ""], ["open", ""]]);
  const before = one.told("jobs").length;
  one.link.askJobs();
  await one.until(() => one.told("jobs").length > before);
  assert.deepEqual(one.told("jobs").at(-1).message.jobs, [], "what was settled is not kept");
});

test("a plan, a refusal, and a job whose picture cannot be read", { skip: NO_BRIDGE }, async (t) => {
  const one = await panel(t);
  one.link.begin("b".repeat(32), ASK, null, { dry: true });
  one.link.begin("c".repeat(32), { ...ASK, recipe: { mode: "remove", strength: 7 } }, null);
  one.link.begin("d".repeat(32), ASK, async () => ({ image: new Uint8Array(3), mask: null }));
  await one.until(() => one.told("error").length === 2);
  assert.ok(one.told("want")[0].message.plan.text);
  const codes = one.told("error").map(({ message }) => [message.job[0], message.code]).sort();
  assert.deepEqual(codes, [["c", "recipe.field"], ["d", "picture.size"]]);
  assert.ok(!one.link.busy);
});

test("a bridge that is killed while the layer comes: once, whole", { skip: NO_BRIDGE }, async (t) => {
  const calls = [];
  const one = await panel(t);
  const job = "e".repeat(32);
  one.link.begin(job, ASK, read(calls));
  await one.until(() => one.told("accepted").length);
  await bridge.kill();
  await one.until(() => one.states.at(-1)[0] === "away");
  await bridge.start();
  await one.until(() => one.told("done").length);
  assert.deepEqual(one.states.slice(1).map(([state]) => state), ["open", "away", "open"]);
  const layers = one.told("layer");
  assert.equal(layers.length, 1);
  check(layers[0]);
  const seen = crc32(layers[0].picture);

  // Not settled, it comes again after a cut, and is told no second time.
  one.cut();
  await one.until(() => one.states.at(-1)[0] === "open" && one.states.length === 6);
  one.link.askJobs();
  await one.until(() => one.told("jobs").length);
  assert.deepEqual(one.told("jobs")[0].message.jobs[0].results, [layers[0].message.result]);
  assert.equal(one.told("layer").length, 1);
  one.link.close();

  // Another start of the panel takes it over, and fetches the same pixels.
  const two = await panel(t, { hear: (event) => two.link.settle(event) });
  two.link.askJobs();
  await two.until(() => two.told("jobs").length && two.told("jobs").at(-1).message.jobs.some((known) => known.orphan));
  two.link.adopt(job);
  await two.until(() => two.told("done").length);
  check(two.told("layer")[0]);
  assert.equal(crc32(two.told("layer")[0].picture), seen);
  assert.deepEqual([calls.length, two.told("layer").length], [1, 1]);
});

test("pairing with a real bridge", { skip: NO_BRIDGE }, async (t) => {
  const text = bridge.pairing();
  assert.match(text, /^[A-Z2-7]{26}(:\d+)?$/);
  const one = await panel(t);
  await one.until(() => one.states.at(-1)[0] === "open");
  await one.link.pair(text);
  await one.until(() => one.states.length > 3 && one.states.at(-1)[0] === "open");
  assert.notEqual(one.kept.key.id, "local");
  one.link.begin("f".repeat(32), ASK, read([]));
  await one.until(() => one.told("done").length);
  check(one.told("layer")[0]);
  await assert.rejects(one.link.pair(text), { code: "auth.pair" }, "it serves once");
});
