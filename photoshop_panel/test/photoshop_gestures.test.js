/**
 * Remove, expand and again in Photoshop's double, through the panel's own window, by a real bridge and its built-in
 * fill: each gesture is counted, and what must stay as it was is looked at.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seated } from "./photoshop_artist.js";
import {
  GROUND, HEIGHT, SELECTED, TOP, WIDTH, before, masked, opened, selects, shows, soft, unchanged,
} from "./photoshop_picture.js";
import { box } from "./double/seat.js";
import { composite } from "./double/tree.js";
import { NO_BRIDGE, served } from "./real_bridge.js";

const options = { skip: NO_BRIDGE, timeout: 240_000 };
const bridge = served();

/** The names of layers from the top, without seeds. */
const names = (layers) => layers.map((one) => one.name.split(" (")[0]);

for (const bits of [8, 16, 32]) {
  test(`${bits} bit: remove, in 2`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, bits);
    const was = selects(artist, doc);
    await artist.press("Remove");
    await artist.landed(doc, 1);
    assert.equal(artist.acts, 2);
    unchanged(artist, was);
    masked(artist, doc);
    shows(doc, GROUND);
    artist.artist.undo(doc);
    assert.deepEqual(composite(doc), was.whole);
  });

  test(`${bits} bit: let the picture go on, in 2`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, bits, { background: false });
    artist.enlarge(doc, 100, HEIGHT);
    const whole = [0, 0, 100, HEIGHT];
    const beyond = Uint8Array.from({ length: 100 * HEIGHT }, (_, n) => (n % 100 < WIDTH ? 0 : 255));
    const was = before(doc, whole, beyond);
    await artist.press("Expand");
    await artist.landed(doc, 1);
    assert.equal(artist.acts, 2);
    unchanged(artist, was);
    masked(artist, doc, whole, beyond);
    assert.ok(composite(doc).every((value, at) => at % 4 < 3 || value === TOP[bits]), "the canvas is not filled");
  });

  test(`${bits} bit: next week, in the reopened file, once more, in 2`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, bits);
    selects(artist, doc);
    await artist.press("Remove");
    await artist.landed(doc, 1);
    const tag = await (await artist.canvas()).tag();
    await artist.leave();

    const later = await seated(t, bridge); // nothing is left but the file, and the bridge
    const again = later.artist.saveAndReopen(doc, "/bild.psd");
    assert.equal(await (await later.canvas()).tag(), tag);
    const was = before(again);
    later.pick(again, later.ours(again)[0]);
    await later.press("Again");
    await later.landed(again, 2);
    assert.equal(later.acts, 2);
    const [heir, old] = later.ours(again);
    unchanged(later, { ...was, active: [heir.id] });
    masked(later, again);
    assert.deepEqual([heir.visible, old.visible], [true, false]);
    assert.notEqual(heir.name, old.name);
    assert.ok(!later.heard.some((one) => one.t === "want" && one.image), "the bridge still holds the region");
  });

  test(`${bits} bit, current and below: an Invert layer above acts once, ours lies below it`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, bits, { above: () => [artist.artist.invert()] });
    await artist.take("Sample", "Current and below");
    const was = selects(artist, doc);
    await artist.press("Remove");
    await artist.landed(doc, 1);
    unchanged(artist, was);
    masked(artist, doc);
    assert.deepEqual(names(doc.layers), ["Umkehren 1", "Remove", "Hintergrund"]);
    shows(doc, GROUND.map((share) => 1 - share));
  });
}

for (const sample of ["Current and below", "Current layer"]) {
  test(`${sample}: what is clipped to the layer belongs to it, and acts once`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, 8, { above: () => [artist.artist.invert({ clipped: true })] });
    await artist.take("Sample", sample);
    const was = selects(artist, doc);
    await artist.press("Remove");
    await artist.landed(doc, 1);
    unchanged(artist, was);
    assert.deepEqual(names(doc.layers), ["Remove", "Umkehren 1", "Hintergrund"]);
    assert.deepEqual(doc.layers.map((one) => one.clipped), [false, true, false]);
    shows(doc, GROUND.map((share) => 1 - share));
  });
}

test("what the artist clips to our layer goes over to the one that is made again", options, async (t) => {
  const artist = await seated(t, bridge);
  const doc = opened(artist, 8);
  selects(artist, doc);
  await artist.press("Remove");
  await artist.landed(doc, 1);
  doc.layers.unshift(artist.artist.invert({ clipped: true }));
  artist.artist.stroke(doc);
  const [, made] = doc.layers;
  artist.pick(doc, made);
  const was = before(doc);
  await artist.press("Again");
  await artist.landed(doc, 2);
  unchanged(artist, { ...was, active: [doc.layers[1].id] });
  assert.deepEqual(names(doc.layers), ["Umkehren 1", "Remove", "Remove", "Hintergrund"]);
  assert.deepEqual(doc.layers.map((one) => one.clipped), [true, false, false, false]);
  assert.deepEqual(doc.layers.map((one) => one.visible), [true, true, false, true]);
  shows(doc, GROUND.map((share) => 1 - share));
});

test("in a group, in an artboard: the layer stays with the one that was sampled", options, async (t) => {
  const artist = await seated(t, bridge);
  await artist.take("Sample", "Current and below");
  for (const name of ["Gruppe 1", "Zeichenfläche 1"]) {
    const inner = artist.artist.pixel("innen", 8, box(20, 10, 40, 40), (n, c) => [90, 120, 60, 255][c]);
    const doc = opened(artist, 8, { above: () => [artist.artist.group(name, [artist.artist.invert(), inner])] });
    doc.active = [inner.id];
    const was = selects(artist, doc);
    await artist.press("Remove");
    await artist.landed(doc, 1);
    unchanged(artist, was);
    masked(artist, doc);
    assert.deepEqual(names(doc.layers), [name, "Hintergrund"]);
    assert.deepEqual(names(doc.layers[0].children), ["Umkehren 1", "Remove", "innen"]);
  }
});

test("a selection over the edge: the mask is what of it lies on the canvas", options, async (t) => {
  const artist = await seated(t, bridge);
  const doc = opened(artist, 16);
  const over = [-6, 45, 20, 25];
  const was = selects(artist, doc, over);
  await artist.press("Remove");
  await artist.landed(doc, 1);
  unchanged(artist, was);
  masked(artist, doc, over, soft(over).map((value, n) => (n % 20 >= 6 && n < 15 * 20 ? value : 0)));
});

test("three variations of a removal, one shown, all with the selection as mask", options, async (t) => {
  const artist = await seated(t, bridge);
  const doc = opened(artist, 8);
  await artist.variations(3);
  const was = selects(artist, doc);
  await artist.press("Remove");
  await artist.landed(doc, 3);
  unchanged(artist, was, 3); // each is an undo step of its own: nothing can be added to one that is done
  masked(artist, doc);
  shows(doc, GROUND);
  await artist.choose(2);
  await artist.until(() => doc.layers[0].children[2].visible);
  assert.deepEqual(doc.layers[0].children.map((one) => one.visible), [false, false, true]);
  unchanged(artist, was, 3);
  for (let step = 0; step < 3; step++) artist.artist.undo(doc);
  assert.deepEqual(composite(doc), was.whole);
});
