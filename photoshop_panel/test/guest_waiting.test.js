/** Fills of an earlier start: what is asked about them, in which document, and what each answer does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OFFERS, makeWaiting } from "../src/guest/waiting.js";
import { Board } from "./board.js";
import { FakeBridge } from "./fake_link.js";
import { SELECTION, Seat, seated, selected } from "./seat.js";

const NOW = 1_700_000_000;
const HOST = "Photoshop";

/** A job as the bridge lists it. */
function listed(job, more = {}) {
  const usual = { state: "done", host: HOST, tag: "t1", orphan: true, results: ["r1"], at: NOW, mode: "fill" };
  return { job, prompt: "a red\nroof", count: 1, ...usual, ...more };
}

async function waiting(jobs, boards = [], held = []) {
  const found = makeWaiting(HOST, async () => boards, () => NOW);
  found.landed = await found.told(Object.entries(jobs).map(([job, more]) => listed(job, more)), () => new Set(held));
  return found;
}

test("what is asked says what it was and when", async () => {
  const cases = [
    [{}, "A fill of a document that is not open was finished: “a red roof”, a moment ago."],
    [{ state: "running" }, "A fill of a document that is not open is still being painted: “a red roof”, a moment ago."],
    [{ prompt: "", mode: "remove" }, "A fill of a document that is not open was finished: remove, a moment ago."],
    [{ prompt: null, at: null }, " fill, 19676 days ago."],
    [{ at: NOW - 600 }, " 10 minutes ago."],
    [{ at: NOW - 3600 * 5 }, " 5 hours ago."],
    [{ at: NOW - 86400 * 3 }, " 3 days ago."],
    [{ at: NOW + 600 }, " a moment ago."],
    [{ prompt: "x".repeat(80) }, ` “${"x".repeat(40)}”, a moment ago.`],
  ];
  for (const [more, text] of cases) {
    const [offer] = (await waiting({ j1: more })).offers(null);
    assert.ok(text[0] === " " ? offer.text.endsWith(text) : offer.text === text, offer.text);
    assert.deepEqual(offer.answers.map(([word]) => word), ["open", "discard"]);
  }
});

test("what others wait for is not offered", async () => {
  const cases = [
    [{}, 1], [{ host: "Photoshop 26.1" }, 1], [{ orphan: false }, 0], [{ host: "GIMP" }, 0],
    [{ host: "browser page" }, 0], [{ host: "Photoshopper" }, 0],
  ];
  for (const [more, offered] of cases) {
    assert.equal((await waiting({ j1: more })).offers(null).length, offered);
  }
  assert.deepEqual((await waiting({ j1: {}, j2: {} }, [], ["j1"])).offers(null).map((one) => one.key), ["waits j2"]);
});

test("a fill is offered in its own document, the others behind it, and only a few", async () => {
  const [board, other] = [selected(), selected()];
  const jobs = { closed: {}, mine: { tag: board.tagged }, theirs: { tag: other.tagged } };
  const found = await waiting(jobs, [board, other]);
  assert.deepEqual(found.offers(board).map((one) => one.key), ["waits mine", "waits closed"]);
  assert.deepEqual(found.offers(board)[0].answers, [["insert", "Insert"], ["discard", "Discard"]]);
  assert.deepEqual(found.offers(board)[1].answers[0], ["open", "Open as a new document"]);
  other.closed = true;
  assert.ok(found.offers(board).some((one) => one.key === "waits theirs"));
  const many = await waiting(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`j${at}`, {}])));
  assert.equal(many.offers(null).length, OFFERS);
  assert.ok(await many.take("j0", null));
  assert.equal(await many.take("j0", null), null);
  assert.deepEqual(many.offers(null).map((one) => one.key), ["waits j1", "waits j2", "waits j3"]);
});

test("cancel stops what runs for one document, whoever began it, and not what is done", async () => {
  const found = await waiting({});
  const jobs = [
    listed("mine", { state: "running", orphan: false }),
    listed("orphan", { state: "queued" }),
    listed("done"),
    listed("other", { state: "running", tag: "t2" }),
    listed("theirs", { state: "running", host: "GIMP" }),
  ];
  assert.deepEqual(found.stopped(jobs), []);
  found.cancel("t1");
  assert.equal(found.asking, true);
  assert.deepEqual(found.stopped(jobs), ["mine", "orphan", "theirs"]);
  assert.deepEqual([found.asking, found.stopped(jobs)], [false, []]);
});

test("a layer that is in its document needs no question", async () => {
  const board = new Board();
  Object.assign(board.layers[0], { memory: "{}", result: "r1" });
  const tag = board.tagged;
  const jobs = { j1: { tag }, j2: { tag, results: ["r1", "r2"] }, j3: { tag, state: "running" }, j4: {} };
  assert.deepEqual((await waiting(jobs, [board])).landed, ["j1"]);
});

test("an older answer does not undo a newer one", async () => {
  const board = new Board();
  const found = makeWaiting(HOST, async () => [board], () => NOW);
  let slow;
  board.desk = { pause: () => new Promise((go) => (slow = go)), free: Promise.resolve() };
  const first = found.told([listed("old", { tag: board.tagged })], () => new Set());
  await new Promise((go) => setImmediate(go));
  await found.told([], () => new Set());
  board.desk.pause = async () => {};
  slow();
  assert.deepEqual([await first, found.offers(null)], [[], []]);
});

// ---- a panel that was ended while something was painted -------------------------------------------------------------

/** A fill whose panel is ended before its layers come. Returns what is needed to start another. */
async function ended(board, fields = {}, gate = Infinity) {
  const [bridge, store] = [new FakeBridge(), new Map()];
  const seat = await seated([board], { bridge, store });
  bridge.gate = 0;
  seat.edit(fields);
  seat.guest.remove();
  await seat.paused();
  seat.guest.close();
  bridge.gate = gate;
  bridge.paint();
  for (let turns = 0; turns < 20; turns++) await new Promise((go) => setImmediate(go));
  return { bridge, store };
}

test("the layer is offered for its document and inserted once", async () => {
  const board = selected();
  const left = await ended(board);
  const seat = await seated([board], left);
  const key = await seat.offer("A fill of this document was finished: remove, ");
  assert.deepEqual(board.ours(), []);
  seat.guest.answer(key, "insert");
  seat.guest.answer(key, "insert");
  await seat.done();
  assert.deepEqual(board.ours().map((one) => one.box), [SELECTION]);
  const { job, selection, document } = seat.memory();
  assert.deepEqual([job, selection, document.width], [left.bridge.fills[0].job, SELECTION, 160]);
  assert.deepEqual([seat.view.offers, seat.view.tiles.length], [[], 1]);
  assert.deepEqual(left.bridge.list(), []);
  const { uploaded } = left.bridge.told;
  seat.guest.again();
  await seat.done();
  assert.deepEqual([board.ours().length, left.bridge.told.uploaded], [2, uploaded]);
});

test("it goes where the order says", async () => {
  const board = selected();
  board.layers.unshift(Object.assign(board.layers[0].clone(), { name: "Above", id: 9999 }));
  board.selected = [board.layers[1].id];
  const left = await ended(board, { sample: "below" });
  board.selected = [9999];
  const seat = await seated([board], left);
  seat.guest.answer(await seat.offer("A fill of this document"), "insert");
  await seat.done();
  assert.deepEqual(board.layers.map((one) => one.name.split(" (")[0]), ["Above", "Remove", "Background"]);
});

test("where no order is left it goes on top, where the selection was", async () => {
  const board = selected();
  const { bridge } = await ended(board);
  const seat = await seated([board], { bridge });
  seat.guest.answer(await seat.offer("A fill of this document"), "insert");
  await seat.done();
  assert.deepEqual([board.ours().map((one) => one.box), seat.view.offers], [[SELECTION], []]);
});

test("it goes on while it is still painted", async () => {
  const board = selected();
  const left = await ended(board, { count: 3 }, 1);
  const seat = await seated([board], left);
  seat.guest.answer(await seat.offer("is still being painted"), "insert");
  await seat.paused();
  assert.equal(board.ours().length, 1);
  left.bridge.gate = Infinity;
  left.bridge.paint();
  await seat.done();
  assert.deepEqual(board.layers[0].children.map((one) => one.visible), [true, false, false]);
});

test("discard stops it and leaves nothing", async () => {
  const board = selected();
  const left = await ended(board, { count: 3 }, 1);
  const seat = await seated([board], left);
  seat.guest.answer(await seat.offer("is still being painted"), "discard");
  await seat.done();
  const { cancelled, settled } = left.bridge.told;
  assert.deepEqual([board.ours(), cancelled, seat.view.error], [[], [left.bridge.fills[0].job], ""]);
  assert.deepEqual(settled.map(([what, , state]) => `${what} ${state}`), ["layer discarded", "done inserted"]);
});

test("a document that is not open is offered as a new one", async () => {
  const { bridge } = await ended(selected());
  const seat = await seated([selected()], { bridge });
  seat.guest.answer(await seat.offer("A fill of a document that is not open was finished"), "open");
  await seat.done();
  assert.deepEqual(seat.desk.opened.map((one) => [one.width, one.height]), [[40, 30]]);
  assert.deepEqual(seat.board.ours(), []);
});

test("a layer that was inserted before the end is settled without a word", async () => {
  const board = selected();
  const bridge = new FakeBridge();
  const seat = await seated([board], { bridge });
  seat.guest.remove();
  await seat.done();
  for (const one of bridge.jobs.values()) one.layers[0].settled = false; // the ack never left
  seat.guest.close();
  const later = new Seat([board], { bridge });
  await later.done();
  assert.deepEqual([board.ours().length, bridge.list()], [1, []]);
  assert.ok(later.views.every((view) => !view.offers.length));
});

test("again that was ended replaces its layer where it lies", async () => {
  const board = selected();
  const [bridge, store] = [new FakeBridge(), new Map()];
  const seat = await seated([board], { bridge, store });
  seat.guest.remove();
  await seat.done();
  const [first] = board.ours();
  bridge.gate = 0;
  seat.guest.again();
  await seat.paused();
  seat.guest.close();
  bridge.gate = Infinity;
  bridge.paint();
  first.x += 9;
  const later = await seated([board], { bridge, store });
  later.guest.answer(await later.offer("A fill of this document"), "insert");
  await later.done();
  assert.deepEqual(board.ours().map((one) => [one.box, one.visible]), [[[69, 50, 40, 30], true], [first.box, false]]);
});
