import assert from "node:assert/strict";
import { test } from "node:test";
import { Album } from "../src/page/album.js";
import { composite } from "../src/page/composite.js";
import { PageDocument, seen } from "../src/page/document.js";
import { makeHost, saved } from "../src/page/host_canvas.js";
import { find, layer } from "../src/page/layers.js";
import { masked, rectangle } from "../src/page/selection.js";

const BOX = [2, 1, 6, 4];
const ALL = { sample: "all", anchor: 0 };

/** Some layer, of a colour that is not another's. */
function plain(name, box, shade, alpha = 255) {
  const value = (_, k) => (k % 4 === 3 ? alpha : (shade + k * 3) % 256);
  const pixels = Uint8ClampedArray.from({ length: box[2] * box[3] * 4 }, value);
  return layer({ name, box, pixels });
}

/** A host with a document of some layers, top first. */
async function seated(...layers) {
  const album = new Album();
  const kept = new Map();
  const store = { get: (name) => kept.get(name) ?? null, set: (name, text) => void kept.set(name, text) };
  const host = makeHost(album, { keys: {}, store, version: "1", present: () => {} });
  const document = new PageDocument("roof.jpg", 20, 12, layers.length ? layers : [plain("ground", [0, 0, 20, 12], 40)]);
  album.add(document);
  return { album, host, document, canvas: await host.active() };
}

/** A finished layer of one shade. */
function finished(name, box, shade, more = {}) {
  const pixels = new Uint8Array(box[2] * box[3] * 3).fill(shade);
  const picture = { width: box[2], height: box[3], channels: 3, depth: "u8" };
  return { name, box, picture, pixels, mask: null, result: `result of ${name}`, memory: `memory of ${name}`, ...more };
}

test("the scene says what the artist has before them", async () => {
  const { canvas, document } = await seated();
  const scene = await canvas.scene("all");
  assert.deepEqual(scene, {
    name: "roof.jpg",
    document: { tag: await canvas.tag(), width: 20, height: 12, channels: 3, depth: "u8" },
    selection: null,
    content: null,
    kind: "rgb",
    active: document.state.layers[0].id,
    layer: "ground",
    memory: null,
    trouble: "",
  });
  assert.match(scene.document.tag, /^[0-9a-f]{32}$/);
  document.select("Rectangle", rectangle(document.state.selection, [15, 10, 90, 90], "replace"));
  assert.deepEqual((await canvas.scene("all")).selection, [15, 10, 5, 2]);
});

test("where the canvas goes on beyond the picture, the scene has the picture's box and 4 channels", async () => {
  const { canvas, document } = await seated();
  document.enlarge(5, 3, 5, 3);
  const { content, document: facts } = await canvas.scene("all");
  assert.deepEqual(content, [5, 3, 20, 12]);
  assert.deepEqual([facts.width, facts.height, facts.channels], [30, 18, 4]);
  document.insert(plain("Fill", [0, 0, 30, 18], 3), 0, "", 0);
  assert.equal((await canvas.scene("all")).content, null);
  assert.equal((await canvas.scene("current")).document.channels, 4);
});

test("a sample of one layer needs an active one", async () => {
  const { canvas, document } = await seated();
  document.activate(0);
  assert.equal((await canvas.scene("all")).trouble, "");
  for (const sample of ["below", "current"]) assert.match((await canvas.scene(sample)).trouble, /select one/);
});

test("all layers, those from the anchor down, and the anchor alone are read, without what is left out", async () => {
  const [top, ground] = [plain("top", [0, 0, 20, 12], 90), plain("ground", [0, 0, 20, 12], 1)];
  const middle = plain("middle", [3, 2, 4, 2], 9);
  const { canvas, document } = await seated(top, middle, ground);
  const only = (...layers) => new Uint8Array(composite(layers, BOX).buffer);
  const read = (spot, without = []) => canvas.read(BOX, 4, "u8", spot, without);
  assert.deepEqual(await read(ALL), only(top, middle, ground));
  assert.deepEqual(await read({ sample: "all", anchor: middle.id }), only(top, middle, ground));
  assert.deepEqual(await read({ sample: "below", anchor: middle.id }), only(middle, ground));
  assert.deepEqual(await read({ sample: "current", anchor: middle.id }), only(middle));
  assert.deepEqual(await read({ sample: "below", anchor: middle.id }, [middle.id]), only(ground));
  assert.deepEqual(await read(ALL, [top.id]), only(middle, ground));
  document.show(middle.id, false);
  assert.deepEqual(await read({ sample: "below", anchor: middle.id }), only(ground));
  assert.deepEqual(await read({ sample: "current", anchor: middle.id }), only(middle), "alone it shows, hidden or not");
});

test("a layer in a group is read with what lies below the group, not with its siblings above", async () => {
  const ground = plain("ground", [0, 0, 20, 12], 1);
  const [first, second] = [plain("first", [0, 0, 6, 6], 50), plain("second", [2, 2, 6, 6], 120)];
  const group = layer({ kind: "group", name: "Fill", box: [0, 0, 0, 0], children: [first, second] });
  const { canvas } = await seated(plain("top", [0, 0, 20, 12], 90), group, ground);
  const only = (...layers) => new Uint8Array(composite(layers, BOX).buffer);
  const read = (sample, { id }) => canvas.read(BOX, 4, "u8", { sample, anchor: id }, []);
  assert.deepEqual(await read("below", second), only(second, ground));
  assert.deepEqual(await read("below", group), only(first, second, ground));
  assert.deepEqual(await read("current", group), only(first, second));
});

test("an invert above what is sampled does not count, and acts on the result once", async () => {
  const ground = plain("ground", [0, 0, 20, 12], 1);
  const { canvas, document } = await seated(layer({ kind: "invert", name: "Invert", box: [0, 0, 0, 0] }), ground);
  const spot = { sample: "below", anchor: ground.id };
  const before = seen(document.state);
  const pixels = await canvas.read(BOX, 3, "u8", spot, []);
  await canvas.insert({ ...finished("Fill", BOX, 0), pixels }, spot, false, 0, 0);
  assert.deepEqual(seen(document.state), before);
  assert.deepEqual(document.state.layers.map((one) => one.name), ["Invert", "Fill", "ground"]);
  const twice = await canvas.read(BOX, 3, "u8", ALL, []);
  await canvas.insert({ ...finished("Fill", BOX, 0), pixels: twice }, ALL, false, 0, 0);
  assert.deepEqual(seen(document.state), before, "what was read of all layers goes on top of all layers");
  assert.equal(document.state.layers[0].name, "Fill");
});

test("3 channels of something transparent are refused, with the number to ask for", async () => {
  const { canvas, document } = await seated();
  document.enlarge(1, 0, 0, 0);
  await assert.rejects(canvas.read([0, 0, 3, 3], 3, "u8", ALL, []), { code: "picture.size", channels: 4 });
  const read = await canvas.read([0, 0, 2, 1], 4, "u8", ALL, []);
  assert.deepEqual([...read.subarray(0, 4)], [0, 0, 0, 0]);
  assert.equal(read[7], 255);
  assert.equal((await canvas.read([1, 0, 3, 3], 3, "u8", ALL, [])).length, 27);
});

test("other depths are read to the full range, and come back as what they were", async () => {
  const { canvas, document } = await seated();
  const whole = [0, 0, 20, 12];
  const plain8 = await canvas.read(whole, 3, "u8", ALL, []);
  assert.ok(Math.max(...plain8) > 250, "where a wrong scale shows");
  for (const [depth, Samples, white] of [["u16", Uint16Array, 65535], ["f32", Float32Array, 1]]) {
    const read = await canvas.read(whole, 3, depth, ALL, []);
    const samples = new Samples(read.buffer);
    assert.ok(samples.every((one, k) => Math.abs(one / white - plain8[k] / 255) < 1e-6));
    const before = seen(document.state);
    const picture = { width: 20, height: 12, channels: 3, depth };
    const unaligned = new Uint8Array(read.length + 1).subarray(1);
    unaligned.set(read);
    await canvas.insert(finished("Fill", whole, 0, { picture, pixels: unaligned }), ALL, false, 0, 0);
    assert.deepEqual(seen(document.state), before);
  }
  const short = finished("Fill", BOX, 0, { pixels: new Uint8Array(5) });
  await assert.rejects(canvas.insert(short, ALL, false, 0, 0), /5 bytes, expected 72/);
});

test("coverage and masks are read value for value", async () => {
  const { canvas, document } = await seated();
  const mask = Uint8Array.from({ length: 24 }, (_, k) => k * 10);
  document.select("Brush", masked(20, 12, BOX, mask));
  assert.deepEqual(await canvas.coverage(BOX), mask);
  const over = [16, 10, 6, 4];
  const put = await canvas.insert(finished("Fill", over, 9, { mask }), ALL, false, 0, 0);
  const cut = Uint8Array.from([0, 10, 20, 30, 60, 70, 80, 90]);
  assert.deepEqual(await canvas.maskOf(put.layer), { box: [16, 10, 4, 2], mask: cut });
  assert.deepEqual(await canvas.maskOf(document.state.layers[1].id), { box: [0, 0, 20, 12], mask: null });
  await canvas.selectMask(put.layer);
  assert.deepEqual(document.state.selection.bounds, [16, 10, 4, 2]);
  assert.deepEqual(document.state.selection.read([16, 10, 4, 2]), cut);
});

test("a layer comes in on top of all, or just above what was sampled; outside its mask nothing changes", async () => {
  const [top, ground] = [plain("top", [0, 0, 9, 9], 90, 100), plain("ground", [0, 0, 20, 12], 1)];
  const { canvas, document } = await seated(top, ground);
  document.activate(top.id);
  const before = seen(document.state);
  const mask = Uint8Array.from({ length: 24 }, (_, k) => (k === 8 ? 255 : 0));
  const spot = { sample: "below", anchor: ground.id };
  const put = await canvas.insert(finished("Fill", BOX, 7, { mask }), spot, false, 0, 0);
  assert.deepEqual(document.state.layers.map((one) => one.id), [top.id, put.layer, ground.id]);
  assert.equal(put.group, 0);
  assert.equal(document.state.active, top.id);
  const changed = [...seen(document.state)].flatMap((one, k) => (one === before[k] ? [] : k >> 2));
  assert.deepEqual([...new Set(changed)], [2 * 20 + 4]);
  assert.deepEqual(await canvas.results(), new Set(["result of Fill"]));
  const over = await canvas.insert(finished("Over", BOX, 8), { sample: "all", anchor: ground.id }, false, 0, 0);
  assert.equal(document.state.layers[0].id, over.layer);
  document.undo();
  document.activate(put.layer);
  assert.equal((await canvas.scene("all")).memory, "memory of Fill");
  assert.equal(document.history.past.length, 1);
});

test("several are a group, named without the seed, of which one is visible", async () => {
  const { canvas, document } = await seated();
  const name = (seed) => `Fill – red (old) roof (seed ${seed})`;
  const first = await canvas.insert(finished(name(1), BOX, 1), ALL, true, 0, 0);
  const second = await canvas.insert(finished(name(2), BOX, 2), ALL, true, first.group, 0);
  const group = document.state.layers[0];
  assert.equal(group.name, "Fill – red (old) roof");
  assert.deepEqual([first.group, second.group], [group.id, group.id]);
  assert.deepEqual(group.children.map((one) => [one.id, one.visible]), [[first.layer, true], [second.layer, false]]);
  assert.deepEqual(await canvas.where(first.group), BOX);
  assert.deepEqual([...(await canvas.frame())][0], [group.id, BOX]);
  await canvas.showOnly(second.layer, [first.layer, second.layer]);
  assert.deepEqual(find(document.state.layers, first.layer).visible, false);
  assert.equal((await canvas.results()).size, 2);
  document.undo();
  assert.equal((await canvas.results()).size, 0);
  assert.equal(await canvas.has(first.layer), false);
  const third = await canvas.insert(finished(name(3), BOX, 3), ALL, true, first.group, 0);
  assert.notEqual(third.group, first.group, "the group is gone: it gets one of its own");
});

test("all that is read together is of one moment", async () => {
  const { canvas, document } = await seated();
  const before = await canvas.read(BOX, 3, "u8", ALL, []);
  await canvas.together(async () => {
    await null;
    document.insert(plain("Fill", [0, 0, 20, 12], 200), 0, "", 0);
    document.select("Rectangle", rectangle(document.state.selection, BOX, "replace"));
    assert.equal((await canvas.scene("all")).selection, null);
    assert.deepEqual(await canvas.read(BOX, 3, "u8", ALL, []), before);
  });
  assert.notDeepEqual(await canvas.read(BOX, 3, "u8", ALL, []), before);
  await assert.rejects(canvas.together(() => Promise.reject(new Error("torn"))), /torn/);
  assert.deepEqual((await canvas.scene("all")).selection, BOX);
});

test("a closed document has no scene and takes no layer; another is shown", async () => {
  const { album, host, canvas, document } = await seated();
  const other = await host.openDocument(finished("Detail", [7, 7, 6, 4], 5));
  assert.equal(await host.active(), other);
  assert.deepEqual((await other.scene("all")).document.width, 6);
  assert.deepEqual(await other.where([...(await other.frame()).keys()][0]), [0, 0, 6, 4]);
  assert.deepEqual(await host.canvases(), [canvas, other]);
  album.close(document);
  assert.equal(canvas.open(), false);
  assert.equal(await canvas.scene("all"), null);
  assert.equal(await canvas.has(document.state.layers[0].id), false);
  await assert.rejects(canvas.insert(finished("Fill", BOX, 1), ALL, false, 0, 0), /roof.jpg” was closed/);
  assert.equal(document.state.layers.length, 1);
  album.close(album.documents[0]);
  assert.equal(await host.active(), null);
});

test("the guest is told of what the artist does, and never of what it does itself", async () => {
  const { host, canvas, document } = await seated();
  let looks = 0;
  host.watch(() => (looks += 1));
  const turn = () => new Promise((done) => setTimeout(done));
  await canvas.insert(finished("Fill", BOX, 1), ALL, true, 0, 0);
  await canvas.showOnly(document.state.layers[0].children[0].id, []);
  await canvas.selectMask(document.state.layers[0].children[0].id);
  await turn();
  assert.equal(looks, 0);
  document.undo();
  assert.equal(looks, 0, "soon, not at once");
  await turn();
  assert.equal(looks, 1);
});

test("what is saved has an alpha channel only where something is transparent", async () => {
  const { document } = await seated();
  const kind = async () => new Uint8Array(await (await saved(document.state)).arrayBuffer())[25];
  assert.equal(await kind(), 2);
  document.enlarge(1, 1, 1, 1);
  assert.equal(await kind(), 6);
});
