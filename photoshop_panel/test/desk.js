/** The host in memory. `pause` lets a test say when it answers. */
import { Board } from "./board.js";
import { sheetOf } from "./sheets.js";

/** The host. Documents that are not `closed` are open; `front` is the one that the artist works on. */
export class Desk {
  constructor(name = "Photoshop", store = new Map()) {
    Object.assign(this, { name, version: "26.0", boards: [], opened: [], front: null, presented: 0, hung: 0 });
    this.pause = async () => {};
    this.store = { get: (key) => store.get(key) ?? null, set: (key, text) => void store.set(key, text) };
    this.keys = { load: async () => null, save: async () => {}, forget: async () => {} };
    this.fault = null;
    this.free = Promise.resolve();
  }

  /** A new document in front. */
  add(board = new Board()) {
    board.desk = this;
    this.boards.push(board);
    this.front = board;
    return board;
  }

  /** What the artist does is noticed. */
  changed() {
    this.look?.();
  }

  /** The host lets nobody in, until the function that is returned is called. */
  busy(text = "Photoshop is busy: finish your current tool.") {
    let end;
    this.free = new Promise((go) => (end = go));
    this.wait?.(text);
    return () => {
      this.wait?.("");
      end();
    };
  }

  // ---- what it promises -----------------------------------------------------------------------------------------

  async canvases() {
    await this.pause("canvases");
    return this.boards.filter((one) => !one.closed);
  }

  async active() {
    const front = this.front && !this.front.closed ? this.front : null;
    await this.pause("active");
    return front;
  }

  watch(look) {
    this.look = look;
  }

  waits(wait) {
    this.wait = wait;
  }

  async openDocument(one) {
    await this.pause("openDocument");
    await this.free;
    if (this.fault) throw this.fault;
    const board = new Board(one.picture.width, one.picture.height);
    board.layers.unshift(sheetOf(one));
    board.puts.push(one.result);
    this.opened.push(board);
    return this.add(board);
  }

  async hang() {
    this.hung += 1;
    return { url: "blob:hung", free: () => (this.hung -= 1) };
  }

  present() {
    this.presented += 1;
  }
}
