/** Where a layer lands when the document is another one than was filled: moved, cropped, closed, or it is there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UNREAD } from "../src/guest/landing.js";
import { memoryOf } from "../src/guest/recall.js";
import { BUILT_IN, FakeBridge } from "./fake_link.js";
import { PROMPT, SELECTION, seated, selected, turn, until } from "./seat.js";
import { plain } from "./sheets.js";

/** A seat whose fill was read and painted, and of which no layer has come yet. */
async function painted(fields = {}, boards = [selected()]) {
  const seat = await seated(boards);
  seat.bridge.gate = 0;
  seat.edit(fields);
  seat.guest.remove();
  await seat.paused();
  seat.come = async (gate = Infinity) => {
    seat.bridge.gate = gate;
    seat.bridge.paint();
    await (gate === Infinity ? seat.done() : seat.paused());
  };
  return seat;
}

const boxes = (board) => board.ours().map((one) => one.box);

test("a canvas that grew to the left moves the layer, a crop beside one that stayed whole does, too", async () => {
  const grown = await painted();
  grown.board.resize(200, 150, 30, 20);
  await grown.come();
  assert.deepEqual([boxes(grown.board), grown.memory().box], [[[90, 70, 40, 30]], SELECTION]);
  const board = selected();
  board.layers.unshift(plain("Small", [50, 40, 9, 9], [1, 1, 1, 1]));
  const cropped = await painted({}, [board]);
  board.crop([40, 30, 100, 80]);
  await cropped.come();
  assert.deepEqual(boxes(board), [[20, 20, 40, 30]]);
});

test("a canvas that was cropped through every layer is asked about", async () => {
  for (const word of ["insert", "open", "discard"]) {
    const seat = await painted();
    seat.board.crop([40, 30, 100, 80]);
    await seat.come();
    const key = await seat.offer("The canvas was 160 × 120 px and is 100 × 80 px now: 1 finished layer may not fit");
    assert.deepEqual(seat.bridge.told.settled.filter(([what]) => what === "layer"), []);
    seat.guest.answer(key, word);
    await seat.done();
    assert.deepEqual(boxes(seat.board), word === "insert" ? [SELECTION] : []);
    assert.deepEqual(seat.desk.opened.map((one) => [one.width, one.height]), word === "open" ? [[40, 30]] : []);
    const [[, , state]] = seat.bridge.told.settled.filter(([what]) => what === "layer");
    assert.equal(state, word === "discard" ? "discarded" : "inserted");
    assert.deepEqual(seat.view.offers, []);
  }
});

test("a document that was closed leaves its layers to the artist, wherever they are", async () => {
  for (const word of ["open", "discard"]) {
    const other = selected();
    const seat = await painted({}, [selected(), other]);
    seat.board.closed = true;
    await seat.turnTo(other);
    await seat.come();
    seat.guest.answer(await seat.offer("1 finished layer waits: the document was closed."), word);
    await seat.done();
    assert.deepEqual([seat.desk.opened.length, other.ours().length], [word === "open" ? 1 : 0, 0]);
    assert.deepEqual(seat.view.offers, []);
  }
});

test("a document that was closed and cannot be opened anew keeps its layer", async () => {
  const seat = await painted();
  seat.board.closed = true;
  await seat.come();
  seat.desk.fault = new Error("no scratch disk");
  seat.guest.answer(await seat.offer("was closed"), "open");
  const key = await seat.offer("was closed. A new one could not be opened (Error: no scratch disk).");
  seat.desk.fault = null;
  seat.guest.answer(key, "open");
  await seat.done();
  assert.deepEqual([seat.desk.opened.length, seat.view.offers], [1, []]);
});

test("a question about an open document waits until the artist is there", async () => {
  const other = selected();
  const seat = await painted({}, [selected(), other]);
  seat.board.floating = true;
  await seat.turnTo(other);
  await seat.come();
  assert.deepEqual(seat.view.offers, []);
  await seat.turnTo(seat.board);
  await seat.offer("1 finished layer waits. A transformation is open: finish it.");
  assert.equal(seat.desk.presented, 0, "the keyboard goes back only for what was inserted");
  seat.board.floating = false;
  seat.desk.changed();
  await seat.done();
  assert.deepEqual([boxes(seat.board), seat.view.offers, seat.desk.presented], [[SELECTION], [], 1]);
});

test("a document that became indexed holds the layer and is offered conversion", async () => {
  const seat = await painted();
  seat.board.kind = "indexed";
  await seat.come();
  await seat.offer("1 finished layer waits. An indexed document has no room");
  seat.guest.answer(await seat.offer("Convert it to RGB?"), "convert");
  await seat.done();
  assert.deepEqual(boxes(seat.board), [SELECTION]);
});

test("a host that fails loses nothing, and is not tried again and again", async () => {
  const seat = await painted();
  const { board } = seat;
  board.fault = new RangeError("no memory for a layer");
  await seat.come();
  const words = "1 finished layer could not be inserted (RangeError: no memory for a layer).";
  const key = await seat.offer(words);
  const tries = () => board.asked.filter((what) => what === "insert").length;
  for (let looks = 0; looks < 3; looks++) await seat.tick();
  assert.equal(tries(), 1);
  seat.guest.answer(key, "insert");
  await seat.done();
  await seat.offer(words);
  assert.equal(tries(), 2);
  board.fault = null;
  board.resize(200, 150, 30, 20);
  seat.guest.answer(key, "insert");
  await seat.done();
  assert.deepEqual([boxes(board), seat.view.offers], [[[90, 70, 40, 30]], []]);
});

test("an insert that waits for a busy host is shown, and is no error", async () => {
  const seat = await painted();
  const free = seat.desk.busy("Photoshop is busy: finish your current tool.");
  await seat.come(Infinity).catch(() => {});
  assert.deepEqual([boxes(seat.board), seat.view.offers, seat.view.error], [[], [], ""]);
  assert.equal(seat.view.waiting, "Photoshop is busy: finish your current tool.");
  free();
  await seat.done();
  assert.deepEqual([boxes(seat.board), seat.view.waiting], [[SELECTION], ""]);
});

test("a document closed while an insert waits is offered as a new one", async () => {
  const seat = await painted();
  const { board } = seat;
  const free = seat.desk.busy();
  seat.bridge.gate = Infinity;
  seat.bridge.paint();
  await until(() => board.asked.includes("insert"), "nothing is inserted");
  board.closed = true;
  free();
  seat.guest.answer(await seat.offer("1 finished layer waits: the document was closed."), "open");
  await seat.done();
  assert.deepEqual([seat.desk.opened.length, boxes(board)], [1, []]);
});

test("two layers that arrive at once lie in one group, one of them seen", async () => {
  const seat = await painted({ count: 2 });
  seat.desk.pause = async () => turn();
  await seat.come();
  const [group] = seat.board.layers;
  assert.deepEqual(group.children.map((one) => one.visible), [true, false]);
  assert.equal(seat.board.steps.length, 2);
  assert.deepEqual(seat.view.tiles.map((one) => one.shown), [true, false]);
});

test("a layer in the document whose acknowledgement was never sent is not put there twice", async () => {
  const seat = await painted();
  const { board, bridge, link } = seat;
  let arrived;
  seat.desk.pause = (what) => (what === "inserted" ? new Promise((go) => (arrived = go)) : Promise.resolve());
  seat.bridge.gate = Infinity;
  seat.bridge.paint();
  await until(() => arrived, "nothing is inserted");
  bridge.kill(); // between the layer and its settling
  seat.desk.pause = async () => {};
  arrived();
  await seat.done();
  bridge.start();
  await seat.done();
  assert.equal(boxes(board).length, 1);
  assert.deepEqual([bridge.list(), seat.view.offers], [[], []]);
  assert.equal(link.now, "open");
});

test("an answer counts for the variations to come", async () => {
  const seat = await painted({ count: 3 });
  await seat.come(1);
  seat.board.closed = true;
  await seat.come(2);
  seat.guest.answer(await seat.offer("was closed"), "open");
  await seat.come();
  assert.deepEqual([seat.desk.opened.length, seat.view.offers], [2, []]);
});

test("to discard what has come stops what has not", async () => {
  const seat = await painted({ count: 3 });
  const { board, bridge } = seat;
  await seat.come(1);
  board.floating = true;
  await seat.come(2);
  seat.guest.answer(await seat.offer("1 finished layer waits"), "discard");
  await seat.done();
  assert.deepEqual(bridge.told.cancelled, [bridge.fills[0].job]);
  assert.deepEqual(bridge.told.settled.map(([what, , state]) => `${what} ${state}`).sort(), [
    "done inserted",
    "layer discarded",
    "layer inserted",
  ]);
  assert.equal(board.ours().length, 1);
});

test("to discard what is just being tried again still counts", async () => {
  const seat = await painted({ count: 2 });
  const { board } = seat;
  board.floating = true;
  await seat.come();
  const key = await seat.offer("2 finished layers wait");
  board.floating = false;
  const asked = [];
  seat.desk.pause = (what) => (what === "results" ? new Promise((go) => asked.push(go)) : Promise.resolve());
  seat.desk.changed();
  await until(() => asked.length, "it is not tried again");
  seat.guest.answer(key, "discard");
  seat.desk.pause = async () => {};
  asked.forEach((go) => go());
  await seat.done();
  assert.deepEqual([boxes(board), seat.view.offers], [[], []]);
  const layers = seat.bridge.told.settled.filter(([what]) => what === "layer");
  assert.deepEqual(layers.map(([, , state]) => state), ["discarded", "discarded"]);
});

test("a fault that is over is forgotten", async () => {
  const seat = await painted({ count: 3 });
  const { board } = seat;
  await seat.come(1);
  board.fault = new Error("no memory for a layer");
  await seat.come(2);
  const key = await seat.offer("could not be inserted");
  Object.assign(board, { fault: null, floating: true });
  seat.guest.answer(key, "insert");
  await seat.come();
  await seat.offer("2 finished layers wait.");
  board.floating = false;
  seat.desk.changed();
  await seat.done();
  assert.equal(board.ours().length, 3);
});

test("a canvas that grows between two variations keeps them together", async () => {
  const seat = await painted({ count: 3 });
  await seat.come(1);
  seat.board.resize(200, 150, 30, 20);
  await seat.come();
  assert.deepEqual(boxes(seat.board), Array(3).fill([90, 70, 40, 30]));
});

test("what was enlarged is a document of its own", async () => {
  const seat = await painted();
  const [job] = seat.bridge.jobs.values();
  job.ask.recipe.scale = 2;
  await seat.come();
  assert.deepEqual([seat.desk.opened.length, seat.board.ours()], [1, []]);
});

test("the keyboard stays where the artist types", async () => {
  const seat = await painted();
  seat.edit({ prompt: "the next one" });
  await seat.come();
  assert.deepEqual([boxes(seat.board), seat.desk.presented], [[SELECTION], 0]);
});

test("the built-in fill says that it read no prompt, and is not stuck on a slider", async () => {
  const bridge = new FakeBridge({ capabilities: BUILT_IN });
  const seat = await seated([selected()], { bridge });
  seat.edit({ strength: 40, prompt: PROMPT });
  assert.deepEqual([seat.view.go.label, seat.view.greyed.strength.includes("cannot refine")], ["Fill", true]);
  bridge.layer = (...given) => {
    const event = FakeBridge.prototype.layer.apply(bridge, given);
    event.message.prompt_used = false;
    return event;
  };
  seat.guest.go();
  await seat.done();
  assert.equal(seat.view.error, UNREAD);
  assert.deepEqual([seat.memory().recipe.strength, seat.view.layer.again.why], [1, ""]);
  assert.match(seat.view.layer.vary.why, /cannot refine/);
  assert.match(seat.view.layer.refine.why, /cannot refine/);
  assert.equal(memoryOf(seat.board.ours()[0].memory).recipe.prompt, PROMPT);
});
