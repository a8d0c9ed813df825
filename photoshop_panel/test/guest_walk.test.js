/**
 * A seeded walk over everything at once: gestures, an artist who changes their mind, documents that close, a host that
 * is slow or busy or fails, a bridge that is cut or killed. Whatever happens, each layer that was painted is put
 * somewhere once, or was discarded by the artist, and never into another document.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Board } from "./board.js";
import { FakeBridge } from "./fake_link.js";
import { Seat, turn } from "./seat.js";

const WALKS = Number(globalThis.process.env.SFUMATO_WALKS || 50);
const STEPS = 200;

/** Mulberry32: numbers from 0 to 1. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Small documents: only their ways matter here. */
function small() {
  const board = new Board(12, 10);
  board.select([3, 2, 4, 3]);
  return board;
}

class Walk {
  constructor(seed) {
    this.random = dice(seed);
    this.bridge = new FakeBridge({ quick: false });
    this.store = new Map();
    this.boards = [small(), small()];
    this.waiting = [];
    this.free = null;
    this.sit();
  }

  /** Somebody sits down: at first, and after the panel was closed. */
  sit() {
    this.seat = new Seat(this.boards, { bridge: this.bridge, store: this.store });
    this.guest = this.seat.guest;
    this.desk = this.seat.desk;
    this.desk.pause = () => new Promise((go) => this.waiting.push(go));
    this.seats = [...(this.seats || []), this.seat];
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  get front() {
    return this.desk.front;
  }

  step() {
    const { bridge, desk, front, guest, seat } = this;
    const chances = {
      answer: [20, () => this.hear(3)],
      all: [4, () => this.hear(99)],
      bridge: [20, () => bridge.step()],
      gesture: [5, () => guest[this.pick(["go", "remove", "again", "vary", "refine", "editSettings", "expand"])]()],
      type: [2, () => this.type({ prompt: this.pick(["", "roof", "sky"]), count: this.pick([1, 1, 2, 3]) })],
      sample: [1, () => this.type({ sample: this.pick(["all", "below", "current"]) })],
      cancel: [0.4, () => this.pick([guest.cancel, guest.cancelAll])()],
      choose: [1, () => seat.view?.tiles.length && guest.choose(this.pick(seat.view.tiles).key)],
      offer: [3, () => this.reply()],
      select: [1, () => front.select(this.pick([null, [3, 2, 4, 3], [0, 0, 5, 5]]))],
      layer: [1, () => (front.selected = [this.pick(front.layers).id])],
      undo: [1, () => front.past.length && front.undo()],
      resize: [0.6, () => front.resize(front.width + this.pick([0, 3]), front.height, this.pick([0, 2]), 0)],
      trouble: [0.3, () => (front.floating = true)],
      fault: [0.3, () => (front.fault = new Error("no memory"))],
      well: [1.5, () => Object.assign(front, { floating: false, fault: null })],
      turn: [1.5, () => (desk.front = this.pick(this.desk.boards.filter((one) => !one.closed)) || null)],
      close: [0.3, () => this.desk.boards.filter((one) => !one.closed).length > 1 && (front.closed = true)],
      look: [3, () => desk.changed()],
      busy: [this.free ? 1.5 : 0.4, () => this.toggle()],
      kill: [bridge.up ? 0.2 : 1.5, () => (bridge.up ? bridge.kill() : bridge.start())],
      cut: [seat.link.now === "open" ? 0.3 : 0, () => seat.link.cut()],
      back: [seat.link.now === "away" ? 1.5 : 0, () => seat.link.back()],
      leave: [0.2, () => this.leave()],
    };
    let at = this.random() * Object.values(chances).reduce((sum, [chance]) => sum + chance, 0);
    for (const [name, [chance, act]] of Object.entries(chances)) {
      at -= chance;
      if (at > 0) continue;
      if (front || !["select", "layer", "undo", "resize", "trouble", "fault", "well", "close"].includes(name)) act();
      return name;
    }
    return "";
  }

  type(fields) {
    if (this.seat.view) this.seat.edit(fields);
  }

  /** The host answers to some of what it was asked, in any order. */
  hear(count) {
    for (let left = count; left > 0 && this.waiting.length; left--) {
      this.waiting.splice(Math.floor(this.random() * this.waiting.length), 1)[0]();
    }
  }

  toggle() {
    if (this.free) this.free();
    this.free = this.free ? null : this.desk.busy();
  }

  reply() {
    const offer = this.seat.view && this.pick(this.seat.view.offers);
    if (offer) this.guest.answer(offer.key, this.pick(offer.answers)[0]);
  }

  /** The panel is closed, and opened again. What the host was doing for it is done with. */
  leave() {
    if (this.free) this.toggle();
    this.guest.close();
    this.desk.pause = async () => Promise.reject(new Error("the panel is gone"));
    this.waiting.splice(0).forEach((go) => go());
    this.boards = this.desk.boards;
    this.sit();
  }

  /** Everything is well again: the artist answers what is asked, until nothing is. */
  async end() {
    if (this.free) this.toggle();
    for (const board of this.desk.boards) Object.assign(board, { floating: false, fault: null });
    Object.assign(this.desk, { fault: null });
    this.desk.pause = async () => {};
    this.waiting.splice(0).forEach((go) => go());
    if (!this.bridge.up) this.bridge.start();
    if (this.seat.link.now === "away") this.seat.link.back();
    this.bridge.quick = true;
    for (const _ of [...this.bridge.todo]) setImmediate(() => this.bridge.step());
    for (let rounds = 0; rounds < 40; rounds++) {
      await this.seat.done();
      this.seat.link.askJobs();
      await this.seat.done();
      const fronts = this.desk.boards.filter((one) => !one.closed);
      this.desk.front = this.pick(fronts);
      await this.seat.done();
      const asked = this.seat.view.offers.filter((one) => /^(held|waits)/.test(one.key));
      for (const one of asked) this.guest.answer(one.key, one.answers[0][0]);
      if (!asked.length && !this.bridge.list().length && rounds > 4) return;
    }
    assert.fail(`it is never over: ${JSON.stringify([this.bridge.list(), this.seat.view.offers])}`);
  }

  check() {
    const unwanted = this.bridge.told.settled.filter(([, , state]) => state === "discarded");
    const discarded = new Set(unwanted.map(([, name]) => name));
    const opened = new Set(this.seats.flatMap((one) => one.desk.opened));
    const boards = [...new Set([...this.seats.flatMap((one) => one.desk.boards), ...opened])];
    let layers = 0;
    for (const { ask, layers: made } of this.bridge.jobs.values()) {
      for (const { event, settled } of made) {
        layers += 1;
        const { result, name } = event.message;
        const put = boards.flatMap((one) => one.puts.filter((name) => name === result).map(() => one));
        assert.ok(settled, `${name} was never settled`);
        assert.ok(put.length < 2, `${name} was put ${put.length} times`);
        assert.ok(put.length || discarded.has(result), `${name} is nowhere, and nobody discarded it`);
        assert.ok(!put.length || !discarded.has(result), `${name} was put and told to be discarded`);
        const home = put.every((one) => opened.has(one) || one.tagged === ask.document.tag);
        assert.ok(home, `${name} was put into another document`);
      }
    }
    for (const view of this.seat.views) assert.doesNotMatch(view.error, /TypeError|ReferenceError|undefined|NaN/);
    assert.deepEqual(this.bridge.faults, []);
    return layers;
  }
}

test(`${WALKS} walks of ${STEPS} steps: each layer once, in its document, or discarded by the artist`, async () => {
  let layers = 0;
  for (let seed = 1; seed <= WALKS; seed++) {
    const walk = new Walk(seed);
    const trace = [];
    try {
      for (let steps = 0; steps < STEPS; steps++) {
        trace.push(walk.step());
        if (walk.random() < 0.6) await turn();
      }
      await walk.end();
      layers += walk.check();
    } catch (why) {
      why.message = `walk ${seed}: ${why.message}\n${trace.join(" ")}`;
      throw why;
    }
  }
  assert.ok(layers > WALKS * 4, `only ${layers} layers were painted`);
});
