/** A host on a fresh double, as the tests need it. `load` brings another make of the host (photoshop_mistakes). */
import assert from "node:assert/strict";
import { makeHost } from "../../src/photoshop/host_photoshop.js";
import { makePhotoshop } from "./photoshop.js";
import { composite } from "./tree.js";
import { makeLocalStorage, makeUxp } from "./uxp.js";

/** One turn of the event loop: the double's events and ticks come in between. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What every Photoshop does for now: a test sets it to try all probes with a habit. */
export const HABITS = {};

/**
 * A seat, with whatever quirks Photoshop has.
 *
 * `storage` and `secure` are what another seat on the same machine left.
 */
export function seat({ quirks, make = makeHost, storage = new Map(), secure = new Map() } = {}) {
  globalThis.localStorage = makeLocalStorage(storage);
  const photoshop = makePhotoshop({ quirks: { ...HABITS, ...quirks } });
  const uxp = makeUxp({ secure });
  const host = make(photoshop.ps, uxp, turn);
  const { artist, state } = photoshop;
  const canvas = async () => (await host.canvases()).at(-1);
  return { ...photoshop, uxp, host, storage, secure, canvas, artist, state };
}

export const box = (x, y, width, height) => ({ left: x, top: y, right: x + width, bottom: y + height });

/** A document of 16 x 12 with a gradient below, of any depth: a Background layer or a transparent one. */
export function picture({ artist }, { bits = 8, background = true, above = () => [], ...more } = {}) {
  const top = { 8: 255, 16: 32768, 32: 1 }[bits];
  const step = bits === 32 ? 1 / 255 : bits === 16 ? 129 : 1;
  const value = (at, c) => (c === 3 ? top : ((at * 3 + c * 40) % 256) * step);
  const ground = artist.pixel(background ? "Hintergrund" : "Ebene 0", bits, box(0, 0, 16, 12), value, { background });
  return artist.open({ width: 16, height: 12, bits, layers: [...above(bits), ground], ...more });
}

/** The values of a document's composite outside of a mask's box, or where the mask is 0. */
export function outside(doc, [x, y, width, height], mask) {
  const seen = composite(doc);
  const kept = [];
  for (let at = 0; at < doc.width * doc.height; at++) {
    const [column, row] = [(at % doc.width) - x, Math.floor(at / doc.width) - y];
    const inside = column >= 0 && row >= 0 && column < width && row < height;
    if (!inside || !mask[row * width + column]) kept.push(...seen.subarray(at * 4, at * 4 + 4));
  }
  return kept;
}

/** Nothing native is left, no turn is open, nothing is suspended. */
export function tidy({ state }) {
  assert.equal(state.live, 0, `${state.live} PhotoshopImageData were not disposed of`);
  assert.equal(state.modal, 0);
  assert.ok(state.docs.every((doc) => doc.suspended === null));
}
