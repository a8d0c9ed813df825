/** The link, over a network in memory: what it tells of the bridge, and when it tries again. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { JOB, NOBODY, Panel } from "./link_seat.js";
import { Net } from "./net.js";
import { ScriptedBridge } from "./scripted_bridge.js";

// ---- states ---------------------------------------------------------------------------------------------------------

test("away, and back under the same session", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  net.cut();
  await panel.clock.pass(1000, net);
  assert.deepEqual(panel.states, [["away", "The bridge is away; coming back to it."], ["open", ""]]);
  assert.equal(bridge.sessions.size, 1);
  await panel.close();
});

test("a bridge that does not come back within a minute", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  net.ports.clear();
  panel.fill();
  net.cut();
  await panel.clock.pass(59_000, net);
  assert.deepEqual(panel.states.map(([state]) => state), ["away"]);
  assert.ok(panel.link.busy);
  await panel.clock.pass(3_000, net);
  const text = `The bridge was gone for 60 s and did not come back (${NOBODY}) `;
  const next = "What it finished waits for you when it runs again.";
  assert.deepEqual(panel.states.slice(1), [["closed", text + next]]);
  assert.ok(!panel.link.busy, "what was asked was asked in vain");
  net.ports.set(4717, bridge);
  await panel.clock.pass(3_100, net);
  assert.deepEqual(panel.states.slice(2), [["open", ""]]);
  assert.equal(bridge.sessions.size, 2, "another session: what the bridge finished waits for whoever takes it");
  assert.equal(bridge.heard.filter(({ t }) => t === "fill").length, 0);
  await panel.close();
});

test("what was finished before the bridge was gone is taken over, and settled under its new numbers", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  panel.hear = (event) => panel.events.push(event);
  panel.fill();
  await net.quiet();
  const [held] = panel.told("layer");
  net.ports.clear();
  net.cut();
  await panel.clock.pass(70_000, net);
  assert.equal(panel.states.at(-1)[0], "closed");
  panel.link.settle(held); // its number is one of the session that is gone
  net.ports.set(4717, bridge);
  panel.link.askJobs();
  await net.quiet();
  assert.deepEqual(panel.told("jobs")[0].message.jobs, [{ job: JOB, orphan: true }]);
  panel.events = [];
  panel.link.adopt(JOB);
  await net.quiet();
  assert.deepEqual(panel.events.map(({ message }) => message.t), ["accepted", "done"], "the layer was settled before");
  panel.link.settle(panel.told("done")[0]);
  await net.quiet();
  for (const session of bridge.sessions.values()) assert.equal(session.unsettled.size, 0);
  await panel.close();
});

test("without a bridge it is said once and tried again in silence", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net();
  const panel = new Panel(net, { kept: bridge.key });
  await panel.clock.pass(10_000, net);
  assert.deepEqual(panel.states, [["calling", ""], ["closed", NOBODY]]);
  assert.equal(net.dialled.length, 4);
  net.ports.set(4717, bridge);
  await panel.clock.pass(3_000, net);
  assert.deepEqual(panel.states.at(-1), ["open", ""]);
  await panel.close();
});

test("a gesture without a bridge hears at once that it was in vain", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net();
  const panel = new Panel(net, { kept: bridge.key });
  await net.quiet();
  panel.fill();
  await net.quiet();
  assert.deepEqual(panel.states.slice(1), [["closed", NOBODY], ["closed", NOBODY]]);
  assert.ok(!panel.link.busy);
  panel.link.call();
  await net.quiet();
  assert.equal(panel.states.length, 4);
  net.ports.set(4717, bridge);
  panel.fill();
  await net.quiet();
  assert.deepEqual(panel.states.slice(4), [["open", ""]]);
  panel.check(bridge);
  await panel.close();
});

test("a gesture while a quiet try is under way is not lost", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net();
  const panel = new Panel(net, { kept: bridge.key });
  await net.quiet();
  const passing = panel.clock.pass(3_000, net); // the clock dials
  while (net.dialled.length < 2) await new Promise(setImmediate);
  panel.fill();
  net.ports.set(4717, bridge);
  await passing;
  panel.check(bridge);
  await panel.close();
});

test("what the guest does when it hears of a state is heard in order, and never inside a method", async () => {
  const net = new Net(new ScriptedBridge());
  const order = [];
  let inside = false;
  const panel = new Panel(net, {
    options: {
      state: (state) => {
        assert.ok(!inside);
        order.push(state);
        inside = true;
        if (state === "open") panel.link.askCapabilities();
        inside = false;
      },
      hear: ({ message }) => order.push(message.t),
    },
  });
  await net.quiet();
  assert.deepEqual(order, ["calling", "open", "capabilities"]);
  await panel.close();
});

test("a listener that fails costs no other event", async () => {
  const net = new Net(new ScriptedBridge());
  const panel = await Panel.open(net);
  panel.hear = (event) => {
    panel.events.push(event);
    if (event.message.t === "jobs") throw new Error("a fault of the guest");
  };
  panel.link.askJobs();
  panel.link.askCapabilities();
  await net.quiet();
  assert.deepEqual(panel.events.map(({ message }) => message.t), ["jobs", "capabilities"]);
  await assert.rejects(panel.clock.pass(0, net), /a fault of the guest/, "and it is seen");
  await panel.close();
});

test("two releases are told apart", async () => {
  const net = new Net(new ScriptedBridge({ version: "9.9.9" }));
  const panel = new Panel(net);
  await net.quiet();
  const text = "This panel is 0.1.0 and the bridge 9.9.9: ";
  const next = "run sfumato install photoshop again and restart Photoshop, or reload this page.";
  assert.deepEqual(panel.states[1], ["open", text + next]);
  await panel.close();
});

test("hosts are dialled in turn", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net();
  const panel = new Panel(net, { kept: bridge.key, options: { hosts: ["localhost", "127.0.0.1"] } });
  await net.quiet();
  assert.deepEqual(net.dialled, ["ws://localhost:4717/v1", "ws://127.0.0.1:4717/v1"]);
  assert.equal(net.sockets[0].protocol, "sfumato.v1");
  await panel.close();
});

test("a host that does not allow it says what to do, where none is allowed", async () => {
  const reload = "Reload the plug-in (Unload, then Load), or restart Photoshop.";
  for (const [forbidden, text] of [
    [/./, `The panel is not allowed to reach the bridge on port 4717. ${reload}`],
    [/127/, NOBODY],
    [/localhost/, NOBODY],
  ]) {
    const net = new Net();
    const socket = (url, protocol) => {
      if (forbidden.test(url)) throw new Error("Permission denied to the url. Manifest entry not found.");
      return net.socket(url, protocol);
    };
    const options = { hosts: ["localhost", "127.0.0.1"], socket };
    const panel = new Panel(net, { kept: new ScriptedBridge().key, options });
    await net.quiet();
    assert.deepEqual(panel.states[1], ["closed", text]);
    await panel.close();
  }
});

test("the same refusal by an event", async () => {
  const net = new Net();
  const socket = (url, protocol) => {
    const made = net.socket(url, protocol);
    Promise.resolve().then(() => made.onerror({ message: "Manifest entry not found" }));
    return made;
  };
  const panel = new Panel(net, { kept: new ScriptedBridge().key, options: { socket } });
  await net.quiet();
  assert.match(panel.states[1][1], /Reload the plug-in/);
  await panel.close();
});

test("an error is the end of a connection, whether a close follows or not", async () => {
  const net = new Net();
  net.later = () => {};
  const socket = (url, protocol) => {
    const made = net.socket(url, protocol);
    Promise.resolve().then(() => made.onerror({}));
    return made;
  };
  const panel = new Panel(net, { kept: new ScriptedBridge().key, options: { socket } });
  await net.quiet();
  assert.deepEqual(panel.states[1], ["closed", NOBODY]);
  panel.link.close();
});

test("a bridge that falls silent is left, one that stood still for a while is not", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  await panel.clock.pass(100_000, net);
  assert.deepEqual(panel.states, []);
  assert.equal(bridge.heard.filter(({ t }) => t === "ping").length, 5);
  bridge.dead = true;
  await panel.clock.pass(41_000, net);
  assert.deepEqual(panel.states, []);
  await panel.clock.pass(21_000, net);
  assert.deepEqual(panel.states.map(([state]) => state), ["away", "open"]);
  await panel.close();
});

test("closing sends what was said, and ends everything, whatever was under way", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  panel.hear = (event) => panel.events.push(event);
  panel.fill();
  await net.quiet();
  panel.events.forEach((event) => panel.link.settle(event));
  await panel.close();
  assert.equal([...bridge.sessions.values()][0].unsettled.size, 0);
  for (const milliseconds of [0, 1, 2_000, 30_000]) {
    const other = new Net();
    const alone = new Panel(other, { kept: bridge.key });
    await alone.clock.pass(milliseconds, other);
    await alone.close();
  }
  const early = new Panel(new Net(bridge));
  await early.close();
  assert.deepEqual(early.states, [], "nothing is told any more");
  const away = new Net(bridge);
  const cut = await Panel.open(away);
  away.ports.clear();
  away.cut();
  await cut.clock.pass(2_000, away);
  await cut.close();
});
