/** What is before the artist of the journeys: a picture with an object in it, and what must not change of it. */
import assert from "node:assert/strict";
import { box, outside, tidy } from "./double/seat.js";
import { composite } from "./double/tree.js";

/** Small, so that a model works on little: it is zoomed in four times at most. */
export const [WIDTH, HEIGHT] = [80, 60];
/** Around the object. */
export const SELECTED = [28, 18, 24, 20];
/** White, in each depth. */
export const TOP = { 8: 255, 16: 32768, 32: 1 };
/** The ground where the object stands, in shares of white, and a pixel in the midst of it. */
export const GROUND = [0.28, 0.4, 0.6];
const MIDDLE = 28 * WIDTH + 40;

/** Open it. `above(bits)` are layers above the ground, which is selected in Photoshop's list. */
export function opened(artist, bits, { background = true, above = () => [], ...more } = {}) {
  const inside = (n) => n % WIDTH >= 33 && n % WIDTH < 47 && n >= 23 * WIDTH && n < 33 * WIDTH;
  const share = (n, c) => (c === 3 ? 1 : (inside(n) ? [0.9, 0.1, 0.1] : [0.2 + (n % WIDTH) / 500, 0.4, 0.6])[c]);
  const value = (n, c) => (bits === 32 ? share(n, c) : Math.round(share(n, c) * TOP[bits]));
  const ground = artist.artist.pixel("Hintergrund", bits, box(0, 0, WIDTH, HEIGHT), value, { background });
  const doc = artist.artist.open({ width: WIDTH, height: HEIGHT, bits, layers: [...above(bits), ground], ...more });
  doc.active = [ground.id];
  return doc;
}

/** Select, and remember how everything is. */
export function selects(artist, doc, selected = SELECTED, mask = soft(selected)) {
  artist.select(doc, selected, mask);
  return before(doc, selected, mask);
}

/** What must be as it was, whatever is filled: see `unchanged`. */
export function before(doc, selected = SELECTED, mask = soft(selected)) {
  const { selection, active } = doc;
  const [whole, kept, steps] = [composite(doc), outside(doc, selected, mask), doc.history.length];
  return { doc, selected, mask, whole, kept, selection, active, steps };
}

/**
 * Outside of the mask every value is what it was, the selection and the selected layers are, there are so many more
 * undo steps, and nothing of Photoshop's is held.
 */
export function unchanged(artist, { doc, selected, mask, kept, selection, active, steps }, more = 1) {
  assert.deepEqual(outside(doc, selected, mask), kept, "outside of the mask something changed");
  assert.equal(doc.selection, selection);
  assert.deepEqual(doc.active, active);
  assert.equal(doc.history.length, steps + more, doc.history.map((one) => one.name).join(", "));
  tidy(artist);
}

/** Where the object was there is a colour now, in shares of white. */
export function shows(doc, expected) {
  const found = composite(doc).subarray(MIDDLE * 4, MIDDLE * 4 + 3);
  for (const [c, share] of expected.entries()) {
    assert.ok(Math.abs(found[c] / TOP[doc.bits] - share) < 0.03, `${found}, expected shares of ${expected}`);
  }
}

/** The coverage of a box, soft towards its rim: 0 at the very edge. */
export function soft([, , width, height]) {
  const rim = (at, size) => Math.min(at, size - 1 - at);
  return Uint8Array.from({ length: width * height }, (_, n) =>
    Math.min(255, 64 * Math.min(rim(n % width, width), rim(Math.floor(n / width), height))),
  );
}

/** Every layer of ours has the selection as its mask. */
export function masked(artist, doc, selected = SELECTED, mask = soft(selected)) {
  for (const one of artist.ours(doc)) assert.deepEqual(maskIn(one.mask, selected), mask, one.name);
}

/** A mask, or a selection, laid into a box; 0 where it is not. */
export function maskIn({ box: { left, top, right, bottom }, data }, [x, y, width, height]) {
  return Uint8Array.from({ length: width * height }, (_, n) => {
    const [column, row] = [x + (n % width), y + Math.floor(n / width)];
    const inside = column >= left && column < right && row >= top && row < bottom;
    return inside ? data[(row - top) * (right - left) + column - left] : 0;
  });
}
