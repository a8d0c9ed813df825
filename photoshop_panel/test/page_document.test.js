import assert from "node:assert/strict";
import { test } from "node:test";
import { PageDocument, difference, seen } from "../src/page/document.js";
import { STEPS } from "../src/page/history.js";
import { find, layer } from "../src/page/layers.js";
import { rectangle } from "../src/page/selection.js";

const CANVAS = [0, 0, 40, 30];

/** A layer of one colour. */
function plain(name, box, rgba, more = {}) {
  const pixels = Uint8ClampedArray.from({ length: box[2] * box[3] * 4 }, (_, k) => rgba[k % 4]);
  return layer({ name, box, pixels, ...more });
}

/** A layer of noise. */
function noise(name, box, alpha = 255, seed = 1) {
  const pixels = new Uint8ClampedArray(box[2] * box[3] * 4);
  for (let k = 0; k < pixels.length; k++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    pixels[k] = k % 4 === 3 ? alpha : (seed >> 16) & 255;
  }
  return layer({ name, box, pixels });
}

const open = (...layers) => new PageDocument("roof.jpg", 40, 30, layers);
const all = (document) => [...seen(document.state)];
const pixel = (document, x, y) => [...seen(document.state, [x, y, 1, 1])];

// ---- what is seen ---------------------------------------------------------------------------------------------------

test("an opaque layer is seen value for value, and what lies beyond the canvas is not", () => {
  const one = noise("ground", [-3, -2, 60, 50]);
  const document = open(one);
  for (const [x, y] of [[0, 0], [39, 29], [17, 5]]) {
    const at = ((y + 2) * 60 + x + 3) * 4;
    assert.deepEqual(pixel(document, x, y), [...one.pixels.subarray(at, at + 4)]);
  }
});

test("where a mask is 0 the value below is the same, also half-transparent ones", () => {
  for (const alpha of [255, 90, 1, 0]) {
    const document = open(noise("ground", CANVAS, alpha));
    const before = all(document);
    const mask = new Uint8Array(20 * 10);
    mask[25] = 255;
    const { pixels } = noise("patch", [5, 5, 20, 10], 255, 7);
    document.insert(layer({ name: "Fill", box: [5, 5, 20, 10], pixels, mask }), 0, "", 0);
    const after = all(document);
    const changed = after.flatMap((one, k) => (one === before[k] ? [] : [k >> 2]));
    assert.deepEqual([...new Set(changed)], [6 * 40 + 10]);
    assert.deepEqual(pixel(document, 10, 6), [...pixels.subarray(100, 104)]);
  }
});

test("half coverage is half way, to the nearest value", () => {
  const mask = Uint8Array.from([0, 1, 127, 128, 254, 255]);
  const document = open(plain("ground", CANVAS, [10, 200, 0, 255]));
  const { pixels } = plain("", [0, 0, 6, 1], [210, 100, 255, 255]);
  document.insert(layer({ name: "Fill", box: [0, 0, 6, 1], pixels, mask }), 0, "", 0);
  for (const [x, cover] of mask.entries()) {
    const above = [210, 100, 255];
    const expected = [10, 200, 0].map((below, c) => Math.round((below * (255 - cover) + above[c] * cover) / 255));
    assert.deepEqual(pixel(document, x, 0), [...expected, 255]);
  }
});

test("over nothing a layer shows its own colour with its alpha; over half of something both count", () => {
  const document = open(plain("ground", [0, 0, 2, 1], [100, 0, 0, 128]));
  document.insert(plain("over", [1, 0, 2, 1], [0, 200, 0, 128]), 0, "", 0);
  assert.deepEqual(pixel(document, 0, 0), [100, 0, 0, 128]);
  assert.deepEqual(pixel(document, 2, 0), [0, 200, 0, 128]);
  const [red, green, , alpha] = pixel(document, 1, 0);
  const whole = 128 + (128 * 127) / 255;
  assert.equal(alpha, Math.round(whole));
  assert.equal(red, Math.round((100 * 128 * 127) / 255 / whole));
  assert.equal(green, Math.round((200 * 128) / whole));
});

test("opacity counts with the mask, and an invert inverts what lies below it once", () => {
  const document = open(plain("ground", CANVAS, [10, 20, 30, 255]));
  document.add("Invert", layer({ kind: "invert", name: "Invert", box: [0, 0, 0, 0] }));
  const invert = document.state.active;
  assert.deepEqual(pixel(document, 3, 3), [245, 235, 225, 255]);
  document.fade(invert, 0);
  assert.deepEqual(pixel(document, 3, 3), [10, 20, 30, 255]);
  document.fade(document.state.layers[1].id, 127);
  assert.equal(pixel(document, 3, 3)[3], 127);
  document.undo();
  document.fade(invert, 255);
  document.insert(plain("above", [0, 0, 5, 5], [1, 2, 3, 255]), 0, "", 0);
  assert.deepEqual(pixel(document, 3, 3), [1, 2, 3, 255]);
  document.undo();
  document.insert(plain("below", [0, 0, 5, 5], [1, 2, 3, 255]), document.state.layers[1].id, "", 0);
  assert.deepEqual(pixel(document, 3, 3), [254, 253, 252, 255]);
});

// ---- steps ----------------------------------------------------------------------------------------------------------

test("a random walk of steps can be undone and redone to the last value, without a copy of what did not change", () => {
  const document = open(noise("ground", CANVAS));
  let seed = 5;
  const dice = (sides) => (seed = (seed * 48271) % 2147483647) % sides;
  const told = [];
  document.watch(({ before, after }) => told.push([before, after]));
  const states = [document.state];
  for (let k = 0; k < 60; k++) {
    const { layers, width, height, selection } = document.state;
    const some = layers[dice(layers.length)];
    const acts = [
      () => document.insert(noise(`fill ${k}`, [dice(30), dice(20), 8, 8], 255, k + 1), 0, "", 0),
      () => document.insert(noise(`group ${k}`, [dice(30), dice(20), 8, 8], 200, k + 1), some.id, "Fill", 0),
      () => document.show(some.id, !some.visible),
      () => document.select("Rectangle", rectangle(selection, [dice(width), dice(height), 9, 9], "add")),
      () => document.fade(some.id, dice(256)),
      () => document.remove(layers.length > 3 ? some.id : -1),
      () => width < 80 && document.enlarge(1, 2, 3, 4),
    ];
    acts[dice(acts.length)]();
    if (document.state !== states[states.length - 1]) states.push(document.state);
  }
  assert.ok(states.length > 40);
  assert.equal(told.length, states.length - 1);
  const looks = states.map((state) => [...seen(state)]);
  for (let k = states.length - 1; k > 0; k--) {
    assert.deepEqual(all(document), looks[k]);
    document.undo();
  }
  assert.deepEqual(all(document), looks[0]);
  document.undo();
  assert.deepEqual(all(document), looks[0]);
  for (let k = 1; k < states.length; k++) {
    document.redo();
    assert.deepEqual(all(document), looks[k]);
    assert.equal(document.state.selection, states[k].selection);
    assert.equal(document.state.width, states[k].width);
  }
  assert.equal(find(document.state.layers, 1)?.pixels, find(states[0].layers, 1)?.pixels);
});

test("the box of a difference holds all that differs, and is nothing where nothing does", () => {
  const document = open(noise("ground", CANVAS));
  const invert = layer({ kind: "invert", name: "Invert", box: [0, 0, 0, 0] });
  const acts = [
    [() => document.insert(noise("fill", [30, 20, 30, 30], 255, 9), 0, "", 0), [30, 20, 10, 10]],
    [() => document.select("Rectangle", rectangle(document.state.selection, [1, 1, 5, 5], "add")), null],
    [() => document.activate(document.state.layers[1].id), null],
    [() => document.show(document.state.layers[0].id, false), [30, 20, 10, 10]],
    [() => document.fade(document.state.layers[0].id, 9), null],
    [() => document.show(document.state.layers[0].id, true), [30, 20, 10, 10]],
    [() => document.fade(document.state.layers[0].id, 99), [30, 20, 10, 10]],
    [() => document.add("Invert", invert), CANVAS],
    [() => document.undo(), CANVAS],
    [() => document.enlarge(1, 0, 0, 0), [0, 0, 41, 30]],
  ];
  for (const [act, box] of acts) {
    const before = document.state;
    act();
    assert.deepEqual(difference(before, document.state), box, String(act));
  }
});

test("one step for a fill; the active layer and the selection stay", () => {
  const document = open(noise("ground", CANVAS));
  const { active, selection } = document.state;
  document.insert(noise("Fill", [1, 1, 5, 5]), 0, "", 0);
  assert.equal(document.history.past.length, 1);
  assert.equal(document.state.active, active);
  assert.equal(document.state.selection, selection);
  document.undo();
  assert.equal(document.state.layers.length, 1);
});

test("variations are one step: those that join a group come and go with it, and one is visible", () => {
  const document = open(noise("ground", CANVAS));
  const [first, second, third] = [1, 2, 3].map((k) => noise(`Fill (seed ${k})`, [1, 1, 5, 5], 255, k));
  const group = document.insert(first, 0, "Fill", 0);
  document.join(second, group);
  document.join(third, group);
  assert.equal(document.history.past.length, 1);
  document.showOnly(third.id, [first.id, second.id, third.id]);
  assert.equal(document.history.past.length, 1);
  const look = all(document);
  document.undo();
  assert.equal(document.state.layers.length, 1);
  document.redo();
  assert.deepEqual(all(document), look);
  const visible = find(document.state.layers, group).children.filter((one) => one.visible);
  assert.deepEqual(visible.map((one) => one.id), [third.id]);
  assert.equal(find(document.state.layers, group).children.length, 3);
});

test("one that joins after its group was undone comes back with it", () => {
  const document = open(noise("ground", CANVAS));
  const group = document.insert(noise("Fill (seed 1)", [1, 1, 5, 5]), 0, "Fill", 0);
  document.undo();
  document.join(noise("Fill (seed 2)", [1, 1, 5, 5]), group);
  assert.equal(document.state.layers.length, 1);
  document.redo();
  assert.equal(find(document.state.layers, group).children.length, 2);
});

test("what is replaced is hidden and its heir is active; undo brings both back", () => {
  const document = open(noise("ground", CANVAS));
  const old = noise("old", [1, 1, 5, 5]);
  document.insert(old, 0, "", 0);
  document.activate(old.id);
  const heir = noise("heir", [1, 1, 5, 5]);
  document.insert(heir, 0, "", old.id);
  assert.equal(document.state.active, heir.id);
  assert.equal(find(document.state.layers, old.id).visible, false);
  document.undo();
  assert.equal(document.state.active, old.id);
  assert.equal(find(document.state.layers, old.id).visible, true);
});

test("an active layer stays active over undo while it exists", () => {
  const document = open(noise("ground", CANVAS));
  const ground = document.state.active;
  const one = noise("one", [1, 1, 5, 5]);
  document.insert(one, 0, "", 0);
  document.insert(noise("two", [1, 1, 5, 5]), 0, "", 0);
  document.activate(one.id);
  document.undo();
  assert.equal(document.state.active, one.id);
  document.undo();
  assert.equal(document.state.active, ground);
});

test("a larger canvas keeps the picture and the selection where they were in each other", () => {
  const document = open(noise("ground", CANVAS));
  document.insert(noise("Fill", [35, 25, 20, 20], 255, 3), 0, "Fill", 0);
  document.select("Rectangle", rectangle(document.state.selection, [4, 5, 6, 7], "replace"));
  const before = all(document);
  document.enlarge(10, 8, 4, 2);
  assert.deepEqual([document.state.width, document.state.height], [54, 40]);
  assert.deepEqual([...seen(document.state, [10, 8, 40, 30])], before);
  assert.deepEqual(document.state.selection.bounds, [14, 13, 6, 7]);
  assert.deepEqual(pixel(document, 0, 0), [0, 0, 0, 0]);
});

test("deleting the last layer of a group takes the group away, and another layer is active", () => {
  const document = open(noise("ground", CANVAS));
  const one = noise("Fill (seed 1)", [1, 1, 5, 5]);
  document.insert(one, 0, "Fill", 0);
  document.activate(one.id);
  document.remove(one.id);
  assert.equal(document.state.layers.length, 1);
  assert.equal(document.state.active, document.state.layers[0].id);
  document.remove(4711);
  assert.equal(document.history.past.length, 2);
});

test("the oldest steps are forgotten when they hold too many bytes, never what is seen", () => {
  const document = new PageDocument("roof.jpg", 40, 30, [noise("ground", CANVAS)], 10_000);
  for (let k = 0; k < 20; k++) {
    document.insert(noise(`fill ${k}`, [0, 0, 20, 20]), 0, "", 0);
    document.remove(document.state.layers[0].id);
  }
  const { past, bytes } = document.history;
  assert.ok(bytes <= 10_000 && bytes > 5_000, `${bytes}`);
  assert.ok(past.length >= 10 && past.length < 14, `${past.length} steps are left`);
  const alone = all(document);
  while (document.history.past.length) document.undo();
  assert.deepEqual(all(document).length, alone.length);
  document.select("Rectangle", rectangle(document.state.selection, [0, 0, 1, 1], "add"));
  assert.equal(document.history.future.length, 0);
});

test("so many steps are remembered, and no more", () => {
  const document = open(noise("ground", CANVAS));
  for (let k = 0; k < STEPS + 5; k++) document.fade(document.state.active, k % 256);
  assert.equal(document.history.past.length, STEPS);
  while (document.history.past.length) document.undo();
  assert.equal(document.state.layers[0].opacity, 4);
});

test("nothing is unsaved until a layer changes", () => {
  const document = open(noise("ground", CANVAS));
  document.select("Rectangle", rectangle(document.state.selection, [0, 0, 1, 1], "add"));
  assert.equal(document.unsaved, false);
  document.insert(noise("Fill", [1, 1, 5, 5]), 0, "", 0);
  assert.equal(document.unsaved, true);
  document.undo();
  assert.equal(document.unsaved, false);
});
