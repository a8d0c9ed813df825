/**
 * Fill, refine, iterate in Photoshop's double, through the panel's own window, by a real bridge and a tiny model: each
 * gesture is counted, and what must stay as it was is looked at.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seated } from "./photoshop_artist.js";
import {
  HEIGHT, SELECTED, WIDTH, before, maskIn, masked, opened, selects, soft, unchanged,
} from "./photoshop_picture.js";
import { composite } from "./double/tree.js";
import { noModel, served } from "./real_bridge.js";

const skip = noModel();
const options = { skip, timeout: 240_000 };
const bridge = served({ skip, model: true });

for (const bits of [8, 16, 32]) {
  test(`${bits} bit: fill, in 3`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, bits);
    const was = selects(artist, doc);
    await artist.type("a red roof");
    await artist.enter("Fill");
    await artist.landed(doc, 1);
    assert.equal(artist.acts, 3);
    unchanged(artist, was);
    masked(artist, doc);
    assert.notDeepEqual(composite(doc), was.whole);
    assert.match(doc.layers[0].name, /^Fill – a red roof \(seed \d+\)$/);
  });

  test(`${bits} bit: refine a sketch, in 3`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, bits);
    const was = selects(artist, doc);
    await artist.strength(40);
    await artist.enter("Refine 40 %");
    await artist.landed(doc, 1);
    assert.equal(artist.acts, 3);
    unchanged(artist, was);
    masked(artist, doc);
    assert.notDeepEqual(composite(doc), was.whole);
    assert.match(doc.layers[0].name, /^Refine \(seed \d+\)$/);
  });

  test(`${bits} bit: variations, one of them refined, then something else, in 6`, options, async (t) => {
    const artist = await seated(t, bridge);
    const doc = opened(artist, bits);
    const count = bits === 8 ? 3 : 2; // a tiny model is slow, too
    await artist.type("a red roof");
    await artist.variations(count);
    artist.acts = 0; // both stand in the panel from the fill before
    const was = selects(artist, doc);
    await artist.enter("Fill");
    await artist.landed(doc, count);
    await artist.choose(count - 1);
    await artist.until(() => doc.layers[0].children[count - 1].visible);
    assert.deepEqual(doc.layers[0].children.map((one, at) => one.visible === (at === count - 1)), Array(count).fill(true));
    await artist.press("Refine");
    await artist.landed(doc, 2 * count);
    await artist.type("a blue roof");
    await artist.enter("Fill");
    await artist.landed(doc, 3 * count);
    assert.equal(artist.acts, 6);
    unchanged(artist, was, 3 * count);
    masked(artist, doc);
    const names = ["Fill – a blue roof", "Refine – a red roof", "Fill – a red roof", "Hintergrund"];
    assert.deepEqual(doc.layers.map((one) => one.name), names);
    const shown = doc.layers.slice(0, 3).map((group) => group.children.filter((one) => one.visible).length);
    assert.deepEqual(shown, [1, 1, 1]);
  });
}

test("nothing selected: the whole canvas, and a mask that is white", options, async (t) => {
  const artist = await seated(t, bridge);
  const doc = opened(artist, 16);
  const whole = [0, 0, WIDTH, HEIGHT];
  const was = before(doc, whole, new Uint8Array(WIDTH * HEIGHT).fill(255));
  await artist.type("a red roof");
  await artist.enter("Generate");
  await artist.landed(doc, 1);
  unchanged(artist, was);
  assert.equal(doc.selection, null);
  masked(artist, doc, whole, was.mask);
});

test("next week, in the reopened file: Again, Vary, Refine and Edit settings", options, async (t) => {
  const artist = await seated(t, bridge);
  const doc = opened(artist, 8);
  selects(artist, doc);
  await artist.type("a red roof");
  await artist.enter("Fill");
  await artist.landed(doc, 1);
  await artist.leave();

  const later = await seated(t, bridge); // nothing is left but the file, and the bridge
  const again = later.artist.saveAndReopen(doc, "/bild.psd");
  const was = before(again);
  const [layer] = later.ours(again);
  later.pick(again, layer);
  await later.press("Vary");
  await later.landed(again, 4);
  await later.press("Refine");
  await later.landed(again, 5);
  await later.press("Again");
  await later.landed(again, 6);
  const heir = later.ours(again).find((one) => one.id === again.active[0]);
  unchanged(later, { ...was, active: [heir.id] }, 5);
  assert.match(heir.name, /^Fill – a red roof/);
  assert.notEqual(heir.name, layer.name);
  masked(later, again);

  await later.press("Edit settings");
  await later.until(() => again.selection);
  assert.deepEqual(maskIn(again.selection, SELECTED), soft(SELECTED));
  const seed = Number(/seed (\d+)/.exec(heir.name)[1]);
  const { fields } = later.view;
  assert.deepEqual([fields.prompt, fields.seed, fields.locked], ["a red roof", seed, true]);
  const edited = before(again);
  await later.type("a blue roof");
  await later.enter("Fill");
  await later.landed(again, 7);
  const last = later.ours(again).find((one) => one.name === `Fill – a blue roof (seed ${seed})`);
  unchanged(later, { ...edited, active: [last.id] });
  assert.deepEqual([last.visible, later.artist.nodeOf(again, heir.id).visible], [true, false]);
});
