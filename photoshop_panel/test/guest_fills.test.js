/** Between Enter and the pixels, and while the bridge is away: the right pixels are read, and nothing comes twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../src/wire/crc32.js";
import { CLOSED, DELETED, DESELECTED } from "../src/guest/fills.js";
import { memoryOf } from "../src/guest/recall.js";
import { Board } from "./board.js";
import { FakeBridge } from "./fake_link.js";
import { PROMPT, SELECTION, seated, selected, turn, until } from "./seat.js";
import { plain } from "./sheets.js";

const OTHER = [5, 5, 20, 10];

/** A seat whose bridge says nothing until the test lets it: a fill was asked for, and not read. */
async function asking(fields = {}, boards = [selected()]) {
  const seat = await seated(boards);
  seat.edit(fields);
  await seat.done();
  seat.bridge.quick = false;
  seat.guest.remove();
  await until(() => seat.bridge.fills.length, "no fill was asked for");
  seat.goOn = () => {
    seat.bridge.quick = true;
    for (const _ of [...seat.bridge.todo]) setImmediate(() => seat.bridge.step());
    return seat.done();
  };
  return seat;
}

test("a selection that changed is asked about anew", async () => {
  const seat = await asking();
  seat.board.select(OTHER);
  await seat.goOn();
  assert.deepEqual(seat.board.ours().map((one) => one.box), [OTHER]);
  assert.deepEqual(seat.bridge.fills.map((one) => one.ask.selection), [SELECTION, OTHER]);
  assert.equal(seat.view.error, "");
});

test("a canvas of another size is asked about anew", async () => {
  for (const [dx, dy] of [[0, 0], [10, 20]]) {
    const seat = await asking();
    seat.board.resize(200, 150, dx, dy);
    await seat.goOn();
    assert.deepEqual(seat.board.ours().map((one) => one.box), [[60 + dx, 50 + dy, 40, 30]]);
    const asked = seat.bridge.fills.map(({ ask }) => [ask.document.width, ask.document.channels]);
    assert.deepEqual(asked, [[160, 3], [200, 3], [200, 4]], "what was added to the canvas is transparent");
  }
});

test("what cannot be read is a sentence, and the next fill works", async () => {
  const cases = [
    [(board) => board.select(null), DESELECTED], // else a click beside it would generate the whole picture
    [(board) => (board.closed = true), CLOSED],
    [(board) => (board.floating = true), "A transformation is open: finish it."],
    [(board) => (board.fault = new RangeError("no tile")), "The picture could not be read (RangeError: no tile)."],
  ];
  for (const [change, sentence] of cases) {
    const seat = await asking();
    const { board } = seat;
    change(board);
    await seat.goOn();
    assert.deepEqual([board.ours(), seat.view.error], [[], sentence]);
    Object.assign(board, { closed: false, floating: false, fault: null });
    board.select(SELECTION);
    seat.guest.remove();
    await seat.done();
    assert.deepEqual([board.ours().length, seat.view.error], [1, ""]);
  }
});

test("the layer that was to be read was deleted", async () => {
  const board = selected();
  board.layers.unshift(plain("Above", [0, 0, 160, 120], [1, 1, 1, 1]));
  board.selected = [board.layers[0].id];
  const seat = await asking({ sample: "below" }, [board]);
  board.delete(board.selected[0]);
  await seat.goOn();
  assert.deepEqual([board.ours(), seat.view.error], [[], DELETED]);
});

test("what is sampled decides what is read and where it goes", async () => {
  for (const [sample, place] of [["all", 0], ["below", 1], ["current", 1]]) {
    const board = selected();
    const whole = [0, 0, 160, 120];
    board.layers.unshift(plain("Curves", whole, [0.2, 0.9, 0.9, 1]), plain("Paint", whole, [0.5, 0.2, 0.5, 1]));
    board.selected = [board.layers[1].id];
    const seat = await seated([board]);
    seat.edit({ sample });
    seat.guest.remove();
    await seat.done();
    assert.equal(board.layers.findIndex((one) => one.memory), place);
    const memory = memoryOf(board.ours()[0].memory);
    board.delete(board.ours()[0].id);
    const pixels = await board.read(memory.seen, 3, "u8", { sample, anchor: board.selected[0] }, []);
    assert.deepEqual([memory.pixels, memory.sample], [crc32(pixels), sample]);
  }
});

test("another layer selected meanwhile changes nothing", async () => {
  const board = selected();
  board.layers.unshift(plain("Above", [0, 0, 160, 120], [1, 1, 1, 1]));
  board.selected = [board.layers[1].id];
  const seat = await asking({ sample: "below" }, [board]);
  board.selected = board.layers.map((one) => one.id);
  await seat.goOn();
  assert.deepEqual(board.layers.map((one) => one.name.split(" ")[0]), ["Above", "Remove", "Background"]);
  assert.equal(seat.view.error, "");
});

test("a layer that is replaced is not read", async () => {
  const seat = await seated();
  seat.guest.remove();
  await seat.done();
  const before = seat.memory().pixels;
  seat.guest.editSettings();
  await seat.done();
  seat.edit({ seed: 99 });
  seat.guest.remove();
  await seat.done();
  assert.equal(seat.memory(-1).pixels, before);
  assert.deepEqual(seat.board.ours().map((one) => one.visible), [true, false]);
});

test("where three channels do not do, it is asked anew for four, once", async () => {
  const board = selected();
  for (let at = 3; at < board.layers[0].pixels.length; at += 4) board.layers[0].pixels[at] = 0.5;
  const seat = await seated([board]);
  seat.guest.remove();
  await seat.done();
  assert.deepEqual(seat.bridge.fills.map((one) => one.ask.document.channels), [3, 4]);
  assert.deepEqual([board.ours().length, seat.view.error], [1, ""]);
  assert.equal(seat.memory().document.channels, 4);
});

test("pixels travel in the document's own depth, all of them in one turn", async () => {
  for (const [depth, bytes] of [["u8", 1], ["u16", 2], ["f32", 4]]) {
    const seat = await seated([selected(SELECTION, { depth })]);
    const { board } = seat;
    let outside = 0;
    seat.desk.pause = async (what) => {
      outside += ["read", "coverage"].includes(what) && !board.turns;
    };
    seat.guest.remove();
    await seat.done();
    assert.equal(seat.bridge.told.uploaded, 160 * 120 * 3 * bytes + 40 * 30);
    assert.equal(outside, 0);
    assert.equal(board.ours().length, 1);
  }
});

test("the checksum of a large picture is in the layer's memory, however soon the layer comes", async () => {
  const board = new Board(500, 400);
  board.select(SELECTION);
  const seat = await seated([board]);
  seat.guest.remove();
  await seat.done();
  const pixels = await board.read([0, 0, 500, 400], 3, "u8", { sample: "all", anchor: 0 }, [board.ours()[0].id]);
  assert.equal(seat.memory().pixels, crc32(pixels));
});

test("a refused fill is a sentence, and the next one works", async () => {
  const seat = await seated();
  const { board } = seat;
  board.select(SELECTION, 255);
  board.coverage = async (box) => new Uint8Array(box[2] * box[3]);
  seat.guest.go();
  await seat.done();
  assert.match(seat.view.error, /values of the mask are 0/);
  delete board.coverage;
  await seat.filled();
  assert.deepEqual([board.ours().length, seat.view.error], [1, ""]);
});

test("a painter that fails is a sentence, said once", async () => {
  const seat = await seated();
  const { bridge } = seat;
  bridge.gate = 0;
  seat.edit({ prompt: PROMPT, count: 2 });
  seat.guest.go();
  await seat.paused();
  const [{ job }] = bridge.fills;
  const missing = [0, 1].map((index) => ({ index, code: "x", text: "There is nothing to copy from." }));
  const done = { t: "done", n: 1, job, state: "failed", results: [], missing };
  bridge.jobs.get(job).over = true;
  seat.guest.hear({ message: done });
  await seat.done();
  assert.equal(seat.view.error, "There is nothing to copy from.");
  assert.deepEqual([seat.board.ours(), seat.view.tiles, seat.view.cancel.why], [[], [], "Nothing runs."]);
  assert.deepEqual(bridge.told.settled, [["done", job, "inserted"]]);
});

// ---- cancel ---------------------------------------------------------------------------------------------------------

test("cancel stops this document's fill and keeps what was finished", async () => {
  const other = selected();
  const seat = await seated([selected(), other]);
  const { bridge } = seat;
  bridge.gate = 1;
  seat.edit({ prompt: PROMPT, count: 3 });
  seat.guest.go();
  await seat.paused();
  await seat.turnTo(other);
  assert.equal(seat.view.cancel.why, "Nothing runs.");
  seat.guest.cancel();
  await seat.paused();
  assert.deepEqual(bridge.told.cancelled, [], "it is another document's");
  await seat.turnTo(seat.board);
  seat.guest.cancel();
  await seat.done();
  assert.deepEqual([seat.board.ours().length, seat.view.error, seat.view.cancel.why], [1, "", "Nothing runs."]);
  assert.equal(seat.view.tiles.length, 1);
});

test("cancel at any moment after Enter leaves no more than was finished", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const seat = await seated();
    seat.edit({ prompt: PROMPT });
    seat.desk.pause = async () => turn();
    seat.guest.go();
    for (let at = 0; at < turns; at++) await turn();
    const begun = seat.bridge.fills.length;
    seat.guest.cancel();
    await seat.done();
    const finished = [...seat.bridge.jobs.values()].flatMap((one) => one.layers).length;
    assert.deepEqual([seat.board.ours().length, seat.view.error], [finished, ""], `after ${turns} turns`);
    assert.equal(seat.bridge.fills.length, begun, `after ${turns} turns it began after all`);
  }
});

test("cancel while it is read does not ask anew, whatever changed", async () => {
  const seat = await asking();
  const { board, bridge } = seat;
  let read;
  seat.desk.pause = (what) => (what === "together" ? new Promise((go) => (read = go)) : Promise.resolve());
  bridge.step();
  await until(() => read, "it is never read");
  board.select(OTHER);
  seat.guest.cancel();
  read();
  seat.desk.pause = async () => {};
  await seat.goOn();
  assert.deepEqual([bridge.fills.length, board.ours(), seat.view.error], [1, [], ""]);
});

test("cancel from a menu stops what runs for this document alone, whoever began it", async () => {
  const bridge = new FakeBridge();
  const board = selected();
  const seat = await seated([board], { bridge });
  bridge.gate = 1;
  seat.edit({ prompt: PROMPT, count: 2 });
  seat.guest.go();
  await seat.paused();
  const other = await seated([selected()], { bridge });
  other.guest.cancelAll();
  await other.done();
  assert.deepEqual(bridge.told.cancelled, []);
  const third = await seated([board], { bridge });
  third.guest.cancelAll();
  assert.equal(third.guest.idle, false, "it waits to hear what there is to cancel");
  await third.done();
  bridge.gate = Infinity;
  await seat.done();
  assert.deepEqual([board.ours().length, seat.view.error], [1, ""]);
  assert.deepEqual(bridge.told.cancelled, [bridge.fills[0].job]);
});

// ---- the bridge away ------------------------------------------------------------------------------------------------

test("a bridge that is gone and comes back finishes what it accepted, and nothing else", async () => {
  const seat = await seated();
  const { board, bridge } = seat;
  bridge.gate = 1;
  seat.edit({ count: 3 });
  seat.guest.remove();
  await seat.paused();
  const [{ job }] = bridge.fills;
  bridge.kill("The bridge did not come back.");
  await seat.done();
  assert.deepEqual([seat.view.error, seat.view.status], Array(2).fill("The bridge did not come back."));
  assert.equal(seat.view.cancel.why, "Nothing runs.");
  seat.guest.remove(); // and this one no bridge has accepted
  await seat.done();
  assert.equal(seat.view.error, "No bridge is running.");
  bridge.gate = Infinity;
  bridge.start();
  await seat.done();
  assert.deepEqual([board.ours().length, seat.view.error, seat.view.offers], [3, "", []]);
  const memories = board.ours().map((one) => memoryOf(one.memory));
  assert.deepEqual([...new Set(memories.map((one) => one.job))], [job]);
  assert.equal(new Set(memories.map((one) => one.result)).size, 3);
  assert.deepEqual(bridge.list(), []);
});

test("what comes again after a cut is acknowledged and not doubled, undone or not", async () => {
  for (const undone of [false, true]) {
    const seat = await seated();
    const { board, bridge, link } = seat;
    seat.guest.remove();
    await seat.done();
    if (undone) board.undo(); // what the artist took back does not come back by itself
    const job = bridge.jobs.get(bridge.fills[0].job);
    job.layers[0].settled = false; // the ack was lost
    link.cut();
    assert.equal(seat.view.status, "The bridge is away; coming back to it.");
    link.lost.push(job.layers[0].event);
    link.back();
    await seat.done();
    assert.equal(board.ours().length, undone ? 0 : 1);
    assert.equal(bridge.told.settled.filter(([what]) => what === "layer").length, 2);
  }
});

test("a layer that is held while the bridge goes and comes lands once", async () => {
  const other = selected();
  const seat = await seated([selected(), other]);
  const { board, bridge } = seat;
  bridge.gate = 0;
  seat.guest.remove();
  await seat.paused();
  board.floating = true;
  bridge.gate = Infinity;
  bridge.paint();
  await seat.offer("1 finished layer waits. A transformation is open: finish it.");
  bridge.kill();
  await seat.done();
  bridge.start();
  await seat.turnTo(other);
  seat.guest.remove();
  await seat.done();
  board.floating = false;
  await seat.turnTo(board);
  await seat.done();
  assert.deepEqual([board.ours().length, other.ours().length], [1, 1]);
  assert.deepEqual(bridge.list(), []);
  const asked = seat.views.flatMap((view) => view.offers.map((one) => one.key));
  assert.ok(!asked.some((key) => key.startsWith("waits")), "it was offered as another start's");
});

test("a guest that never was online says why once it is asked, and an image alone starts no bridge", async () => {
  const bridge = new FakeBridge();
  bridge.up = false;
  const seat = await seated([selected()], { bridge });
  assert.deepEqual([seat.view.status, seat.view.error], ["No bridge is running.", ""]);
  const { called } = bridge.told;
  await seat.turnTo(selected());
  assert.equal(bridge.told.called, called);
  await seat.turnTo(seat.board);
  seat.guest.remove();
  await seat.done();
  assert.deepEqual([seat.view.error, seat.view.cancel.why], ["No bridge is running.", "Nothing runs."]);
  bridge.start();
  await seat.done();
  assert.equal(seat.view.error, "");
  seat.guest.remove();
  await seat.done();
  assert.equal(seat.board.ours().length, 1);
});

test("what was being painted for a key that is known no more is said to be gone", async () => {
  const seat = await seated();
  seat.bridge.gate = 0;
  seat.guest.remove();
  await seat.paused();
  seat.link.give("unpaired", "Run sfumato pair in a terminal and paste what it prints.");
  const { error, fraction } = seat.view;
  assert.deepEqual([error.split(":")[0], fraction], ["What was being painted is gone with the panel's key", null]);
});

test("where the bridge does not know the panel, it is paired", async () => {
  const seat = await seated();
  assert.equal(seat.view.pairing, null);
  seat.link.give("unpaired", "Run sfumato pair in a terminal and paste what it prints.");
  assert.equal(seat.view.pairing, "Run sfumato pair in a terminal and paste what it prints.");
  const refused = Object.assign(new Error("The pairing text is too old."), { name: "Refusal", code: "auth.pair" });
  seat.link.pair = async () => Promise.reject(refused);
  seat.guest.pair("ABC");
  await seat.done();
  assert.equal(seat.view.error, "The pairing text is too old.");
  delete seat.link.pair;
  seat.guest.pair("ABC");
  await seat.done();
  assert.deepEqual([seat.view.pairing, seat.view.error], [null, ""]);
});
