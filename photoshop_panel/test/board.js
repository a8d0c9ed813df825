/**
 * A document in memory with layers, masks, a selection and undo: what `Canvas` of src/seams.d.ts promises, with neither
 * Photoshop nor browser. It is open on a `Desk`, whose `pause` lets a test say when either answers.
 */

import { Sheet, blended, common, every, noise, quantised, sheetOf } from "./sheets.js";

let boards = 0;

/**
 * A document. `layers` are top first; `steps` names every change that can be undone, `asked` what was asked of it,
 * `puts` the bridge's names of all layers that were ever put into it.
 */
export class Board {
  constructor(width = 160, height = 120, { depth = "u8", kind = "rgb", channels = 3 } = {}) {
    Object.assign(this, { width, height, depth, kind, channels, name: "roof.psd", key: `board ${++boards}` });
    Object.assign(this, { closed: false, floating: false, marked: false, fault: null, chosen: null });
    Object.assign(this, { asked: [], steps: [], past: [], puts: [], turns: 0, desk: null });
    this.tagged = Array.from({ length: 32 }, (_, at) => ((boards * 7 + at) % 16).toString(16)).join("");
    this.layers = [new Sheet("Background", [0, 0, width, height], noise(width, height))];
    this.selected = [this.layers[0].id];
  }

  // ---- what a test does to it -----------------------------------------------------------------------------------

  /** The artist selects a rectangle, or nothing. */
  select(box, coverage = 255) {
    this.chosen = null;
    if (!box) return;
    this.chosen = new Uint8Array(this.width * this.height);
    for (let y = box[1]; y < box[1] + box[3]; y++) {
      this.chosen.fill(coverage, y * this.width + box[0], y * this.width + box[0] + box[2]);
    }
  }

  /** The canvas becomes larger or smaller; every layer is moved, none is cut. */
  resize(width, height, dx = 0, dy = 0) {
    const box = this.selection();
    Object.assign(this, { width, height });
    this.select(box && common([box[0] + dx, box[1] + dy, box[2], box[3]], [0, 0, width, height]));
    for (const one of every(this.layers)) Object.assign(one, { x: one.x + dx, y: one.y + dy });
  }

  /** The canvas is cut, and every layer with it. */
  crop(box) {
    this.resize(box[2], box[3], -box[0], -box[1]);
    for (const one of every(this.layers)) {
      if (!one.pixels) continue;
      const inside = common(one.box, [0, 0, this.width, this.height]);
      const [x, y] = [inside[0] - one.x, inside[1] - one.y];
      const cut = (values, size) => {
        const rows = [];
        for (let row = y; row < y + inside[3]; row++) {
          rows.push(...values.subarray((row * one.width + x) * size, (row * one.width + x + inside[2]) * size));
        }
        return values.constructor.from(rows);
      };
      one.pixels = cut(one.pixels, 4);
      one.mask = one.mask && cut(one.mask, 1);
      [one.x, one.y, one.width, one.height] = inside;
    }
  }

  /** A layer is deleted. */
  delete(id) {
    for (const siblings of [this.layers, ...every(this.layers).map((one) => one.children)]) {
      const place = siblings.findIndex((one) => one.id === id);
      if (place >= 0) siblings.splice(place, 1);
    }
  }

  /** The last step is taken back. */
  undo() {
    this.layers = this.past.pop();
    this.steps.pop();
  }

  find(id) {
    return every(this.layers).find((one) => one.id === id) || null;
  }

  /** The layers with a memory, top first. */
  ours() {
    return every(this.layers).filter((one) => one.memory);
  }

  /** What is seen, in 8 bits, RGBA. */
  composite(box = [0, 0, this.width, this.height]) {
    return quantised(blended(this.layers, box, new Set()), "u8", 4);
  }

  selection() {
    let [left, top, right, bottom] = [this.width, this.height, 0, 0];
    for (let at = 0; this.chosen && at < this.chosen.length; at++) {
      if (!this.chosen[at]) continue;
      const [x, y] = [at % this.width, Math.floor(at / this.width)];
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    }
    return right ? [left, top, right - left, bottom - top] : null;
  }

  // ---- what it promises -----------------------------------------------------------------------------------------

  open() {
    return !this.closed;
  }

  async tag() {
    await this.answers("tag");
    return this.tagged;
  }

  async mark() {
    await this.writes("mark");
    this.marked = true;
  }

  async scene(sample) {
    await this.pauses("scene");
    if (this.closed) return null;
    const layer = this.selected.length === 1 ? this.find(this.selected[0]) : null;
    let trouble = sample !== "all" && !layer ? "Select one layer." : "";
    if (this.floating) trouble = "A transformation is open: finish it.";
    const canvas = [0, 0, this.width, this.height];
    const boxes = every(this.layers).flatMap((one) => (one.visible && one.pixels ? [common(one.box, canvas)] : []));
    const [x, y] = [Math.min(...boxes.map((one) => one[0])), Math.min(...boxes.map((one) => one[1]))];
    const right = Math.max(...boxes.map((one) => one[0] + one[2]));
    const bottom = Math.max(...boxes.map((one) => one[1] + one[3]));
    const whole = x === 0 && y === 0 && right === this.width && bottom === this.height;
    const { tagged: tag, width, height, channels, depth } = this;
    return {
      name: this.name,
      document: { tag, width, height, channels, depth },
      selection: this.selection(),
      content: whole ? null : [x, y, right - x, bottom - y],
      kind: this.kind,
      active: layer ? layer.id : 0,
      layer: layer ? layer.name : "",
      memory: layer ? layer.memory : null,
      trouble,
    };
  }

  async has(layer) {
    await this.answers("has");
    return !!this.find(layer);
  }

  async results() {
    await this.answers("results");
    return new Set(this.ours().map((one) => one.result));
  }

  async frame() {
    await this.answers("frame");
    return new Map(this.layers.map((one) => [one.id, one.box]));
  }

  async where(layer) {
    await this.answers("where");
    const found = this.find(layer);
    return found ? found.box : null;
  }

  async read(box, channels, depth, spot, without) {
    await this.answers("read");
    if (this.fault) throw this.fault;
    const ids = every(this.layers).map((one) => one.id);
    const at = spot.sample === "all" ? 0 : ids.indexOf(spot.anchor);
    if (at < 0) throw new Error(`there is no layer ${spot.anchor}`);
    const hidden = new Set([...without, ...ids.slice(0, at)]);
    if (spot.sample === "current") for (const id of ids.slice(at + 1)) hidden.add(id);
    const seen = blended(this.layers, box, hidden);
    for (let pixel = 3; channels === 3 && pixel < seen.length; pixel += 4) {
      if (seen[pixel] === 1) continue;
      const why = new Error("The picture has transparency: 3 channels were asked for, and it has 4.");
      throw Object.assign(why, { name: "Refusal", code: "picture.size", retry: "now", channels: 4 });
    }
    const values = quantised(seen, depth, channels);
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }

  async coverage(box) {
    await this.answers("coverage");
    if (!this.chosen) throw new Error("nothing is selected");
    const rows = [];
    for (let y = box[1]; y < box[1] + box[3]; y++) {
      rows.push(...this.chosen.subarray(y * this.width + box[0], y * this.width + box[0] + box[2]));
    }
    return Uint8Array.from(rows);
  }

  async maskOf(layer) {
    await this.answers("maskOf");
    const one = this.find(layer);
    if (!one) throw new Error(`there is no layer ${layer}`);
    const box = common(one.box, [0, 0, this.width, this.height]);
    if (!one.mask) return { box, mask: null };
    const rows = [];
    for (let y = box[1] - one.y; y < box[1] - one.y + box[3]; y++) {
      const from = y * one.width + box[0] - one.x;
      rows.push(...one.mask.subarray(from, from + box[2]));
    }
    return { box, mask: Uint8Array.from(rows) };
  }

  async together(reading) {
    await this.writes("together");
    this.turns += 1;
    try {
      return await reading();
    } finally {
      this.turns -= 1;
    }
  }

  async insert(one, spot, several, beside, replaces) {
    await this.writes("insert");
    if (this.fault) throw this.fault;
    this.past.push(this.layers.map((layer) => layer.clone()));
    const sheet = sheetOf(one);
    let group = beside ? this.find(beside) : null;
    let [siblings, place] = this.placeOf(spot);
    if (group) {
      [siblings, place] = [group.children, group.children.length];
      sheet.visible = false;
    } else if (several) {
      group = new Sheet(one.name.replace(/ \(seed \d+\)$/, ""), [0, 0, 0, 0]);
      siblings.splice(place, 0, group);
      [siblings, place] = [group.children, 0];
    }
    siblings.splice(place, 0, sheet);
    const old = replaces ? this.find(replaces) : null;
    if (old) {
      old.visible = false;
      this.selected = this.selected.map((id) => (id === old.id ? sheet.id : id));
    }
    this.steps.push(`insert ${one.name}`);
    this.puts.push(one.result);
    const put = { layer: sheet.id, group: group ? group.id : 0 };
    await this.pauses("inserted");
    return put;
  }

  async showOnly(layer, siblings) {
    await this.writes("showOnly");
    for (const id of siblings) {
      const one = this.find(id);
      if (one) one.visible = id === layer;
    }
    this.steps.push("show");
  }

  async selectMask(layer) {
    const { box, mask } = await this.maskOf(layer);
    await this.writes("selectMask");
    this.select(box);
    for (let y = 0; mask && y < box[3]; y++) {
      const row = mask.subarray(y * box[2], (y + 1) * box[2]);
      this.chosen.set(row, (box[1] + y) * this.width + box[0]);
    }
  }

  async convert() {
    await this.writes("convert");
    this.kind = "rgb";
    this.steps.push("convert");
  }

  // ---- how --------------------------------------------------------------------------------------------------------

  async pauses(what) {
    this.asked.push(what);
    if (this.desk) await this.desk.pause(what, this);
  }

  /** A question that only an open document can answer. */
  async answers(what) {
    await this.pauses(what);
    if (this.closed) throw new Error("there is no such document");
  }

  /** A change, or a turn in which the artist makes none: it waits for as long as the host lets nobody in. */
  async writes(what) {
    await this.pauses(what);
    if (this.desk) await this.desk.free;
    if (this.closed) throw new Error("there is no such document");
  }

  placeOf(spot) {
    for (const siblings of [this.layers, ...every(this.layers).map((one) => one.children)]) {
      const place = siblings.findIndex((one) => one.id === spot.anchor);
      if (spot.sample !== "all" && place >= 0) return [siblings, place];
    }
    return [this.layers, 0];
  }
}
