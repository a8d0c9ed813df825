/** Every gesture of the artist, from the button to the layer: a real guest, a document and a bridge in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { REFINE } from "../src/guest/gestures.js";
import { memoryOf, textOf } from "../src/guest/recall.js";
import { CHANGED } from "../src/guest/showing.js";
import { Board } from "./board.js";
import { PROMPT, SELECTION, seated, selected } from "./seat.js";
import { plain } from "./sheets.js";

test("remove puts a layer over what was selected, in one step, and nothing else changes", async () => {
  const seat = await seated();
  const { board } = seat;
  const before = board.composite();
  const chosen = [...board.selected];
  seat.guest.remove();
  await seat.done();
  const [layer] = board.ours();
  const { seed } = seat.memory().recipe;
  assert.deepEqual([layer.box, board.steps], [SELECTION, [`insert Remove (seed ${seed})`]]);
  const after = board.composite();
  for (let at = 0; at < after.length; at++) {
    const [x, y] = [Math.floor(at / 4) % 160, Math.floor(at / 4 / 160)];
    const inside = x >= 60 && x < 100 && y >= 50 && y < 80;
    assert.equal(after[at], inside && at % 4 < 3 ? (seed % 200) + 20 : before[at]);
  }
  assert.deepEqual([board.selected, board.marked, seat.view.error], [chosen, true, ""]);
  assert.equal(seat.desk.presented, 1, "the keyboard is back at the canvas");
});

test("fill reads the prompt, and the slider refines", async () => {
  const seat = await seated();
  const { recipe } = await seat.filled();
  assert.deepEqual([recipe.mode, recipe.prompt, recipe.strength], ["fill", PROMPT, 1]);
  assert.equal(seat.board.ours()[0].name, `Fill – a red roof (seed ${recipe.seed})`);
  assert.deepEqual(seat.view.history, [PROMPT]);
  seat.edit({ strength: 40 });
  assert.equal(seat.view.go.label, "Refine 40 %");
  assert.equal((await seat.filled({ strength: 40 })).recipe.strength, 0.4);
});

test("without a selection the whole picture is generated", async () => {
  const seat = await seated([new Board()]);
  seat.edit({ prompt: PROMPT });
  assert.equal(seat.view.go.label, "Generate");
  assert.equal((await seat.filled()).selection, null);
  assert.deepEqual(seat.board.ours()[0].box, [0, 0, 160, 120]);
});

test("expand fills what lies beyond the picture, and a covered canvas has nothing there", async () => {
  const board = new Board(160, 120, { channels: 4 });
  const seat = await seated([board]);
  seat.guest.expand();
  await seat.done();
  assert.match(seat.view.error, /^The picture covers the canvas: e/);
  board.resize(200, 120);
  await seat.tick();
  assert.equal(seat.view.go.label, "Expand");
  const { recipe, content } = await seat.filled();
  assert.deepEqual([recipe.mode, content], ["expand", [0, 0, 160, 120]]);
});

test("detail is a mode of its own", async () => {
  const seat = await seated();
  seat.guest.detail();
  await seat.done();
  assert.deepEqual([seat.memory().recipe.mode, seat.memory().recipe.strength], ["detail", 0.3]);
});

test("again takes the same pixels and hides the layer before", async () => {
  const seat = await seated();
  const { board, bridge } = seat;
  const first = await seat.filled();
  board.selected = [board.ours()[0].id];
  await seat.tick();
  assert.match(seat.view.layer.name, /^Fill – a red roof/);
  const { uploaded } = bridge.told;
  seat.guest.again();
  await seat.done();
  const again = seat.memory(-1);
  assert.deepEqual([bridge.told.uploaded, seat.view.error], [uploaded, ""]);
  assert.deepEqual([again.region, again.selection], [first.region, first.selection]);
  assert.notEqual(again.recipe.seed, first.recipe.seed);
  assert.deepEqual(seat.names(), [["Fill – a red roof", true], ["Fill – a red roof", false]]);
  assert.deepEqual(board.selected, [board.ours()[0].id], "its heir is selected");
});

test("again with the padlock closed is the same layer; where none is ours it is the button", async () => {
  const seat = await seated();
  seat.edit({ prompt: PROMPT });
  seat.guest.again();
  await seat.done();
  const first = seat.memory();
  assert.equal(first.recipe.prompt, PROMPT);
  seat.edit({ locked: true });
  seat.guest.again();
  await seat.done();
  assert.deepEqual(seat.memory(-1).recipe, first.recipe);
});

test("again lands where the layer lies now: moved, on a canvas that grew or was cropped through it", async () => {
  const cases = [
    [(board) => Object.assign(board.ours()[0], { x: 69, y: 46 }), [9, -4]],
    [(board) => board.resize(200, 150, 30, 20), [30, 20]],
    [(board) => board.crop([70, 60, 80, 50]), [-70, -60]],
    [(board) => board.crop([40, 30, 40, 40]), [-40, -30]],
    [(board) => board.crop([50, 60, 100, 10]), null],
    [(board) => board.crop([70, 20, 20, 90]), null],
  ];
  for (const [change, shift] of cases) {
    const seat = await seated();
    const { board } = seat;
    await seat.filled();
    change(board);
    board.selected = [board.ours()[0].id];
    seat.guest.again();
    await seat.done();
    if (shift) {
      assert.deepEqual(board.ours()[0].box, [60 + shift[0], 50 + shift[1], 40, 30]);
      assert.deepEqual(seat.memory(-1).box, SELECTION, "where it was made from, not where it lies");
    } else {
      const words = `The canvas was 160 × 120 px and is ${board.width} × ${board.height} px now: 1 finished layer`;
      seat.guest.answer(await seat.offer(words), "discard");
      await seat.done();
      assert.equal(board.ours().length, 1);
    }
  }
});

test("again says that the picture has changed, also when it is made again once more", async () => {
  const seat = await seated();
  await seat.filled();
  for (const changed of [false, true, true]) {
    if (changed) seat.board.layers.at(-1).pixels.fill(0.5);
    seat.guest.again();
    await seat.done();
    assert.equal(seat.view.error, changed ? CHANGED : "");
  }
  assert.equal(seat.board.ours().length, 4);
});

test("what became transparent since has changed, too", async () => {
  const seat = await seated();
  await seat.filled();
  const { pixels } = seat.board.layers.at(-1);
  for (let at = 3; at < pixels.length; at += 4) pixels[at] = 0.5;
  seat.guest.again();
  await seat.done();
  assert.equal(seat.view.error, CHANGED);
});

test("what lies above a layer is no change of it, and is not read for its heir", async () => {
  const seat = await seated();
  const { board } = seat;
  await seat.filled();
  const before = seat.memory().pixels;
  board.layers.unshift(plain("Curves", [0, 0, 160, 120], [1, 1, 1, 1]));
  board.selected = [board.ours()[0].id];
  seat.guest.again();
  await seat.done();
  assert.equal(seat.view.error, "");
  seat.guest.editSettings();
  await seat.done();
  await seat.filled({ prompt: "a blue roof" });
  assert.deepEqual([seat.memory(-1).pixels, seat.memory(-1).sample], [before, "below"]);
  assert.deepEqual([board.layers[0].name, seat.view.fields.sample], ["Curves", "all"]);
});

test("again when the bridge has forgotten the pixels reads them anew", async () => {
  const seat = await seated();
  const { board, bridge } = seat;
  const found = await seat.filled();
  const [sheet] = board.ours();
  const wide = { ...found.recipe, context: [0, 0, 150, 110] }; // as another program may have asked
  sheet.memory = textOf({ ...found, region: "f".repeat(32), recipe: wide });
  Object.assign(sheet, { x: 20, y: 10 });
  board.selected = [sheet.id];
  seat.guest.again();
  await seat.done();
  assert.match(seat.view.error, /no longer holds what this layer was made from/);
  const box = [20, 10, 40, 30];
  assert.deepEqual(board.ours().map((one) => [one.box, one.visible]), [[box, true], [box, false]]);
  assert.deepEqual(bridge.fills.slice(1).map((one) => one.ask.recipe.context), [wide.context, null]);
});

test("again with a model that is gone names it, and a layer from another document is made in this one", async () => {
  const seat = await seated();
  const { board, bridge } = seat;
  const found = await seat.filled();
  const [sheet] = board.ours();
  sheet.memory = textOf({ ...found, recipe: { ...found.recipe, model: "gone-12345678" } });
  board.selected = [sheet.id];
  seat.guest.again();
  await seat.done();
  assert.match(seat.view.error, /gone-12345678.*roofs/);
  assert.equal(board.ours().length, 1);
  sheet.memory = textOf({ ...found, document: { ...found.document, tag: "ff".repeat(16) } });
  seat.guest.again();
  await seat.done();
  assert.equal(bridge.fills.at(-1).ask.document.tag, board.tagged);
  assert.equal(board.ours().length, 2);
});

test("vary makes three relatives in a group", async () => {
  const seat = await seated();
  await seat.filled();
  seat.guest.vary();
  await seat.done();
  const [group] = seat.board.layers;
  assert.deepEqual(group.children.map((one) => one.visible), [true, false, false]);
  for (const one of group.children) {
    const { recipe } = memoryOf(one.memory);
    assert.deepEqual([recipe.strength, recipe.prompt, one.box], [0.6, PROMPT, SELECTION]);
  }
});

test("refine takes the fields and the layer's own mask", async () => {
  const seat = await seated();
  const { board } = seat;
  board.select(SELECTION, 99);
  await seat.filled();
  board.select([0, 0, 9, 9]);
  board.selected = [board.ours()[0].id];
  seat.edit({ prompt: "a blue roof", blend: 40 });
  seat.guest.refine();
  await seat.done();
  const { recipe } = seat.memory(-1);
  assert.deepEqual([recipe.prompt, recipe.strength, recipe.blend], ["a blue roof", REFINE / 100, 0]);
  const [top] = board.ours();
  assert.deepEqual([top.box, [...new Set(top.mask)]], [SELECTION, [99]]);
  top.x = 400;
  board.selected = [top.id];
  seat.guest.refine();
  await seat.done();
  assert.match(seat.view.error, /outside the canvas/);
});

test("edit settings: what is filled then replaces the layer, and keeps its place", async () => {
  const seat = await seated();
  const { board } = seat;
  board.select(SELECTION, 99);
  const first = await seat.filled({ sample: "below" });
  board.layers.unshift(plain("Above", [0, 0, 160, 120], [0, 0, 0, 0]));
  board.select(null);
  board.selected = [board.ours()[0].id];
  seat.edit({ prompt: "something else" });
  seat.guest.editSettings();
  await seat.done();
  const { prompt, seed, locked, sample } = seat.view.fields;
  assert.deepEqual([prompt, seed, locked, sample], [PROMPT, first.recipe.seed, true, "below"]);
  assert.deepEqual([board.selection(), board.chosen[50 * 160 + 60]], [SELECTION, 99]);
  assert.equal(await seat.offer("what you fill now replaces it"), "editing");
  await seat.filled({ prompt: "a blue roof", locked: false });
  assert.deepEqual(seat.names(), [["Fill – a blue roof", true], ["Fill – a red roof", false]]);
  assert.deepEqual(board.layers.map((one) => one.name.split(" ")[0]), ["Above", "Fill", "Fill", "Background"]);
  assert.deepEqual(seat.view.offers, []);
  await seat.filled({ prompt: "a green roof" });
  assert.deepEqual(seat.names().map(([, visible]) => visible).sort(), [false, true, true]);
});

test("editing stops by its answer, or with its layer; a model that is gone is named", async () => {
  const seat = await seated();
  const { board } = seat;
  const found = await seat.filled();
  const ends = [() => seat.guest.answer("editing", "stop"), () => board.delete(board.ours()[0].id)];
  for (const end of ends) {
    board.ours()[0].memory = textOf({ ...found, recipe: { ...found.recipe, model: "gone-12345678" } });
    board.selected = [board.ours()[0].id];
    seat.guest.editSettings();
    await seat.done();
    assert.deepEqual(seat.view.offers.map((one) => one.key), ["editing"]);
    assert.match(seat.view.error, /“gone-12345678” is not installed any more/);
    assert.equal(seat.view.fields.model, null);
    end();
    await seat.done();
    assert.deepEqual(seat.view.offers, []);
  }
});

test("a layer is hidden by the first variation alone", async () => {
  const seat = await seated();
  const { board, bridge } = seat;
  await seat.filled();
  const [old] = board.ours();
  seat.guest.editSettings();
  await seat.done();
  bridge.gate = 1;
  seat.edit({ count: 2 });
  seat.guest.go();
  await seat.paused();
  assert.equal(old.visible, false);
  old.visible = true; // the artist compares
  bridge.gate = Infinity;
  bridge.paint();
  await seat.done();
  assert.deepEqual([board.ours().length, old.visible], [3, true]);
});
