/** What may happen between Remove and the layer, in Photoshop's double with a real bridge: nothing is lost, nor twice. */
import assert from "node:assert/strict";
import { after, before as first, test } from "node:test";
import { Artist, before, soft, unchanged } from "./photoshop_artist.js";
import { box, tidy } from "./double/seat.js";
import { composite, every } from "./double/tree.js";
import { NO_BRIDGE, RealBridge } from "./real_bridge.js";

const options = { skip: NO_BRIDGE, timeout: 240_000 };
const SELECTED = [30, 20, 24, 20];
let bridge;

first(async () => {
  if (NO_BRIDGE) return;
  bridge = await RealBridge.housed();
  await bridge.start();
});

after(async () => {
  await bridge?.end();
});

/** An artist before a document with a gradient, a part of it selected. `meanwhile` is called once it is accepted. */
async function seated(t, { meanwhile = () => {}, ...more } = {}) {
  let told = false;
  const hears = (message) => {
    if (message.t !== "accepted" || told) return;
    told = true;
    meanwhile(artist);
  };
  const secure = new Map([["sfumato.key", await bridge.key()]]);
  const artist = new Artist({ port: bridge.port, secure, hears, ...more });
  t.after(() => artist.leave());
  return artist;
}

function opened(artist, more = {}) {
  const value = (n, c) => [40 + (n % 96), 90 + Math.floor(n / 96), 150][c];
  const ground = artist.artist.pixel("Hintergrund", 8, box(0, 0, 96, 64), value, { background: true });
  const doc = artist.artist.open({ width: 96, height: 64, layers: [ground], ...more });
  artist.select(doc, SELECTED, soft(SELECTED));
  return doc;
}

test("a layer that comes while Photoshop is busy is waited with, visibly, and lands", options, async (t) => {
  const waited = [];
  const artist = await seated(t, { meanwhile: ({ state }) => (state.busy = 400) });
  const doc = opened(artist);
  const was = before(doc, SELECTED, soft(SELECTED));
  await artist.press("Remove");
  await artist.until(() => {
    const bar = artist.says(/^Photoshop is busy/);
    if (bar) waited.push(bar);
    return artist.ours(doc).length;
  });
  await artist.done();
  assert.match(waited[0], /finish your current tool or close its dialog/);
  assert.deepEqual([artist.view.waiting, artist.view.error, artist.ours(doc).length], ["", "", 1]);
  unchanged(artist, was);
});

test("the bridge is killed between accepted and the layer, and started again: exactly once", options, async (t) => {
  let again = null;
  const meanwhile = ({ heard }) => {
    assert.ok(!heard.some((one) => one.t === "layer"));
    again = bridge.kill().then(() => bridge.start());
  };
  const artist = await seated(t, { meanwhile });
  const doc = opened(artist);
  const was = before(doc, SELECTED, soft(SELECTED));
  await artist.press("Remove");
  await artist.until(() => again);
  await again;
  await artist.until(() => artist.ours(doc).length);
  await artist.done();
  assert.deepEqual([artist.ours(doc).length, artist.view.error], [1, ""]);
  unchanged(artist, was);
  // Nothing is left at the bridge: another start of Photoshop is offered nothing, and gets nothing.
  await artist.leave();
  const next = await seated(t, { storage: artist.storage });
  await next.until(() => next.heard.some((one) => one.t === "jobs"));
  assert.deepEqual(next.heard.find((one) => one.t === "jobs").jobs, []);
});

test("the document is closed meanwhile: the layer is offered, and opened as a document of its own", options, async (t) => {
  const artist = await seated(t, { meanwhile: ({ artist: hand, state }) => hand.close(state.docs[0]) });
  opened(artist);
  await artist.press("Remove");
  await artist.until(() => artist.says(/1 finished layer waits: the document was closed/));
  assert.deepEqual(artist.state.docs, []);
  await artist.press("Open as a new document");
  await artist.until(() => artist.state.docs.length && artist.ours(artist.state.docs[0]).length);
  await artist.done();
  const [doc] = artist.state.docs;
  const [layer] = doc.layers;
  assert.deepEqual([doc.width, doc.height, doc.bits, doc.layers.length], [22, 18, 8, 1]);
  assert.ok(composite(doc).some((value, at) => at % 4 < 3 && value > 0));
  assert.match(layer.name, /^Remove/);
  assert.equal(artist.view.offers.length, 0);
  tidy(artist);
});

test("Photoshop is ended meanwhile: the next start is asked about it, and inserts it once", options, async (t) => {
  let left = null;
  const artist = await seated(t, { meanwhile: (one) => (left = one.leave()) });
  const doc = opened(artist, { path: "/bild.psd" });
  await artist.press("Remove");
  await artist.until(() => left);
  await left;
  assert.equal(artist.ours(doc).length, 0);
  const next = await seated(t, { storage: artist.storage });
  const reopened = opened(next, { path: "/bild.psd" });
  const was = before(reopened, SELECTED, soft(SELECTED));
  await next.until(() => next.says(/A fill of this document (was finished|is still being painted)/));
  await next.press("Insert");
  await next.until(() => next.ours(reopened).length);
  await next.done();
  assert.deepEqual([next.ours(reopened).length, next.view.error, next.view.offers], [1, "", []]);
  unchanged(next, was);
});

test("cancelled by Esc, it ends, and nothing comes of it; the next one does", options, async (t) => {
  const artist = await seated(t, { meanwhile: (one) => one.page.fire(one.page.app, "keydown", { key: "Escape" }) });
  const doc = opened(artist);
  const [whole, steps] = [composite(doc), doc.history.length];
  await artist.press("Remove");
  await artist.until(() => artist.heard.some((one) => one.t === "done"));
  assert.equal(artist.heard.find((one) => one.t === "done").state, "cancelled");
  await artist.done();
  assert.deepEqual([doc.history.length, artist.view.error], [steps, ""]);
  assert.deepEqual(composite(doc), whole);
  await artist.press("Remove");
  await artist.until(() => artist.ours(doc).length);
  await artist.done();
  assert.equal([...every(doc.layers)].length, 2);
});
