/** Variations, what is at hand, what is shown and said: a real guest, a document and a bridge in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { REFINE } from "../src/guest/gestures.js";
import { memoryOf } from "../src/guest/recall.js";
import { NONE_OF_OURS } from "../src/guest/showing.js";
import { Board } from "./board.js";
import { PROMPT, SELECTION, Seat, seated, selected } from "./seat.js";

test("of several variations one is shown, and the first comes before the second is painted", async () => {
  const seat = await seated();
  const { board, bridge } = seat;
  bridge.gate = 1;
  seat.edit({ prompt: PROMPT, count: 3 });
  seat.guest.go();
  await seat.paused();
  assert.deepEqual(seat.view.tiles.map((one) => one.shown), [true]);
  assert.deepEqual([seat.view.fraction, seat.view.cancel.why], [0, ""]);
  assert.equal(seat.view.doing, "Painting 0 of 3, about 2 s left");
  const { seed } = seat.view.fields;
  bridge.gate = Infinity;
  bridge.paint();
  await seat.done();
  const group = board.layers[0];
  assert.equal(group.name, "Fill – a red roof");
  assert.deepEqual(group.children.map((one) => one.visible), [true, false, false]);
  assert.deepEqual(seat.view.tiles.map((one) => [one.title, one.shown]), [
    ...group.children.map((one, place) => [one.name, place === 0]),
  ]);
  assert.deepEqual([seed, seat.view.fields.seed], Array(2).fill(memoryOf(group.children[0].memory).recipe.seed));
  assert.deepEqual([seat.view.fraction, seat.view.doing, seat.view.cancel.why], [null, "", "Nothing runs."]);
});

test("three variations, choose, refine and a new prompt are six gestures", async () => {
  const seat = await seated(); // 1: the selection
  const { board } = seat;
  seat.edit({ prompt: PROMPT, count: 3 });
  seat.guest.go(); // 2: Enter in the prompt
  await seat.done();
  const third = seat.view.tiles[2];
  seat.guest.choose(third.key); // 3
  assert.deepEqual(seat.view.tiles.map((one) => one.shown), [false, false, true]);
  await seat.done();
  const children = board.layers[0].children;
  assert.deepEqual(children.map((one) => one.visible), [false, false, true]);
  assert.equal(seat.view.fields.seed, memoryOf(children[2].memory).recipe.seed);
  assert.equal(seat.view.layer.name, third.title, "the variation that was chosen is at hand");
  seat.edit({ count: 1 });
  seat.guest.refine(); // 4
  await seat.done();
  assert.equal(seat.memory(-1).recipe.strength, REFINE / 100);
  seat.edit({ prompt: "a blue roof" }); // 5
  seat.guest.go(); // 6
  await seat.done();
  assert.deepEqual([seat.memory(-1).recipe.prompt, seat.memory(-1).recipe.strength], ["a blue roof", 1]);
});

test("a group that was undone is made anew", async () => {
  const seat = await seated();
  const { board, bridge } = seat;
  bridge.gate = 1;
  seat.edit({ prompt: PROMPT, count: 2 });
  seat.guest.go();
  await seat.paused();
  board.undo();
  bridge.gate = Infinity;
  bridge.paint();
  await seat.done();
  assert.deepEqual(board.layers[0].children.map((one) => one.visible), [true]);
  assert.deepEqual(seat.view.tiles.map((one) => one.shown), [false, true]);
});

test("what the last fill shows is at hand while its selection stands", async () => {
  const seat = await seated();
  const { board } = seat;
  await seat.filled();
  assert.ok(seat.view.layer);
  board.select([0, 0, 9, 9]);
  await seat.tick();
  assert.equal(seat.view.layer, null);
  board.select(SELECTION);
  await seat.tick();
  assert.ok(seat.view.layer);
  board.delete(board.ours()[0].id);
  await seat.tick();
  assert.equal(seat.view.layer, null);
});

test("the seed is shown and the padlock keeps it, whatever is chosen", async () => {
  const seat = await seated();
  const first = await seat.filled();
  assert.deepEqual([seat.view.fields.seed, seat.view.fields.locked], [first.recipe.seed, false]);
  const second = await seat.filled();
  assert.notEqual(second.recipe.seed, first.recipe.seed);
  const third = await seat.filled({ locked: true });
  assert.deepEqual([third.recipe.seed, seat.view.fields.seed], [second.recipe.seed, second.recipe.seed]);
  await seat.filled({ count: 3, seed: 7 });
  seat.guest.choose(seat.view.tiles[2].key);
  await seat.done();
  assert.deepEqual([seat.view.tiles[2].title.slice(-8), seat.view.fields.seed], ["(seed 9)", 7]);
});

test("without a layer of ours there is nothing to vary, and without a document nothing at all", async () => {
  const seat = await seated();
  for (const name of ["vary", "refine", "editSettings"]) {
    seat.edit({ prompt: PROMPT });
    seat.guest[name]();
    await seat.done();
    assert.equal(seat.view.error, NONE_OF_OURS);
  }
  assert.deepEqual(seat.bridge.fills, []);
  const empty = await seated([]);
  for (const name of ["go", "remove", "again", "vary", "editSettings", "expand"]) {
    empty.guest[name]();
    await empty.done();
    assert.equal(empty.view.error, "No document is open.");
  }
  const { go, remove, detail, title, layer } = empty.view;
  assert.deepEqual(new Set([go.why, remove.why, detail.why]), new Set(["No document is open."]));
  assert.deepEqual([title, layer], ["", null]);
});

test("buttons say what they do, or why not", async () => {
  const indexed = /An indexed document has no room/;
  const cases = [
    [SELECTION, "rgb", false, {}, "Remove", /^$/, /^$/, /^$/],
    [SELECTION, "rgb", false, { prompt: "x" }, "Fill", /^$/, /^$/, /^$/],
    [SELECTION, "rgb", false, { prompt: "x", strength: 40 }, "Refine 40 %", /^$/, /^$/, /^$/],
    [null, "rgb", false, { prompt: "x" }, "Generate", /^$/, /Nothing is selected/, /^$/],
    [SELECTION, "gray", false, { prompt: "x" }, "Fill", /^$/, /^$/, /^$/],
    [SELECTION, "cmyk", false, { prompt: "x" }, "Fill", /^$/, /^$/, /^$/],
    [SELECTION, "indexed", false, { prompt: "x" }, "Fill", indexed, indexed, indexed],
    [SELECTION, "rgb", true, { prompt: "x" }, "Fill", /transformation/, /transformation/, /transformation/],
    [SELECTION, "rgb", false, { prompt: "x", model: "classical" }, "Fill", /^$/, /^$/, /cannot sharpen/],
    [SELECTION, "rgb", false, { prompt: "x", strength: 40, model: "classical" }, "Fill", /^$/, /^$/, /cannot sharpen/],
  ];
  for (const [box, kind, floating, fields, label, go, remove, detail] of cases) {
    const board = selected(box, { kind });
    board.floating = floating;
    const seat = await seated([board]);
    seat.edit(fields);
    await seat.done();
    assert.equal(seat.view.go.label, label);
    assert.match(seat.view.go.why, go);
    assert.match(seat.view.remove.why, remove);
    assert.match(seat.view.detail.why, detail);
  }
});

test("what cannot be done is said, and nothing begins", async () => {
  const seat = await seated([new Board()]);
  const { board } = seat;
  seat.guest.remove();
  await seat.done();
  assert.equal(seat.view.error, "Nothing is selected: select what to remove.");
  board.select(SELECTION);
  board.floating = true;
  for (const name of ["go", "expand", "detail", "again"]) {
    seat.guest[name]();
    await seat.done();
    assert.equal(seat.view.error, "A transformation is open: finish it.");
  }
  board.floating = false;
  seat.edit({ prompt: "x".repeat(9000) });
  seat.guest.go();
  await seat.done();
  assert.match(seat.view.error, /prompt is at most 8192 bytes/);
  assert.deepEqual([seat.bridge.fills, board.marked], [[], false]);
  await seat.filled();
  assert.equal(seat.view.error, "");
});

test("a document in gray or of a palette is offered conversion", async () => {
  const seat = await seated();
  const { board } = seat;
  for (const [kind, words] of [["gray", "This document is grayscale"], ["indexed", "This document is indexed"]]) {
    board.kind = kind;
    await seat.tick();
    seat.guest.answer(await seat.offer(words), "convert");
    await seat.done();
    assert.deepEqual([board.kind, seat.view.offers], ["rgb", []]);
  }
  assert.deepEqual(board.steps, ["convert", "convert"]);
});

test("earlier fills of a document leave when they are over, and each document has its own", async () => {
  const other = selected();
  const seat = await seated([selected(), other]);
  const { bridge, board } = seat;
  bridge.gate = 1;
  seat.edit({ prompt: PROMPT, count: 2 });
  seat.guest.go();
  await seat.paused();
  await seat.turnTo(other);
  assert.deepEqual([seat.view.fraction, seat.view.tiles, seat.view.layer], [null, [], null]);
  seat.edit({ count: 1 });
  seat.guest.go();
  bridge.gate = Infinity;
  bridge.paint();
  await seat.done();
  assert.deepEqual([board.ours().length, other.ours().length], [2, 1]);
  seat.guest.go();
  await seat.done();
  assert.equal(seat.view.tiles.length, 1);
  await seat.turnTo(board);
  assert.deepEqual(seat.view.tiles.map((one) => one.shown), [true, false], "those of another one stay to choose from");
});

test("the fields are there again next time", async () => {
  const store = new Map();
  const first = await seated([selected()], { store });
  first.edit({ prompt: PROMPT, strength: 40 });
  first.guest.close();
  const later = new Seat([selected()], { store });
  await later.done();
  assert.deepEqual([later.view.fields.prompt, later.view.fields.strength], [PROMPT, 40]);
});
