/** Fifty fills of one document by a real bridge: nothing native is left, and undo leads back through all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Artist, soft } from "./photoshop_artist.js";
import { box, tidy } from "./double/seat.js";
import { composite } from "./double/tree.js";
import { NO_BRIDGE, RealBridge } from "./real_bridge.js";

const FILLS = 50;

test("fifty fills, fifty undo steps, byte-exact back", { skip: NO_BRIDGE, timeout: 280_000 }, async (t) => {
  const bridge = await RealBridge.housed();
  t.after(() => bridge.end());
  await bridge.start();
  const artist = new Artist({ port: bridge.port, secure: new Map([["sfumato.key", await bridge.key()]]) });
  t.after(() => artist.leave());
  const value = (n, c) => 129 * [40 + (n % 64), 90 + Math.floor(n / 64), 150][c];
  const ground = artist.artist.pixel("Hintergrund", 16, box(0, 0, 64, 48), value, { background: true });
  const doc = artist.artist.open({ width: 64, height: 48, bits: 16, layers: [ground] });
  const selected = [24, 16, 12, 10];
  artist.select(doc, selected, soft(selected));
  const looks = [composite(doc)];
  const steps = doc.history.length;
  for (let count = 1; count <= FILLS; count++) {
    await artist.press("Remove");
    await artist.until(() => artist.ours(doc).length === count && artist.guest.idle);
    looks.push(composite(doc));
    tidy(artist);
  }
  await artist.done();
  assert.equal(doc.history.length, steps + FILLS);
  assert.equal(new Set(artist.ours(doc).map((one) => one.xmp)).size, FILLS);
  const { held } = artist.hung;
  assert.ok(held.size <= 2, `${held.size} pictures still hang in the panel`); // a thumbnail, at most a preview
  for (let count = FILLS; count > 0; count--) {
    assert.deepEqual(composite(doc), looks[count], `${count}`);
    artist.artist.undo(doc);
  }
  assert.deepEqual(composite(doc), looks[0]);
  assert.deepEqual(doc.layers, [ground]);
});
