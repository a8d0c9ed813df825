/** The link, over a network in memory: keys, pairing, and strangers on the port. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { packControl } from "../src/wire/frames.js";
import { mac } from "../src/wire/handshake.js";
import { Panel } from "./link_seat.js";
import { Net } from "./net.js";
import { ScriptedBridge } from "./scripted_bridge.js";

const UNPAIRED = "Run sfumato pair in a terminal and paste what it prints.";
const TEXT = "YDA4FQ6EYXDMPSGJZLF4ZTOOZ4";
const SECRET = Uint8Array.from(Buffer.from("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "hex"));

// ---- keys, pairing --------------------------------------------------------------------------------------------------

test("without a key a pairing text is asked for, and nobody is dialled", async () => {
  const net = new Net(new ScriptedBridge());
  const panel = new Panel(net, { kept: null });
  await panel.clock.pass(60_000, net);
  assert.deepEqual(panel.states, [["calling", ""], ["unpaired", UNPAIRED]]);
  assert.deepEqual(net.dialled, []);
  panel.fill();
  await net.quiet();
  assert.deepEqual(panel.states.at(-1), ["unpaired", UNPAIRED]);
  assert.ok(!panel.link.busy);
  await panel.close();
});

test("keys that cannot be read, or are no keys, are none", async () => {
  const keys = { save: async () => {}, forget: async () => {} };
  const short = { id: "panel1", key: new Uint8Array(31) };
  for (const load of [() => Promise.reject(new Error("locked")), async () => short]) {
    const net = new Net(new ScriptedBridge());
    const panel = new Panel(net, { options: { keys: { ...keys, load } } });
    await net.quiet();
    assert.equal(panel.states[1][0], "unpaired");
    await panel.close();
  }
});

test("a key that the bridge does not know is forgotten", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = new Panel(net, { kept: { id: "other", key: new Uint8Array(32) } });
  await net.quiet();
  assert.deepEqual(panel.states[1], ["unpaired", `The bridge does not know this panel any more. ${UNPAIRED}`]);
  assert.equal(panel.kept, null);
  await panel.close();
});

test("a key that is revoked in the middle of a conversation", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  net.sockets[0].seat.end(4401, "auth.key", "This key was revoked.");
  await net.quiet();
  assert.deepEqual(panel.states, [["unpaired", `The bridge does not know this panel any more. ${UNPAIRED}`]]);
  assert.equal(panel.kept, null);
  await panel.close();
});

test("pairing: a key is kept, and the link opens", async () => {
  for (const [name, port, text, ports] of [
    ["the usual port", 4717, TEXT, []],
    ["a port that is named", 4718, `${TEXT.toLowerCase()}:4718`, [4718]],
  ]) {
    const bridge = new ScriptedBridge({ port });
    bridge.pairings.add(SECRET);
    const net = new Net(bridge);
    const panel = new Panel(net, { kept: null });
    await net.quiet();
    const pairing = panel.link.pair(text);
    await net.quiet();
    await pairing;
    await net.quiet();
    assert.deepEqual(panel.states.slice(2), [["open", ""]], name);
    assert.deepEqual(panel.kept, { id: "made1", key: bridge.keys.get("made1") });
    assert.deepEqual(panel.ports, ports);
    assert.equal(panel.kept.key.length, 32);
    panel.fill();
    await net.quiet();
    panel.check(bridge);
    await panel.close();
  }
});

test("pairing anew while it is open goes on under the new key, also where the bridge forgets to hang up", async () => {
  const bridge = new ScriptedBridge();
  bridge.pairings.add(SECRET);
  const connect = bridge.connect.bind(bridge);
  bridge.connect = ({ send }) => connect({ send, close: () => {} });
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  const pairing = panel.link.pair(TEXT);
  await net.quiet();
  await pairing;
  await net.quiet();
  assert.deepEqual(panel.states.map(([state]) => state), ["away", "open"]);
  assert.deepEqual(bridge.heard.filter(({ t }) => t === "auth").map((auth) => auth.key_id), ["panel1", "made1"]);
  assert.deepEqual(net.sockets.map((socket) => socket.readyState), [3, 3, 1]);
  await panel.close();
});

test("a refusal of the old key that comes after the pairing costs nothing", async () => {
  const bridge = new ScriptedBridge();
  bridge.pairings.add(SECRET);
  const net = new Net(bridge);
  const connect = bridge.connect.bind(bridge);
  let release;
  bridge.connect = (peer) => {
    bridge.connect = connect;
    const seat = connect(peer);
    const { greet } = seat;
    seat.greet = (said) => (release = () => greet.call(seat, said));
    return seat;
  };
  const panel = new Panel(net, { kept: { id: "other", key: new Uint8Array(32) } });
  await net.quiet();
  const pairing = panel.link.pair(TEXT);
  await net.quiet();
  await pairing;
  release();
  await net.quiet();
  assert.deepEqual(panel.states, [["calling", ""], ["open", ""]]);
  assert.equal(panel.kept.id, "made1");
  await panel.close();
});

test("a text without a port finds a bridge that went back to the usual one", async () => {
  const bridge = new ScriptedBridge();
  bridge.pairings.add(SECRET);
  const net = new Net(bridge);
  const panel = new Panel(net, { kept: null, options: { port: 4720 } });
  await net.quiet();
  const pairing = panel.link.pair(TEXT);
  await net.quiet();
  await pairing;
  await net.quiet();
  assert.deepEqual([panel.ports, panel.states.at(-1)], [[4717], ["open", ""]]);
  await panel.close();
});

test("a pairing that is refused says why, and changes nothing", async () => {
  const cases = [
    ["too short", TEXT, "auth.pair", /^This is not a pairing text/],
    [TEXT, TEXT, "auth.pair", /^The pairing text is not known or too old: run sfumato pair again\.$/],
    [`${TEXT}:4799`, TEXT, "job.lost", /^No bridge is running on port 4799/],
  ];
  for (const [text, , code, message] of cases) {
    const net = new Net(new ScriptedBridge());
    const panel = new Panel(net, { kept: null });
    await net.quiet();
    await assert.rejects(panel.link.pair(text), { name: "Refusal", code, message });
    assert.deepEqual([panel.states.length, panel.kept, panel.ports], [2, null, []]);
    await panel.close();
  }
});

test("a key that cannot be kept still serves until the panel is closed", async () => {
  const bridge = new ScriptedBridge();
  bridge.pairings.add(SECRET);
  const net = new Net(bridge);
  const fails = () => Promise.reject(new Error("locked"));
  const panel = new Panel(net, { options: { keys: { load: fails, save: fails, forget: fails } } });
  await net.quiet();
  const pairing = panel.link.pair(TEXT);
  await net.quiet();
  await pairing;
  net.cut();
  await panel.clock.pass(1_000, net);
  assert.equal(panel.states.at(-1)[0], "open");
  await panel.close();
});

// ---- strangers ------------------------------------------------------------------------------------------------------

const STRANGER =
  "Something answers on port 4717, but it is not your bridge; nothing was sent to it. " +
  "End that program, or start the bridge on another port: sfumato serve --port 4718";

test("a stranger on the port is left before it hears a word", async () => {
  const bridge = new ScriptedBridge();
  const real = bridge.key;
  bridge.keys.set(bridge.id, new Uint8Array(32));
  const connect = bridge.connect.bind(bridge);
  bridge.connect = (peer) => {
    const seat = connect(peer);
    seat.greet = function () {
      this.open = true; // it takes every proof, and makes up its own
      this.say({ t: "welcome", mac: new Uint8Array(32), session: new Uint8Array(16), resumed: false });
    };
    return seat;
  };
  const net = new Net(bridge);
  const panel = new Panel(net, { kept: real });
  panel.fill();
  await panel.clock.pass(2_000, net);
  assert.deepEqual(panel.states, [["calling", ""], ["closed", STRANGER]]);
  assert.deepEqual(bridge.heard.map(({ t }) => t), ["auth"]);
  await panel.close();
});

test("a stranger that takes any pairing text gives no key", async () => {
  const bridge = new ScriptedBridge();
  const connect = bridge.connect.bind(bridge);
  bridge.connect = (peer) => {
    const seat = connect(peer);
    seat.pair = () => seat.say({ t: "paired", key_id: "a", mac: new Uint8Array(32) });
    return seat;
  };
  const panel = new Panel(new Net(bridge), { kept: null });
  await panel.net.quiet();
  await assert.rejects(panel.link.pair(TEXT), { name: "Refusal", code: "auth.failed", message: STRANGER });
  assert.deepEqual([panel.kept, panel.states.length], [null, 2]);
  await panel.close();
});

test("a relay on another port is refused by both sides", async () => {
  const bridge = new ScriptedBridge({ port: 4999 });
  const net = new Net(bridge);
  net.ports.set(4717, bridge); // whoever dials 4717 is passed on to 4999
  const panel = new Panel(net, { kept: bridge.key });
  await net.quiet();
  assert.deepEqual(panel.states[1], ["closed", "Could not prove it."]);
  await panel.close();

  // Even where a bridge took the panel's word, its own proof is for the port that it listens on.
  for (const [port, state, text] of [[4999, "closed", STRANGER], [4717, "open", ""]]) {
    const connect = (peer) => {
      const seat = bridge.connect(peer);
      seat.greet = ({ nonce, key_id: id }) => {
        const proof = mac(bridge.keys.get(id), "sfumato.v1 server", seat.nonce, nonce, port, seat.hello, id);
        seat.say({ t: "welcome", mac: proof, session: new Uint8Array(16), resumed: false });
      };
      return seat;
    };
    const second = new Panel(new Net({ port: 4717, connect }), { kept: bridge.key });
    await second.net.quiet();
    assert.deepEqual(second.states.at(-1), [state, text]);
    await second.close();
  }
});

test("what does not speak the protocol is said", async () => {
  const cases = [
    [packControl({ t: "ping", at: 1 }), /does not speak/],
    [new Uint8Array(30), /could not be read/],
    [packControl({ t: "error", code: "auth.version", text: "Update the panel." }), /^Update the panel\.$/],
  ];
  for (const [first, text] of cases) {
    const stranger = { port: 4717, connect: ({ send }) => ({ ...send(first), receive() {} }) };
    const panel = new Panel(new Net(stranger), { kept: new ScriptedBridge().key });
    await panel.clock.pass(100, panel.net);
    assert.equal(panel.states[1][0], "closed");
    assert.match(panel.states[1][1], text);
    await panel.close();
  }
});

test("a bridge of another version is told from the panel's", async () => {
  for (const [protocol, text] of [
    [[2, 3], "The bridge speaks protocol 3, this panel 1. Update the panel."],
    [[0, 0], "The bridge speaks protocol 0, this panel 1. Update the bridge."],
  ]) {
    const bridge = new ScriptedBridge();
    bridge.protocol = protocol;
    const panel = new Panel(new Net(bridge));
    await panel.net.quiet();
    assert.deepEqual(panel.states[1], ["closed", text]);
    assert.deepEqual(bridge.heard, []);
    await panel.close();
  }
});

test("what listens and says nothing is a stranger, before and after the websocket opens", async () => {
  const mute = { port: 4717, connect: () => ({ receive() {} }) };
  const panel = new Panel(new Net(mute), { kept: new ScriptedBridge().key });
  await panel.clock.pass(10_100, panel.net);
  assert.deepEqual(panel.states[1], ["closed", STRANGER]);
  await panel.close();
  const net = new Net();
  net.later = () => {};
  const second = new Panel(net, { kept: new ScriptedBridge().key });
  await second.clock.pass(5_100, net);
  assert.deepEqual(second.states[1], ["closed", STRANGER]);
  second.link.close();
});

test("a session that was opened elsewhere is not fought for", async () => {
  const bridge = new ScriptedBridge();
  const net = new Net(bridge);
  const panel = await Panel.open(net);
  net.sockets[0].drop(4409, "auth.elsewhere");
  await net.quiet();
  assert.deepEqual(panel.states, [["closed", "This session was opened elsewhere; this connection ends."]]);
  await panel.clock.pass(3_100, net);
  assert.deepEqual([bridge.heard.at(-1).session, bridge.sessions.size], [undefined, 2], "a session of its own");
  await panel.close();
});
