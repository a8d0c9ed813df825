/** The steps of a document: states that share what they have in common, so that a step costs what is new in it. */

/** @import { Layer } from "./layers.js" */
/** @import { Selection } from "./selection.js" */

import { every } from "./layers.js";

/**
 * All of a document at one moment; never changed, only followed by another. `active`: the id of the selected layer, 0
 * for none.
 * @typedef {object} State
 * @property {number} width
 * @property {number} height
 * @property {readonly Layer[]} layers top first
 * @property {Selection} selection
 * @property {number} active
 */

/** How many bytes the steps of one document may hold beside what it shows; the oldest are forgotten first. */
export const LIMIT = 512 * 2 ** 20;
/** How many steps are remembered, however little they hold. */
export const STEPS = 200;

/** Undo and redo. */
export class History {
  /** @param {State} state @param {number} [limit] bytes */
  constructor(state, limit = LIMIT) {
    this.now = state;
    this.limit = limit;
    /** @type {{ name: string, state: State }[]} what each step was, and the state before it */
    this.past = [];
    /** @type {{ name: string, state: State }[]} and the state after it */
    this.future = [];
  }

  /** Go on to a new state, as one step. @param {string} name @param {State} state */
  step(name, state) {
    this.past.push({ name, state: this.now });
    this.future = [];
    this.now = state;
    this.forget();
  }

  /**
   * What is no step of its own: it is done to every state, those that undo and redo come back to included.
   * @param {(state: State) => State} change
   */
  amend(change) {
    this.now = change(this.now);
    for (const one of [...this.past, ...this.future]) one.state = change(one.state);
  }

  /** Undo; returns the name of the step, empty where there is none. */
  undo() {
    return this.#move(this.past, this.future);
  }

  /** Redo. */
  redo() {
    return this.#move(this.future, this.past);
  }

  /** @param {{ name: string, state: State }[]} from @param {{ name: string, state: State }[]} to */
  #move(from, to) {
    const one = from.pop();
    if (!one) return "";
    const { active } = this.now;
    to.push({ name: one.name, state: this.now });
    const there = every(one.state.layers).some((layer) => layer.id === active);
    this.now = there ? { ...one.state, active } : one.state;
    return one.name;
  }

  /** Bytes that the steps hold and the present state does not. */
  get bytes() {
    const shown = buffers(this.now);
    const held = new Set([...this.past, ...this.future].flatMap((one) => [...buffers(one.state)]));
    return [...held].reduce((sum, one) => sum + (shown.has(one) ? 0 : one.byteLength), 0);
  }

  /** Forget the oldest steps until the rest fits. */
  forget() {
    while (this.past.length > STEPS || (this.past.length && this.bytes > this.limit)) this.past.shift();
  }
}

/** @param {State} state @returns {Set<Uint8Array | Uint8ClampedArray>} */
function buffers(state) {
  const found = new Set();
  for (const one of every(state.layers)) for (const held of [one.pixels, one.mask]) if (held) found.add(held);
  for (const tile of state.selection.tiles) if (tile) found.add(tile);
  return found;
}
