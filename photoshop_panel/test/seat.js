/** A seat without a window: a real guest, documents in memory, a bridge in memory. */
import assert from "node:assert/strict";
import { makeGuest } from "../src/guest/guest.js";
import { memoryOf } from "../src/guest/recall.js";
import { Board } from "./board.js";
import { Desk } from "./desk.js";
import { FakeBridge } from "./fake_link.js";

export const SELECTION = [60, 50, 40, 30];
export const PROMPT = "a red roof";

/** A board of which a part is selected. */
export function selected(box = SELECTION, options = {}) {
  const board = new Board(160, 120, options);
  board.select(box);
  return board;
}

/** Once round the loop of events. */
export const turn = () => new Promise((go) => setImmediate(go));

/** Go round until something is true. */
export async function until(condition, what = "") {
  for (let turns = 0; turns < 2000; turns++) {
    const found = condition();
    if (found) return found;
    await turn();
  }
  return assert.fail(what || `waited in vain: ${condition}`);
}

/** A guest at a bridge, and the documents that are open to it, the last of them before the artist. */
export class Seat {
  constructor(boards, { bridge = new FakeBridge(), name = "Photoshop", store = new Map(), clock } = {}) {
    this.bridge = bridge;
    this.desk = new Desk(name, store);
    for (const board of boards) this.desk.add(board);
    if (boards.length) this.desk.front = boards[0];
    this.board = boards[0];
    this.views = [];
    this.clock = clock || { now: () => 0, later: () => {} };
    const show = (view) => this.views.push(view);
    this.guest = makeGuest({ host: this.desk, dial: bridge.dial(name), show, clock: this.clock });
    this.link = bridge.links[bridge.links.length - 1];
  }

  get view() {
    return this.views[this.views.length - 1];
  }

  /** Wait until nothing is under way, and nothing is left to be told. */
  async done() {
    for (let quiet = 0; quiet < 3; ) {
      await until(() => this.guest.idle && !(this.bridge.quick && this.bridge.todo.length), "it is never idle");
      await this.guest.refresh();
      await turn();
      quiet = this.guest.idle && !(this.bridge.quick && this.bridge.todo.length) ? quiet + 1 : 0;
    }
    assert.deepEqual(this.bridge.faults, []);
    return this;
  }

  /** Wait until the bridge has nothing more to say, though something runs. */
  async paused() {
    await until(() => !this.bridge.todo.length , "the bridge never ends");
    for (let turns = 0; turns < 10; turns++) await turn();
    await this.guest.refresh();
    await turn();
  }

  /** Look again, as after something that the host has noticed. */
  async tick() {
    await this.guest.refresh();
  }

  edit(fields) {
    this.guest.edit({ ...this.view.fields, ...fields });
  }

  /** The artist turns to another document, and the host notices. */
  async turnTo(board) {
    if (!this.desk.boards.includes(board)) this.desk.add(board);
    this.desk.front = board;
    await this.guest.refresh();
    for (let turns = 0; turns < 10; turns++) await turn();
  }

  /** Wait for an offer with these words in it, and return its key. */
  offer(words) {
    return until(() => this.view.offers.find((one) => one.text.includes(words))?.key, `no offer says: ${words}`);
  }

  /** Fill, and wait for the layers. Returns what the newest of them remembers. */
  async filled(fields = {}) {
    this.edit({ prompt: PROMPT, ...fields });
    this.guest.go();
    await this.done();
    return this.memory(-1);
  }

  /** What a layer of ours remembers, in the order in which they were put. */
  memory(at = 0) {
    const sheets = this.board.ours().sort((one, other) => one.id - other.id);
    return memoryOf(sheets.at(at)?.memory ?? null);
  }

  /** Our layers from top to bottom, and which of them are seen. */
  names() {
    return this.board.ours().map((one) => [one.name.split(" (")[0], one.visible]);
  }
}

/** A seat that is ready to work. */
export async function seated(boards = [selected()], options = {}) {
  return new Seat(boards, options).done();
}
