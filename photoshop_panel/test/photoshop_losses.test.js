/** What may happen between Remove and the layer, in Photoshop's double with a real bridge: it comes exactly once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seated } from "./photoshop_artist.js";
import { before, opened, selects, unchanged } from "./photoshop_picture.js";
import { tidy } from "./double/seat.js";
import { composite } from "./double/tree.js";
import { NO_BRIDGE, served } from "./real_bridge.js";

const options = { skip: NO_BRIDGE, timeout: 240_000 };
const bridge = served();

/** An artist to whom something happens just before the panel hears the first message `at`. */
async function interrupted(t, meanwhile, at = "accepted") {
  let happened = false;
  const hears = (message, artist) => {
    if (message.t !== at || happened) return;
    happened = true;
    meanwhile(artist);
  };
  return seated(t, bridge, { hears });
}

/** Wait until the bridge holds nothing more: it was told of all that came. */
async function acknowledged(artist) {
  for (let told = null; told?.jobs.length !== 0; ) {
    const count = artist.heard.length;
    artist.link.askJobs();
    told = await artist.until(() => artist.heard.slice(count).find((one) => one.t === "jobs"));
  }
}

test("a layer that comes while Photoshop is busy is waited with, visibly, and lands", options, async (t) => {
  const artist = await interrupted(t, ({ state }) => (state.busy = Infinity));
  const doc = opened(artist, 8);
  const was = selects(artist, doc);
  await artist.press("Remove");
  await artist.until(() => artist.says(/^Photoshop is busy: finish your current tool or close its dialog/));
  await artist.until(() => artist.heard.some((one) => one.t === "done"));
  assert.deepEqual([artist.ours(doc).length, artist.view.error], [0, ""]);
  artist.state.busy = 0;
  await artist.landed(doc, 1);
  assert.equal(artist.view.waiting, "");
  unchanged(artist, was);
  await acknowledged(artist);
});

const KILLS = { accepted: "between accepted and the layer", layer: "before the layer is acknowledged" };

for (const [at, when] of Object.entries(KILLS)) {
  test(`the bridge is killed ${when}, and started again: exactly once`, options, async (t) => {
    let again = null;
    const meanwhile = () => (again = bridge.kill().then(() => bridge.start()));
    const artist = await interrupted(t, meanwhile, at);
    const doc = opened(artist, 8);
    const was = selects(artist, doc);
    await artist.press("Remove");
    await artist.until(() => again);
    assert.equal(artist.heard.some((one) => one.t === "layer"), at === "layer");
    await again;
    await artist.until(() => artist.heard.some((one) => one.t === "done"));
    await artist.landed(doc, 1);
    unchanged(artist, was);
    await acknowledged(artist);
    unchanged(artist, was);
  });
}

test("the document is closed meanwhile: the layer is offered, and opened as a new document", options, async (t) => {
  const artist = await interrupted(t, ({ artist: hand, state }) => hand.close(state.docs[0]));
  selects(artist, opened(artist, 8));
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
  await acknowledged(artist);
});

test("Photoshop is killed meanwhile: the next start asks, and inserts it once, in its place", options, async (t) => {
  let left = null;
  const artist = await interrupted(t, (one) => (left = new Map(one.storage)));
  const doc = opened(artist, 8, { above: () => [artist.artist.invert()], path: "/bild.psd" });
  selects(artist, doc);
  await artist.take("Sample", "Current and below");
  await artist.press("Remove");
  await artist.until(() => left);
  await artist.leave();
  assert.equal(artist.ours(doc).length, 0);
  const next = await seated(t, bridge, { storage: left });
  const reopened = next.artist.saveAndReopen(doc, "/bild.psd");
  const was = before(reopened);
  await next.until(() => next.says(/A fill of this document (was finished|is still being painted)/));
  await next.press("Insert");
  await next.landed(reopened, 1);
  assert.deepEqual(next.view.offers, []);
  unchanged(next, was);
  const names = reopened.layers.map((one) => one.name.split(" (")[0]);
  assert.deepEqual(names, ["Umkehren 1", "Remove", "Hintergrund"]);
  await acknowledged(next);
});

test("cancelled by Esc, it ends, and nothing comes of it; the next one does", options, async (t) => {
  const artist = await interrupted(t, ({ page }) => page.fire(page.app, "keydown", { key: "Escape" }));
  const doc = opened(artist, 8);
  const was = selects(artist, doc);
  await artist.press("Remove");
  await artist.until(() => artist.heard.some((one) => one.t === "done"));
  assert.equal(artist.heard.find((one) => one.t === "done").state, "cancelled");
  await artist.done();
  assert.equal(artist.view.error, "");
  unchanged(artist, was, 0);
  assert.deepEqual(composite(doc), was.whole);
  await artist.press("Remove");
  await artist.landed(doc, 1);
});
