/** Fifty fills of one document by a real bridge: nothing native is left, and undo leads back through all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seated } from "./photoshop_artist.js";
import { opened, selects, unchanged } from "./photoshop_picture.js";
import { tidy } from "./double/seat.js";
import { composite } from "./double/tree.js";
import { NO_BRIDGE, served } from "./real_bridge.js";

const FILLS = 50;
const bridge = served();

test("fifty fills, fifty undo steps, byte-exact back", { skip: NO_BRIDGE, timeout: 280_000 }, async (t) => {
  const artist = await seated(t, bridge);
  const doc = opened(artist, 16);
  const was = selects(artist, doc);
  const layers = [...doc.layers];
  const looks = [was.whole];
  for (let count = 1; count <= FILLS; count++) {
    await artist.press("Remove");
    await artist.until(() => artist.ours(doc).length === count && artist.guest.idle);
    looks.push(composite(doc));
    tidy(artist);
  }
  await artist.done();
  unchanged(artist, was, FILLS);
  assert.equal(new Set(artist.ours(doc).map((one) => one.xmp)).size, FILLS);
  const { held } = artist.hung;
  assert.ok(held.size <= 2, `${held.size} pictures still hang in the panel`); // a thumbnail, at most a preview
  for (let count = FILLS; count > 0; count--) {
    assert.deepEqual(composite(doc), looks[count], `${count}`);
    artist.artist.undo(doc);
  }
  assert.deepEqual(composite(doc), looks[0]);
  assert.deepEqual(doc.layers, layers);
});
