/** The gestures, with the real guest and the real host: a bridge in memory, Photoshop's double, real pixels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeGuest } from "../src/guest/guest.js";
import { box, outside, picture, seat, tidy, turn } from "./double/seat.js";
import { composite, every } from "./double/tree.js";
import { FakeBridge } from "./fake_link.js";

const SELECTED = [3, 2, 8, 6];

/** An artist before a document of some depth, a soft selection in it. */
async function seated(options = {}) {
  const here = seat({ quirks: options.quirks, storage: options.storage });
  const doc = picture(here, options);
  const soft = Uint8Array.from({ length: 48 }, (_, at) => (at % 8 && at > 7 ? 255 - at : 0));
  here.artist.select(doc, box(...SELECTED), soft);
  const bridge = options.bridge ?? new FakeBridge();
  const views = [];
  const clock = { now: () => 0, later: () => {} };
  const guest = makeGuest({ host: here.host, dial: bridge.dial("Photoshop"), show: (view) => views.push(view), clock });
  const artist = {
    ...here,
    doc,
    soft,
    bridge,
    guest,
    get view() {
      return views.at(-1);
    },
    async done() {
      for (let quiet = 0; quiet < 3; quiet = guest.idle && !bridge.todo.length ? quiet + 1 : 0) {
        await guest.refresh();
        for (let at = 0; at < 5; at++) await turn();
      }
      assert.deepEqual(bridge.faults, []);
    },
    edit: (fields) => guest.edit({ ...views.at(-1).fields, ...fields }),
    ours: () => [...every(doc.layers)].filter((one) => one.xmp),
  };
  await artist.done();
  return artist;
}

for (const bits of [8, 16, 32]) {
  test(`select, Remove: ${bits} bit, one undo step, nothing changes outside`, async () => {
    const artist = await seated({ bits });
    const { doc, soft } = artist;
    const [before, steps, whole] = [outside(doc, SELECTED, soft), doc.history.length, composite(doc)];
    artist.guest.remove();
    await artist.done();
    assert.equal(artist.view.error, "");
    assert.deepEqual([artist.ours().length, doc.history.length], [1, steps + 1]);
    assert.deepEqual(outside(doc, SELECTED, soft), before);
    assert.notDeepEqual(composite(doc), whole);
    assert.deepEqual([...artist.ours()[0].mask.data], [...soft]);
    artist.artist.undo(doc);
    assert.deepEqual(composite(doc), whole);
    tidy(artist);
  });
}

test("type, Fill, three variations, another one shown, refined from there, with a new prompt", async () => {
  const artist = await seated();
  const { doc, guest } = artist;
  artist.edit({ prompt: "a red roof", count: 3 });
  guest.go();
  await artist.done();
  assert.deepEqual(artist.view.tiles.map((one) => one.shown), [true, false, false]);
  assert.deepEqual(doc.layers[0].children.map((one) => one.visible), [true, false, false]);
  const steps = doc.history.length;
  guest.choose(artist.view.tiles[2].key);
  await artist.done();
  assert.deepEqual(doc.layers[0].children.map((one) => one.visible), [false, false, true]);
  assert.equal(doc.history.length, steps);
  artist.edit({ prompt: "a blue roof", strength: 40, count: 1 });
  guest.go();
  await artist.done();
  assert.equal(artist.ours().length, 4);
  assert.match(doc.layers[0].name, /^Refine 40 % – a blue roof/);
  assert.deepEqual(artist.bridge.fills.map((one) => one.ask.recipe.prompt), ["a red roof", "a blue roof"]);
  tidy(artist);
});

test("a week later, in a reopened file: select the layer, Again", async () => {
  const first = await seated({ path: "/bild.psd" });
  first.edit({ prompt: "a red roof" });
  first.guest.go();
  await first.done();
  const [made] = first.ours();
  first.guest.close();
  const second = await seated({ bridge: first.bridge, storage: first.storage });
  const doc = second.artist.saveAndReopen.call({ open: second.artist.open }, first.doc, "/bild.psd");
  doc.active = [made.id];
  await second.done();
  assert.equal(second.view.layer.name, made.name);
  assert.equal(second.view.layer.again.why, "");
  const uploaded = first.bridge.told.uploaded;
  second.guest.again();
  await second.done();
  assert.equal(second.view.error, "");
  const ours = [...every(doc.layers)].filter((one) => one.xmp);
  assert.deepEqual(ours.map((one) => one.visible), [true, false], "the heir lies above, and hides the first");
  assert.deepEqual(doc.active, [ours[0].id]);
  assert.equal(first.bridge.told.uploaded, uploaded, "the bridge still has the region");
});

test("where Photoshop gives an alpha channel against all expectation, it is asked anew, once", async () => {
  const artist = await seated({ quirks: { alphaAlways: true } });
  for (const count of [1, 2]) {
    artist.guest.remove();
    await artist.done();
    assert.deepEqual([artist.view.error, artist.ours().length], ["", count]);
  }
  assert.deepEqual(artist.bridge.fills.map((one) => one.ask.document.channels), [3, 4, 4]);
});

test("an enlarged canvas is expanded", async () => {
  const artist = await seated({ background: false });
  const { doc, guest } = artist;
  Object.assign(doc, { width: 20, selection: null });
  await artist.done();
  assert.equal(artist.view.go.label, "Expand");
  guest.go();
  await artist.done();
  assert.deepEqual(artist.bridge.fills[0].ask.content, [0, 0, 16, 12]);
  assert.equal(artist.ours().length, 1);
});

test("a layer that comes while Photoshop is busy is put when it is not, and the panel says what to do", async () => {
  const artist = await seated();
  artist.guest.remove();
  while (!artist.bridge.fills.length) await turn();
  artist.state.busy = 30;
  const waited = [];
  while (!artist.ours().length) {
    await turn();
    if (artist.view.waiting) waited.push(artist.view.waiting);
  }
  assert.match(waited[0], /finish your current tool/);
  await artist.done();
  assert.deepEqual([artist.view.waiting, artist.ours().length], ["", 1]);
});

