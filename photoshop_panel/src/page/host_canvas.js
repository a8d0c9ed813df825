/** The page as a host: what the guest needs to know of its documents, and what it may do to them. */

import { bmp } from "./bmp.js";
import { contains, cut, intersect, union } from "./boxes.js";
import { composite, transparent } from "./composite.js";
import { deepened, shallow } from "./depths.js";
import { PageDocument, seen } from "./document.js";
import { boxOf, every, find, layer, painted, sampled } from "./layers.js";
import { png, withoutAlpha } from "./png.js";

/** @import { Album } from "./album.js" */
/** @import { Box, Canvas, Depth, Finished, Host, Keys, Put, Sample, Scene, Shot, Spot } from "../seams.js" */
/** @import { State } from "./history.js" */

/** One document, as the guest sees it. @implements {Canvas} */
class PageCanvas {
  /** @param {PageDocument} document */
  constructor(document) {
    this.document = document;
    this.key = document.key;
    /** @type {State | null} what is read while several things are read together */
    this.held = null;
  }

  /** @returns {State} */
  get state() {
    return this.held ?? this.document.state;
  }

  open() {
    return !this.document.closed;
  }

  async tag() {
    return this.document.tag;
  }

  async mark() {} // the document carries its tag, and dies with its tab

  // ---- looking ------------------------------------------------------------------------------------------------------

  /** @param {Sample} sample @returns {Promise<Scene | null>} */
  async scene(sample) {
    if (!this.open()) return null;
    const { width, height, layers, selection, active } = this.state;
    const chosen = find(layers, active);
    /** @type {Box} */
    const canvas = [0, 0, width, height];
    const shown = painted(layers).filter((one) => one.kind === "pixels");
    const ground = shown.find((one) => contains(one.box, canvas));
    const content = shown.reduce((/** @type {Box | null} */ box, one) => union(box, intersect(one.box, canvas)), null);
    const lowest = sample === "current" ? chosen : ground;
    const opaque = lowest?.opaque && !lowest.mask && lowest.opacity === 255 && contains(lowest.box, canvas);
    return {
      name: this.document.name,
      document: { tag: this.document.tag, width, height, channels: opaque ? 3 : 4, depth: "u8" },
      selection: selection.bounds,
      content: content && !contains(content, canvas) ? content : null,
      kind: "rgb",
      active: chosen?.id ?? 0,
      layer: chosen?.name ?? "",
      memory: chosen?.memory ?? null,
      trouble: sample !== "all" && !chosen ? "No layer is selected: select one, or sample all layers." : "",
    };
  }

  /** @param {number} id */
  async has(id) {
    return this.open() && find(this.state.layers, id) !== null;
  }

  async results() {
    return new Set(every(this.state.layers).flatMap((one) => one.result || []));
  }

  async frame() {
    return new Map(this.state.layers.flatMap((one) => (one.kind === "invert" ? [] : [[one.id, boxOf(one)]])));
  }

  /** @param {number} id */
  async where(id) {
    const one = find(this.state.layers, id);
    return one && boxOf(one);
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /** @param {Box} box @param {3 | 4} channels @param {Depth} depth @param {Spot} spot @param {number[]} without */
  async read(box, channels, depth, spot, without) {
    const rgba = composite(sampled(this.state.layers, spot, without), box);
    if (channels === 4) return deepened(new Uint8Array(rgba.buffer), depth);
    if (transparent(rgba)) throw refusal();
    return deepened(withoutAlpha(rgba), depth);
  }

  /** @param {Box} box */
  async coverage(box) {
    return this.state.selection.read(box);
  }

  /** @param {number} id */
  async maskOf(id) {
    const { width, height, layers } = this.state;
    const one = find(layers, id);
    /** @type {Box} */
    const canvas = [0, 0, width, height];
    const box = (one && intersect(one.box, canvas)) ?? /** @type {Box} */ ([0, 0, 0, 0]);
    return { box, mask: one?.mask ? cut(one.mask, one.box, box, new Uint8Array(box[2] * box[3]), 1) : null };
  }

  /** @template T @param {() => Promise<T>} reading @returns {Promise<T>} */
  async together(reading) {
    this.held = this.document.state;
    try {
      return await reading();
    } finally {
      this.held = null;
    }
  }

  // ---- writing ------------------------------------------------------------------------------------------------------

  /**
   * @param {Finished} one
   * @param {Spot} spot
   * @param {boolean} several
   * @param {number} beside
   * @param {number} replaces
   * @returns {Promise<Put>}
   */
  async insert(one, spot, several, beside, replaces) {
    if (!this.open()) throw new Error(`“${this.document.name}” was closed.`);
    const added = made(one);
    const group = find(this.document.state.layers, beside);
    if (group) {
      this.document.join(added, group.id);
      return { layer: added.id, group: group.id };
    }
    const above = spot.sample === "all" ? 0 : spot.anchor;
    const grouped = several ? one.name.replace(/ \([^(]*$/, "") : "";
    return { layer: added.id, group: this.document.insert(added, above, grouped, replaces) };
  }

  /** @param {number} id @param {number[]} siblings */
  async showOnly(id, siblings) {
    if (find(this.document.state.layers, id)) this.document.showOnly(id, siblings);
  }

  /** @param {number} id */
  async selectMask(id) {
    const one = find(this.document.state.layers, id);
    if (one) this.document.selectMask(one);
  }

  async convert() {} // a page's document is always RGB
}

/** A finished layer as a layer of a document. @param {Finished} one */
function made(one) {
  const { width, height } = one.picture;
  const mask = one.mask?.length === width * height ? one.mask : null;
  const { name, result, memory } = one;
  const pixels = shallow(one.picture, one.pixels);
  return layer({ name, box: [one.box[0], one.box[1], width, height], pixels, mask, result, memory });
}

function refusal() {
  const text = "The picture has transparency, and 3 channels were asked for: ask for 4.";
  return Object.assign(new Error(text), { code: "picture.size", retry: "now", channels: 4 });
}

/**
 * The page.
 * @param {Album} album
 * @param {{ keys: Keys, store: Host["store"], version: string, present: () => void }} more
 * @returns {Host}
 */
export function makeHost(album, more) {
  /** @type {WeakMap<PageDocument, PageCanvas>} */
  const known = new WeakMap();
  const canvasOf = (/** @type {PageDocument} */ document) => {
    const canvas = known.get(document) ?? new PageCanvas(document);
    known.set(document, canvas);
    return canvas;
  };
  return {
    ...more,
    name: "browser page",
    canvases: async () => album.documents.map(canvasOf),
    active: async () => album.active && canvasOf(album.active),
    watch: (look) => void album.watch((ours) => void (ours || setTimeout(look))),
    waits: () => {}, // nothing here keeps anybody out
    openDocument: async (one) => {
      const { width, height } = one.picture;
      const ground = { ...made(one), box: /** @type {Box} */ ([0, 0, width, height]) };
      const document = new PageDocument(one.name, width, height, [Object.freeze(ground)]);
      album.add(document);
      return canvasOf(document);
    },
    hang,
  };
}

/** A small picture as something that an `<img>` can show. @param {Shot} shot */
async function hang(shot) {
  const url = URL.createObjectURL(bmp(shot.width, shot.height, shot.pixels, shot.channels));
  return { url, free: () => URL.revokeObjectURL(url) };
}

/**
 * What is saved: all that a document shows, value for value; without an alpha channel where nothing is transparent.
 * @param {State} state
 */
export async function saved(state) {
  const rgba = seen(state);
  if (transparent(rgba)) return png(state.width, state.height, rgba, 4);
  return png(state.width, state.height, withoutAlpha(rgba), 3);
}
