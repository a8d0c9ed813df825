/** The link, over a network in memory: fills, and cuts at every message. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ASK, DOCUMENT, JOB, MASK, Panel } from "./link_seat.js";
import { Net } from "./net.js";
import { painted, ScriptedBridge } from "./scripted_bridge.js";

const OTHER = "cd".repeat(16);

// ---- a fill ---------------------------------------------------------------------------------------------------------

test("a fill is asked, read, uploaded, and its layers come whole", async () => {
  const bridge = new ScriptedBridge();
  bridge.count = 2;
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  panel.fill();
  assert.ok(panel.link.busy);
  await net.quiet();
  panel.check(bridge, 2);
  assert.deepEqual(panel.events.map(({ message }) => message.t), ["want", "accepted", "layer", "layer", "done"]);
  await panel.close();
});

test("a fill that is begun before the link is open is said once it is", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = new Panel(net);
  panel.fill();
  panel.link.askJobs();
  await net.quiet();
  assert.equal(panel.told("jobs").length, 1);
  panel.events = panel.events.filter(({ message }) => message.t !== "jobs");
  panel.check(bridge);
  await panel.close();
});

test("a plan is asked for, and the job is over with it", async () => {
  const net = new Net(new ScriptedBridge());
  const panel = await Panel.open(net);
  panel.fill(JOB, { dry: true });
  await net.quiet();
  assert.deepEqual(panel.events.map(({ message }) => message.plan.text), ["dry"]);
  assert.ok(!panel.link.busy);
  await panel.close();
});

test("large pictures flow by credit, both ways, and no more of them lies in the socket than it may", async () => {
  const bridge = new ScriptedBridge();
  bridge.picture = { width: 2600, height: 2000, channels: 3, depth: "u8" };
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  const document = { ...DOCUMENT, width: 2500, height: 2000 };
  const image = painted(1, 2500 * 2000 * 3);
  panel.link.begin(JOB, { ...ASK, document }, async () => ({ image, mask: MASK }));
  await panel.clock.pass(100, net);
  assert.ok(Buffer.from(bridge.uploads.get(JOB).image).equals(Buffer.from(image)));
  const [layer] = panel.told("layer");
  assert.ok(Buffer.from(layer.picture).equals(painted(0, 2600 * 2000 * 3)));
  const credit = bridge.heard.filter(({ t }) => t === "credit").reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(credit >= 2600 * 2000 * 3 - (4 << 20) && credit < 2600 * 2000 * 3 + (2 << 20), `${credit} granted`);
  await panel.close();
});

test("a cancel overtakes the pixels that wait", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  panel.fill();
  net.buffered = 1 << 20; // the socket is full
  await panel.clock.pass(50, net);
  assert.deepEqual(bridge.heard.slice(-2).map(({ t }) => t), ["stream", "stream"]);
  panel.link.cancel(JOB);
  await panel.clock.pass(50, net);
  assert.deepEqual(bridge.heard.slice(-4).map(({ t }) => t), ["abort", "abort", "cancel", "ack"]);
  net.buffered = 0;
  await panel.clock.pass(50, net);
  assert.equal(panel.told("done")[0].message.state, "cancelled");
  assert.equal(bridge.uploads.size, 0);
  await panel.close();
});

test("pixels leave as the socket is emptied", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  net.buffered = 1 << 20;
  panel.fill();
  await panel.clock.pass(1000, net);
  assert.equal(bridge.uploads.size, 0);
  net.buffered = 0;
  await panel.clock.pass(10, net);
  panel.check(bridge);
  net.buffered = 1 << 20;
  panel.fill(OTHER);
  await net.quiet();
  await panel.close();
});

// ---- cuts -----------------------------------------------------------------------------------------------------------

/** How many messages cross in a whole conversation with one fill. */
async function crossing() {
  const bridge = new ScriptedBridge();
  bridge.count = 2;
  const net = new Net(bridge);
  const panel = new Panel(net);
  panel.fill();
  await panel.clock.pass(100, net);
  panel.check(bridge, 2);
  await panel.close();
  return net.crossed;
}

const happenings = {
  "and the session is there": () => {},
  "and the session is forgotten": (bridge) => bridge.forgetSessions(),
  "and the bridge was killed": (bridge) => bridge.crash(),
  "and the bridge was killed, session and all": (bridge) => {
    bridge.crash();
    bridge.forgetSessions();
  },
};
for (const [name, happen] of Object.entries(happenings)) {
  test(`a cut at every message ${name}: each layer once, whole`, async () => {
    const length = await crossing();
    assert.ok(length > 25, `${length} messages`);
    for (let at = 0; at < length; at++) {
      const bridge = new ScriptedBridge();
      bridge.count = 2;
      const net = new Net(bridge);
      net.left = at;
      const panel = new Panel(net);
      panel.fill();
      await net.quiet();
      happen(bridge);
      await panel.clock.pass(5_000, net);
      panel.check(bridge, 2, `cut at message ${at}`);
      assert.equal(panel.states.at(-1)[0], "open");
      await panel.close();
    }
  });
}

/** A small generator with a seed (mulberry32). */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("many cuts in one fill, at random: each layer once, whole", async () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = seeded(seed);
    const bridge = new ScriptedBridge();
    bridge.count = 3;
    const net = new Net(bridge);
    const panel = new Panel(net);
    panel.fill();
    for (let cut = 0; cut < 12; cut++) {
      net.left = Math.floor(random() * 25);
      await panel.clock.pass(500 * random(), net);
      if (random() < 0.2) bridge.forgetSessions();
      if (random() < 0.2) bridge.crash();
    }
    net.left = Infinity;
    await panel.clock.pass(10_000, net);
    panel.check(bridge, 3, `seed ${seed}`);
    await panel.close();
  }
});

test("only what is missing is fetched after a cut in the middle of a layer", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  panel.fill();
  while (!net.sockets[0].seat.sending.length && !bridge.jobs.get(JOB)?.results.length) await new Promise(setImmediate);
  net.cut(); // nothing but what was on its way arrives
  await panel.clock.pass(1000, net);
  panel.check(bridge);
  const fetches = bridge.heard.filter(({ t }) => t === "fetch");
  assert.deepEqual(fetches.map(({ use, from }) => [use, from]), [["layer", 0], ["layer mask", 0]]);
  await panel.close();

  const parts = new ScriptedBridge();
  const other = new Net(parts);
  const second = await Panel.open(other);
  other.left = 14;
  second.fill();
  await second.clock.pass(1000, other);
  second.check(parts);
  const rest = parts.heard.filter(({ t }) => t === "fetch").map(({ use, from }) => [use, from]);
  assert.deepEqual(rest, [["layer", 256 << 10]], "its mask and its first half had come");
  await second.close();
});
