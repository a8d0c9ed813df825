/**
 * The six gestures in Photoshop's double, through the panel's own window, by a real bridge with the built-in fill and a
 * tiny model: each is counted, and what must stay as it was is looked at, at 8, 16 and 32 bit.
 */
import assert from "node:assert/strict";
import { after, before as first, test } from "node:test";
import { Artist, before, maskIn, soft, unchanged } from "./photoshop_artist.js";
import { box } from "./double/seat.js";
import { composite, every } from "./double/tree.js";
import { NO_MODEL, RealBridge } from "./real_bridge.js";

const options = { skip: NO_MODEL, timeout: 280_000 };
const [WIDTH, HEIGHT] = [160, 120];
const SELECTED = [60, 40, 40, 32];
const TOP = { 8: 255, 16: 32768, 32: 1 };
let bridge;

first(async () => {
  if (NO_MODEL) return;
  bridge = await RealBridge.housed({ model: true });
  await bridge.start();
}, { timeout: 200_000 });

after(async () => {
  await bridge?.end();
});

async function seated(t, more = {}) {
  const secure = new Map([["sfumato.key", await bridge.key()]]);
  const artist = new Artist({ port: bridge.port, secure, ...more });
  t.after(() => artist.leave());
  return artist;
}

/** A picture with an object in it. */
function opened(artist, bits, { background = true, above = () => [], ...more } = {}) {
  const inside = (n) => n % WIDTH >= 68 && n % WIDTH < 92 && n >= 48 * WIDTH && n < 64 * WIDTH;
  const share = (n, c) => (c === 3 ? 1 : (inside(n) ? [0.9, 0.1, 0.1] : [0.2 + (n % WIDTH) / 1000, 0.4, 0.6])[c]);
  const value = (n, c) => (bits === 32 ? share(n, c) : Math.round(share(n, c) * TOP[bits]));
  const ground = artist.artist.pixel("Hintergrund", bits, box(0, 0, WIDTH, HEIGHT), value, { background });
  const doc = artist.artist.open({ width: WIDTH, height: HEIGHT, bits, layers: [...above(ground), ground], ...more });
  doc.active = [ground.id];
  return doc;
}

/** Select, and remember how everything is. */
function selects(artist, doc, selected = SELECTED, mask = soft(selected)) {
  artist.select(doc, selected, mask);
  return before(doc, selected, mask);
}

/** Wait until so many layers of ours are there, and everything is quiet. */
async function landed(artist, doc, count) {
  await artist.until(() => artist.ours(doc).length === count);
  await artist.done();
  assert.equal(artist.view.error, "");
  assert.equal(artist.ours(doc).length, count);
}

/** Every layer of ours has the selection as its mask. */
function masked(artist, doc, selected = SELECTED, mask = soft(selected)) {
  for (const one of artist.ours(doc)) assert.deepEqual(maskIn(one, selected), mask, one.name);
}

for (const bits of [8, 16, 32]) {
  test(`${bits} bit: remove, in 2`, options, async (t) => {
    const artist = await seated(t);
    const doc = opened(artist, bits);
    const was = selects(artist, doc);
    await artist.press("Remove");
    await landed(artist, doc, 1);
    assert.equal(artist.acts, 2);
    unchanged(artist, was);
    masked(artist, doc);
    const seen = composite(doc).subarray((56 * WIDTH + 80) * 4); // in the middle of where the object was
    for (const [c, share] of [0.28, 0.4, 0.6].entries()) {
      assert.ok(Math.abs(seen[c] / TOP[bits] - share) < 0.03, `the object is still there: ${seen.subarray(0, 4)}`);
    }
    artist.artist.undo(doc);
    assert.deepEqual(composite(doc), was.whole);
  });

  test(`${bits} bit: fill, in 3`, options, async (t) => {
    const artist = await seated(t);
    const doc = opened(artist, bits);
    const was = selects(artist, doc);
    await artist.type("a red roof");
    await artist.enter("Fill");
    await landed(artist, doc, 1);
    assert.equal(artist.acts, 3);
    unchanged(artist, was);
    masked(artist, doc);
    assert.notDeepEqual(composite(doc), was.whole);
    assert.match(doc.layers[0].name, /^Fill – a red roof \(seed \d+\)$/);
  });

  test(`${bits} bit: refine a sketch, in 3`, options, async (t) => {
    const artist = await seated(t);
    const doc = opened(artist, bits);
    const was = selects(artist, doc);
    await artist.strength(40);
    await artist.enter("Refine 40 %");
    await landed(artist, doc, 1);
    assert.equal(artist.acts, 3);
    unchanged(artist, was);
    masked(artist, doc);
    assert.match(doc.layers[0].name, /^Refine/);
  });

  test(`${bits} bit: let the picture go on, in 2`, options, async (t) => {
    const artist = await seated(t);
    const doc = opened(artist, bits, { background: false });
    artist.enlarge(doc, 200, HEIGHT);
    const whole = [0, 0, 200, HEIGHT];
    const beyond = Uint8Array.from({ length: 200 * HEIGHT }, (_, n) => (n % 200 < WIDTH ? 0 : 255));
    const was = before(doc, whole, beyond);
    await artist.press("Expand");
    await landed(artist, doc, 1);
    assert.equal(artist.acts, 2);
    unchanged(artist, was);
    masked(artist, doc, whole, beyond);
    const seen = composite(doc);
    assert.ok(seen.every((value, at) => at % 4 < 3 || value === TOP[bits]), "the canvas is not filled");
  });

  test(`${bits} bit: three variations, one of them refined, then something else, in 6`, options, async (t) => {
    const artist = await seated(t);
    const doc = opened(artist, bits);
    await artist.type("a red roof");
    await artist.variations(3);
    artist.acts = 0; // both stand in the panel from the fill before
    const was = selects(artist, doc);
    await artist.enter("Fill");
    await landed(artist, doc, 3);
    await artist.choose(2);
    await artist.until(() => doc.layers[0].children[2].visible);
    assert.deepEqual(doc.layers[0].children.map((one) => one.visible), [false, false, true]);
    await artist.press("Refine");
    await landed(artist, doc, 6);
    await artist.type("a blue roof");
    await artist.enter("Fill");
    await landed(artist, doc, 9);
    assert.equal(artist.acts, 6);
    unchanged(artist, was, 9);
    masked(artist, doc);
    const names = ["Fill – a blue roof", "Refine – a red roof", "Fill – a red roof", "Hintergrund"];
    assert.deepEqual(doc.layers.map((one) => one.name), names);
    assert.deepEqual(doc.layers.slice(0, 3).map((one) => one.children.filter((each) => each.visible).length), [1, 1, 1]);
  });

  test(`${bits} bit: next week, in the reopened file, once more, in 2`, options, async (t) => {
    const artist = await seated(t);
    const doc = opened(artist, bits, { path: "/bild.psd" });
    selects(artist, doc);
    await artist.type("a red roof");
    await artist.enter("Fill");
    await landed(artist, doc, 1);
    const [made] = artist.ours(doc);
    const { tag } = artist.view && JSON.parse(artist.storage.get("sfumato")).orders ? await tagOf(artist) : {};
    await artist.leave();

    const later = await seated(t, { storage: artist.storage });
    const again = later.artist.saveAndReopen(doc, "/bild.psd");
    assert.deepEqual((await tagOf(later)).tag, tag);
    const was = before(again, SELECTED, soft(SELECTED));
    later.pick(again, later.ours(again)[0]);
    await later.press("Again");
    await landed(later, again, 2);
    assert.equal(later.acts, 2);
    const [heir, old] = later.ours(again);
    unchanged(later, { ...was, active: [heir.id] });
    masked(later, again);
    assert.deepEqual([heir.visible, old.visible, old.name], [true, false, made.name]);
    assert.notEqual(heir.name, made.name);
    assert.ok(!later.heard.some((one) => one.t === "want" && one.image), "the bridge still holds the region");
  });
}

/** What the guest knows of the document that is open. */
async function tagOf(artist) {
  const canvas = await artist.canvas();
  return { tag: await canvas.tag() };
}

test("in the reopened file Vary, Refine and Edit settings work as well", options, async (t) => {
  const artist = await seated(t);
  const doc = opened(artist, 8, { path: "/bild.psd" });
  selects(artist, doc);
  await artist.type("a red roof");
  await artist.enter("Fill");
  await landed(artist, doc, 1);
  await artist.leave();

  const later = await seated(t); // another computer: nothing but the file
  const again = later.artist.saveAndReopen(doc, "/bild.psd");
  const was = before(again, SELECTED, soft(SELECTED));
  const [layer] = later.ours(again);
  later.pick(again, layer);
  await later.press("Vary");
  await landed(later, again, 4);
  unchanged(later, { ...was, active: [layer.id] }, 3);
  await later.press("Refine");
  await landed(later, again, 5);
  unchanged(later, { ...was, active: [layer.id] }, 4);
  masked(later, again);
  await later.press("Edit settings");
  await later.until(() => again.selection && later.field("Prompt").value === "a red roof");
  assert.deepEqual(maskIn({ mask: { ...again.selection } }, SELECTED), soft(SELECTED));
  const { recipe } = JSON.parse(JSON.parse(noteOf(later, layer)).memory);
  assert.deepEqual([later.view.fields.seed, later.view.fields.locked], [recipe.seed, true]);
  const edited = before(again, SELECTED, soft(SELECTED));
  await later.type("a blue roof");
  await later.enter("Fill");
  await landed(later, again, 6);
  const heir = later.ours(again).find((one) => one.name.includes("a blue roof"));
  unchanged(later, { ...edited, active: [heir.id] });
  assert.deepEqual([heir.visible, layer.visible], [true, false]);
});

/** What a layer remembers, as the host wrote it. */
function noteOf(artist, layer) {
  const packet = new artist.uxp.xmp.XMPMeta(layer.xmp);
  return packet.getProperty("urn:sfumato:layer:1.0#", "note").value;
}

test("a selection over the edge, and none: the mask is what was selected", options, async (t) => {
  const artist = await seated(t);
  const doc = opened(artist, 16);
  const over = [-12, 90, 40, 50]; // over the left and the lower edge
  const coverage = soft(over);
  const was = selects(artist, doc, over, coverage);
  await artist.press("Remove");
  await landed(artist, doc, 1);
  unchanged(artist, was);
  const inside = Uint8Array.from(coverage, (value, n) => (n % 40 >= 12 && n < 30 * 40 ? value : 0));
  masked(artist, doc, over, inside);

  doc.selection = null;
  artist.artist.stroke(doc);
  await artist.type("a red roof");
  const whole = [0, 0, WIDTH, HEIGHT];
  const all = new Uint8Array(WIDTH * HEIGHT).fill(255);
  const none = before(doc, whole, all);
  await artist.enter("Generate");
  await landed(artist, doc, 2);
  unchanged(artist, none);
  assert.deepEqual(maskIn(doc.layers[0], whole), all);
});

test("current and below: an Invert layer above acts once, the layer lies below it", options, async (t) => {
  const artist = await seated(t);
  const doc = opened(artist, 8, { above: () => [artist.artist.invert()] });
  await artist.take("Sample", "Current and below");
  const was = selects(artist, doc);
  await artist.press("Remove");
  await landed(artist, doc, 1);
  unchanged(artist, was);
  assert.deepEqual(doc.layers.map((one) => one.name.split(" (")[0]), ["Umkehren 1", "Remove", "Hintergrund"]);
  const seen = composite(doc).subarray((56 * WIDTH + 80) * 4);
  for (const [c, share] of [0.28, 0.4, 0.6].entries()) assert.ok(Math.abs(seen[c] / 255 - (1 - share)) < 0.03, `${c}`);
});

test("in a group, in an artboard: the layer stays with the one that was sampled", options, async (t) => {
  const artist = await seated(t);
  for (const name of ["Gruppe 1", "Zeichenfläche 1"]) {
    const inner = artist.artist.pixel("innen", 8, box(40, 20, 80, 80), (n, c) => [90, 120, 60, 255][c]);
    const doc = opened(artist, 8, { above: () => [artist.artist.group(name, [artist.artist.invert(), inner])] });
    doc.active = [inner.id];
    await artist.take("Sample", "Current and below");
    const was = selects(artist, doc);
    await artist.press("Remove");
    await landed(artist, doc, 1);
    unchanged(artist, was);
    masked(artist, doc);
    const inside = doc.layers[0].children.map((one) => one.name.split(" (")[0]);
    assert.deepEqual([inside, [...every(doc.layers)].length], [["Umkehren 1", "Remove", "innen"], 5]);
  }
});
