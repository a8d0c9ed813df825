/** Who overtakes whom: slow looks, fast fingers, documents that change while something is asked of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesced, makeQueue } from "../src/guest/turns.js";
import { PROMPT, SELECTION, seated, selected, turn, until } from "./seat.js";

/** Hold the answers to one question; `go()` gives the oldest, `all()` every one from now on. */
function held(seat, what) {
  const waiting = [];
  seat.desk.pause = (asked) => (asked === what ? new Promise((go) => waiting.push(go)) : Promise.resolve());
  return {
    waiting,
    go: () => waiting.shift()(),
    all() {
      seat.desk.pause = async () => {};
      waiting.splice(0).forEach((go) => go());
    },
  };
}

test("looks never pile up, and the last one sees what is there", async () => {
  const seat = await seated();
  const scenes = held(seat, "scene");
  const before = seat.board.asked.length;
  const looks = Array.from({ length: 20 }, () => seat.guest.refresh());
  await until(() => scenes.waiting.length, "nobody looks");
  seat.board.name = "tower.psd";
  scenes.go();
  await until(() => scenes.waiting.length, "nobody looks again");
  scenes.all();
  await Promise.all(looks);
  assert.equal(seat.board.asked.slice(before).filter((what) => what === "scene").length, 2);
  assert.equal(seat.view.title, "tower.psd");
});

test("coalesced work goes on after a fault", async () => {
  let runs = 0;
  const work = coalesced(async () => {
    await turn();
    runs += 1;
    if (runs === 1) throw new Error("once");
  });
  const [first, second, third] = [work(), work(), work()];
  await assert.rejects(first, /once/);
  await Promise.all([second, third]);
  assert.equal(runs, 2);
});

test("a queue does one after the other, and the next one after a fault", async () => {
  const [done, faults] = [[], []];
  const queue = makeQueue((why) => faults.push(why.message));
  for (const name of ["a", "b", "c"]) {
    queue.add(async () => {
      await turn();
      done.push(name, queue.length);
      if (name === "b") throw new Error(name);
    });
  }
  assert.equal(queue.length, 3);
  await queue.quiet();
  assert.deepEqual([done, faults, queue.length], [["a", 3, "b", 2, "c", 1], ["b"], 0]);
});

test("what is typed while looks are slow stays, letter by letter", async () => {
  const seat = await seated();
  const scenes = held(seat, "scene");
  for (const prompt of ["r", "re", "red", "red ", "red roof"]) {
    seat.desk.changed();
    seat.edit({ prompt });
    assert.equal(seat.view.fields.prompt, prompt, "it is shown at once");
    if (scenes.waiting.length) scenes.go();
    await turn();
    assert.equal(seat.view.fields.prompt, prompt);
  }
  scenes.all();
  await seat.done();
  assert.deepEqual([seat.view.fields.prompt, seat.view.go.label], ["red roof", "Fill"]);
});

test("what is typed after Enter is for the next fill", async () => {
  const seat = await seated();
  const scenes = held(seat, "scene");
  seat.edit({ prompt: "first", count: 1 });
  seat.guest.go();
  seat.edit({ prompt: "second", count: 4 });
  scenes.all();
  await seat.done();
  assert.deepEqual([seat.memory().recipe.prompt, seat.board.ours().length], ["first", 1]);
  assert.equal(seat.view.fields.prompt, "second");
});

test("what is typed while settings are fetched stays, the rest is the layer's", async () => {
  const seat = await seated();
  await seat.filled({ negative: "moss" });
  seat.edit({ prompt: "something", negative: "" });
  const masks = held(seat, "maskOf");
  seat.guest.editSettings();
  await until(() => masks.waiting.length, "no mask is asked for");
  seat.edit({ prompt: "a green roof" });
  masks.all();
  await seat.done();
  assert.deepEqual([seat.view.fields.prompt, seat.view.fields.negative], ["a green roof", "moss"]);
  assert.deepEqual([seat.view.fields.locked, seat.view.fields.seed], [true, seat.memory().recipe.seed]);
});

test("a gesture is for the document in which it was made", async () => {
  const other = selected([5, 5, 20, 10]);
  const seat = await seated([selected(), other]);
  const scenes = held(seat, "scene");
  seat.guest.remove();
  seat.desk.front = other;
  seat.desk.changed();
  scenes.all();
  await seat.done();
  assert.deepEqual([seat.board.ours().map((one) => one.box), other.ours()], [[SELECTION], []]);
});

test("a document that is closed while it is looked at gets nothing", async () => {
  for (const what of ["scene", "mark", "frame", "together", "read", "coverage"]) {
    const other = selected();
    const seat = await seated([selected(), other]);
    const asked = held(seat, what);
    seat.guest.remove();
    await until(() => asked.waiting.length, `nobody asks for ${what}`);
    seat.board.closed = true;
    seat.desk.front = other;
    asked.all();
    await seat.done();
    assert.deepEqual([seat.board.ours(), other.ours()], [[], []]);
    assert.match(seat.view.error, /^(The document was closed before it was read|No document is open)/, what);
    seat.guest.remove();
    await seat.done();
    assert.deepEqual([other.ours().length, seat.view.error], [1, ""]);
  }
});

test("a gesture while another fill is read, and while a layer is put, is done after it", async () => {
  for (const what of ["read", "insert"]) {
    const seat = await seated();
    const asked = held(seat, what);
    seat.edit({ prompt: "first" });
    seat.guest.go();
    await until(() => asked.waiting.length, `nobody asks for ${what}`);
    seat.edit({ prompt: "second" });
    seat.guest.go();
    await seat.bridge.step();
    asked.all();
    await seat.done();
    assert.deepEqual(seat.board.ours().map((one) => one.name.split(" (")[0]), ["Fill – second", "Fill – first"]);
    assert.equal(seat.board.steps.length, 2);
  }
});

test("a gesture that waits behind a busy host is dropped by a cancel", async () => {
  const seat = await seated();
  const free = seat.desk.busy();
  seat.guest.remove();
  seat.guest.go();
  for (let turns = 0; turns < 20; turns++) await turn();
  assert.equal(seat.view.cancel.why, "", "it can be cancelled");
  seat.guest.cancel();
  assert.equal(seat.view.cancel.why, "Nothing runs.");
  free();
  await seat.done();
  assert.deepEqual([seat.bridge.fills, seat.board.ours(), seat.view.error], [[], [], ""]);
});

test("of variations that are chosen faster than the host shows them the last one counts", async () => {
  const seat = await seated();
  await seat.filled({ count: 4 });
  const asked = held(seat, "showOnly");
  const keys = seat.view.tiles.map((one) => one.key);
  for (const key of [keys[1], keys[2], keys[3]]) {
    seat.guest.choose(key);
    await turn();
    assert.deepEqual(seat.view.tiles.find((one) => one.shown).key, key);
  }
  asked.all();
  await seat.done();
  assert.deepEqual(seat.board.layers[0].children.map((one) => one.visible), [false, false, false, true]);
  assert.equal(seat.board.steps.filter((one) => one === "show").length, 2, "what was overtaken is not shown");
});

test("the plan is asked anew where it may have changed, and not at each key", async () => {
  const seat = await seated();
  seat.edit({ prompt: "a" });
  await seat.done();
  assert.equal(seat.view.plan, "160 × 120 px");
  const asked = seat.bridge.plans.length;
  for (const prompt of ["a r", "a ro", "a roof"]) seat.edit({ prompt });
  seat.edit({ seed: 9, locked: true });
  await seat.done();
  assert.equal(seat.bridge.plans.length, asked);
  seat.board.select([0, 0, 160, 120]);
  await seat.done();
  assert.equal(seat.bridge.plans.length, asked + 1);
});

test("a view is shown only where it is new, and what is said of a fill asks the document nothing", async () => {
  const seat = await seated();
  const count = seat.views.length;
  for (let looks = 0; looks < 5; looks++) await seat.tick();
  assert.equal(seat.views.length, count);
  seat.bridge.gate = 1;
  seat.edit({ prompt: PROMPT, count: 2 });
  seat.guest.go();
  await seat.paused();
  const asked = seat.board.asked.length;
  const [{ job }] = seat.bridge.fills;
  const progress = { t: "progress", job, phase: "painting", steps: 40 };
  for (let step = 1; step < 40; step++) seat.guest.hear({ message: { ...progress, step } });
  const shape = { width: 2, height: 1, channels: 3, depth: "u8" };
  seat.guest.hear({ message: { t: "preview", job, index: 1, s: 2 }, shape, picture: new Uint8Array(6) });
  await turn();
  assert.equal(seat.board.asked.length, asked);
  assert.deepEqual([seat.view.doing, seat.view.preview.pixels.length], ["Painting 39 of 40", 6]);
});

test("the corner says who paints on what, and what the fill waits for", async () => {
  const seat = await seated();
  const device = { name: "NVIDIA RTX 4090", memory: 24 * 2 ** 30, free: 21.4 * 2 ** 30 };
  seat.guest.hear({ message: { ...seat.bridge.capabilities, device } });
  const rows = () => Object.fromEntries(seat.view.corner);
  assert.deepEqual(rows(), {
    Engine: "Diffusion", Model: "Automatic", Device: "NVIDIA RTX 4090", Queue: "empty", Memory: "21.4 of 24.0 GB free",
  });
  seat.edit({ model: "classical" });
  assert.deepEqual(rows(), { Engine: "Built-in fill", Model: "none", Device: "CPU", Queue: "empty" });
  seat.bridge.gate = 0;
  seat.guest.remove();
  await seat.paused();
  const [{ job }] = seat.bridge.fills;
  seat.guest.hear({ message: { t: "accepted", job, region: "r", plan: {}, ahead: 2, seconds: 1, memory: 1 } });
  assert.deepEqual([rows().Queue, seat.view.doing], ["2 fills before this one", "Waits for 2 other fills"]);
});

test("a host that cannot be looked at is told, and the next look is as ever", async () => {
  const seat = await seated();
  seat.board.scene = async () => Promise.reject(new RangeError("no answer"));
  await seat.tick();
  assert.equal(seat.view.error, "The document could not be looked at (RangeError: no answer).");
  assert.equal(seat.view.title, "roof.psd");
  delete seat.board.scene;
  seat.guest.remove();
  await seat.done();
  assert.deepEqual([seat.view.error, seat.board.ours().length], ["", 1]);
});
