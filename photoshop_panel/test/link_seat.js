/** A panel at the other end of a network in memory: for tests of the link. */
import assert from "node:assert/strict";

import { makeLink } from "../src/wire/link.js";
import { Clock } from "./net.js";
import { painted } from "./scripted_bridge.js";

export const JOB = "ab".repeat(16);
export const DOCUMENT = { tag: "d".repeat(32), width: 320, height: 300, channels: 3, depth: "u8" };
const RECIPE = { mode: "remove", seed: 1 };
export const ASK = { document: DOCUMENT, selection: [8, 8, 40, 30], content: null, recipe: RECIPE };
const IMAGE = painted(5, 320 * 300 * 3);
export const MASK = painted(6, 40 * 30);
export const NOBODY = "No bridge is running on port 4717. Start one in a terminal: sfumato serve";

/** A link and all that it told. */
export class Panel {
  constructor(net, more = {}) {
    this.net = net;
    this.clock = new Clock();
    this.events = [];
    this.states = [];
    this.kept = more.kept === undefined ? [...net.ports.values()][0]?.key : more.kept;
    this.ports = [];
    this.reads = 0;
    const keys = {
      load: async () => this.kept,
      save: async (id, key) => (this.kept = { id, key }),
      forget: async () => (this.kept = null),
    };
    const options = {
      about: { name: "sfumato-panel", version: "0.1.0", host: "test" },
      hosts: ["localhost"],
      port: 4717,
      keys,
      socket: net.socket,
      hear: (event) => this.hear(event),
      state: (state, text) => this.states.push([state, text]),
      ported: (port) => this.ports.push(port),
      ...more.options,
    };
    this.link = makeLink(options, this.clock);
  }

  static async open(net, more) {
    const panel = new Panel(net, more);
    await net.quiet();
    assert.deepEqual(panel.states, [["calling", ""], ["open", ""]]);
    panel.states = [];
    return panel;
  }

  hear(event) {
    this.events.push(event);
    if (["layer", "done"].includes(event.message.t)) this.link.settle(event);
  }

  fill(job = JOB, more) {
    const read = async () => ({ image: IMAGE, mask: MASK, read: (this.reads += 1) });
    this.link.begin(job, ASK, more?.dry ? null : read, more);
  }

  told(t) {
    return this.events.filter(({ message }) => message.t === t);
  }

  /** Everything that the artist gets, exactly once and whole. */
  check(bridge, count = 1, name = "") {
    assert.equal(this.told("done").length, 1, name);
    const layers = this.told("layer");
    assert.deepEqual(layers.map(({ message }) => message.index).sort(), [...Array(count).keys()], name);
    for (const { message, picture, mask } of layers) {
      assert.ok(Buffer.from(picture).equals(painted(message.index, 400 * 300 * 4)), name);
      assert.ok(Buffer.from(mask).equals(painted(message.index + 100, 400 * 300)), name);
    }
    assert.equal(this.events.indexOf(this.told("done")[0]), this.events.length - 1, name);
    const { image, mask } = bridge.uploads.get(JOB);
    assert.ok(Buffer.from(image).equals(IMAGE) && Buffer.from(mask).equals(MASK), name);
    assert.ok(!this.link.busy, name);
    for (const session of bridge.sessions.values()) assert.equal(session.unsettled.size, 0, name);
  }

  /** Close it: nothing of it may go on. */
  async close() {
    this.link.close();
    await this.net.quiet();
    assert.equal(this.clock.timers.size, 0, "a timer runs on");
    assert.ok(this.net.sockets.every((socket) => socket.readyState === 3), "a socket is open");
  }
}
