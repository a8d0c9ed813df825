/** A document that is open on the page: its state, its steps, and whoever wants to know that it changed. */

import { intersect, same, union } from "./boxes.js";
import { composite } from "./composite.js";
import { History } from "./history.js";
import { alter, alterAll, every, find, layer, painted, place } from "./layers.js";
import { Selection, masked, moved } from "./selection.js";

/** @import { Box } from "../seams.js" */
/** @import { Layer } from "./layers.js" */
/** @import { State } from "./history.js" */

/** The most that the page opens, in pixels: a state that is shown costs 8 bytes for each. */
export const ROOM = 64e6;

let last = 0;

/** A document. Its layers' pixels are never painted on; they come and go. */
export class PageDocument {
  /**
   * @param {string} name
   * @param {number} width
   * @param {number} height
   * @param {readonly Layer[]} layers
   * @param {number} [limit] bytes of history
   */
  constructor(name, width, height, layers, limit) {
    last += 1;
    this.key = `page-${last}`;
    this.name = name;
    const random = crypto.getRandomValues(new Uint8Array(16));
    this.tag = Array.from(random, (one) => one.toString(16).padStart(2, "0")).join("");
    this.closed = false;
    const active = layers.length === 1 ? layers[0].id : 0;
    this.history = new History({ width, height, layers, selection: new Selection(width, height), active }, limit);
    this.saved = this.state;
    /** @type {Set<(change: { before: State, after: State, ours: boolean }) => void>} */
    this.watchers = new Set();
  }

  /** What it is now. @returns {State} */
  get state() {
    return this.history.now;
  }

  /** True while something would be lost with it. */
  get unsaved() {
    return this.state.layers !== this.saved.layers;
  }

  /**
   * Be told of each change: states before and after, and whether it is ours: the panel wrote it.
   * @param {(change: { before: State, after: State, ours: boolean }) => void} look
   * @returns {() => void} to be told no more
   */
  watch(look) {
    this.watchers.add(look);
    return () => void this.watchers.delete(look);
  }

  /** @param {() => void} act @param {boolean} [ours] */
  #do(act, ours = false) {
    const before = this.state;
    act();
    if (this.state !== before) for (const look of [...this.watchers]) look({ before, after: this.state, ours });
  }

  /** @param {string} name @param {Partial<State>} news @param {boolean} [ours] */
  #step(name, news, ours = false) {
    this.#do(() => this.history.step(name, { ...this.state, ...news }), ours);
  }

  /** Undo one step. */
  undo() {
    this.#do(() => this.history.undo());
  }

  /** Redo one step. */
  redo() {
    this.#do(() => this.history.redo());
  }

  /**
   * Select something: one step.
   * @param {string} name what the step is called
   * @param {Selection} selection
   * @param {boolean} [ours]
   */
  select(name, selection, ours = false) {
    if (selection.bounds || this.state.selection.bounds) this.#step(name, { selection }, ours);
  }

  /** Make a layer the active one: no step. @param {number} id */
  activate(id) {
    if (id === this.state.active) return;
    this.#do(() => (this.history.now = { ...this.state, active: id }));
  }

  /** Show or hide a layer: one step. @param {number} id @param {boolean} visible */
  show(id, visible) {
    const layers = alter(this.state.layers, id, (one) => Object.freeze({ ...one, visible }));
    this.#step(visible ? "Show layer" : "Hide layer", { layers });
  }

  /** How strongly a layer covers: one step. @param {number} id @param {number} opacity 0 to 255 */
  fade(id, opacity) {
    this.#step("Opacity", { layers: alter(this.state.layers, id, (one) => Object.freeze({ ...one, opacity })) });
  }

  /**
   * Delete a layer, or a group with all that is in it: one step. A group that has become empty goes, too.
   * @param {number} id
   */
  remove(id) {
    const rest = alter(this.state.layers, id, () => null);
    const layers = rest.filter((one) => one.kind !== "group" || one.children.length);
    if (every(layers).length === every(this.state.layers).length) return;
    const active = find(layers, this.state.active) ? this.state.active : (layers[0]?.id ?? 0);
    this.#step("Delete layer", { layers, active });
  }

  /**
   * Put a layer on top of everything, or just above another: one step, and the layer is active.
   * @param {string} name
   * @param {Layer} added
   * @param {number} [above]
   */
  add(name, added, above = 0) {
    this.#step(name, { layers: place(this.state.layers, added, above), active: added.id });
  }

  /**
   * Make the canvas larger by so many pixels on each side; layers stay where they are in the picture: one step.
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   */
  enlarge(left, top, right, bottom) {
    const { width, height, layers, selection } = this.state;
    const size = { width: width + left + right, height: height + top + bottom };
    this.#step("Enlarge canvas", {
      ...size,
      layers: alterAll(layers, (one) => {
        const [x, y, across, down] = one.box;
        return { ...one, box: one.kind === "pixels" ? [x + left, y + top, across, down] : one.box };
      }),
      selection: moved(selection, size.width, size.height, left, top),
    });
  }

  // ---- what the panel writes ----------------------------------------------------------------------------------------

  /**
   * Put a layer of ours in: one step, which leaves the active layer as it was.
   * @param {Layer} added
   * @param {number} above it lies just above that layer; 0: on top
   * @param {string} grouped the name of a group that is made around it, empty for none
   * @param {number} replaces a layer that is hidden by it, and that it is active for; 0 for none
   * @returns {number} the id of the group, 0 for none
   */
  insert(added, above, grouped, replaces) {
    const group = grouped ? layer({ kind: "group", name: grouped, box: [0, 0, 0, 0], children: [added] }) : null;
    const layers = place(this.state.layers, group ?? added, above);
    const hidden = alter(layers, replaces, (one) => Object.freeze({ ...one, visible: false }));
    const active = replaces && this.state.active === replaces ? added.id : this.state.active;
    this.#step(added.name, { layers: hidden, active }, true);
    return group?.id ?? 0;
  }

  /**
   * Put a hidden layer below the others of a group; it comes and goes with the group.
   * @param {Layer} added
   * @param {number} group
   */
  join(added, group) {
    const hidden = Object.freeze({ ...added, visible: false });
    this.#amend((one) => (one.id === group ? { ...one, children: [...one.children, hidden] } : one));
  }

  /**
   * Make one layer visible and its siblings not: no step, to look is not to change.
   * @param {number} id
   * @param {number[]} siblings
   */
  showOnly(id, siblings) {
    const wrong = (/** @type {Layer} */ one) => one.visible !== (one.id === id);
    const all = new Set([...siblings, id]);
    this.#amend((one) => (all.has(one.id) && wrong(one) ? { ...one, visible: !one.visible } : one));
  }

  /** @param {(one: Layer) => Layer} change */
  #amend(change) {
    const alter = (/** @type {State} */ state) => {
      const layers = changed(state.layers, change);
      return layers === state.layers ? state : { ...state, layers };
    };
    this.#do(() => this.history.amend(alter), true);
  }

  /** Select what a layer's mask covers. @param {Layer} one */
  selectMask(one) {
    const { width, height } = this.state;
    const all = one.kind === "pixels" ? one.box : /** @type {Box} */ ([0, 0, width, height]);
    this.select("Select mask", masked(width, height, all, one.mask), true);
  }
}

/**
 * @param {readonly Layer[]} layers
 * @param {(one: Layer) => Layer} change
 * @returns {readonly Layer[]} the same where nothing changed
 */
function changed(layers, change) {
  const news = layers.map((one) => {
    const now = change(one);
    const children = changed(now.children, change);
    return now === one && children === one.children ? one : Object.freeze({ ...now, children });
  });
  return news.every((one, k) => one === layers[k]) ? layers : news;
}

/** A box of what a state shows. @param {State} state @param {Box} [box] */
export function seen(state, box = [0, 0, state.width, state.height]) {
  return composite(state.layers, box);
}

/**
 * The box in which two states of a document look different; null where nowhere.
 * @param {State} before @param {State} after
 * @returns {Box | null}
 */
export function difference(before, after) {
  /** @type {Box} */
  const canvas = [0, 0, after.width, after.height];
  if (before.width !== after.width || before.height !== after.height) return canvas;
  if (before.layers === after.layers) return null;
  const [was, is] = [painted(before.layers), painted(after.layers)];
  const alike = (/** @type {Layer} */ a, /** @type {Layer | undefined} */ b) =>
    b !== undefined && a.pixels === b.pixels && a.mask === b.mask && a.opacity === b.opacity && same(a.box, b.box);
  const missing = (/** @type {Layer[]} */ these, /** @type {Layer[]} */ those) => {
    const by = new Map(those.map((one) => [one.id, one]));
    return these.filter((one) => !alike(one, by.get(one.id)));
  };
  return [...missing(is, was), ...missing(was, is)].reduce(
    (/** @type {Box | null} */ box, one) => union(box, one.kind === "invert" ? canvas : intersect(one.box, canvas)),
    null,
  );
}
