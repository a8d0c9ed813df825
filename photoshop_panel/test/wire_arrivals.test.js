/** Layers and previews on their way in. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { JOB, PICTURE, Told, chunk, fetched, layer, live, stream } from "./told.js";

test("a layer is an event once picture and mask are whole, in memory of its own", () => {
  const told = Told.accepted();
  told.hear(stream(2, "layer", 36), stream(4, "layer mask", 12), layer(1, 0, { s: 2, mask_s: 4 }));
  told.hear(chunk(2, "layer", 36, 0, 7, 1), chunk(4, "layer mask", 12, 0, 12, 9));
  told.errands.hear(chunk(2, "layer", 36, 7, 29, 2));
  const [{ picture, mask, shape }] = told.events;
  assert.deepEqual([...picture], [...Array(7).fill(1), ...Array(29).fill(2)]);
  assert.deepEqual([picture.byteOffset, picture.buffer.byteLength, shape], [0, 36, PICTURE]);
  assert.deepEqual([...mask], Array(12).fill(9));
});

test("a layer without a mask is all selected", () => {
  const told = Told.accepted();
  told.errands.hear(live(1)[1]);
  told.errands.hear(live(1)[2]);
  assert.equal(told.events[0].mask, null);
});

test("after a cut only what is missing is fetched", () => {
  const told = Told.accepted();
  told.hear(layer(1, 0, { s: 2, mask_s: 4 }), chunk(2, "layer", 36, 0, 7, 1), chunk(4, "layer mask", 12, 0, 12, 9));
  told.reopened();
  assert.deepEqual(told.hear(layer(1), "fetch abx0 layer 7"), []);
  assert.deepEqual(told.hear(chunk(2, "layer", 36, 7, 29, 8)), [], "an old number means nothing any more");
  told.errands.hear(stream(2, "layer", 36, 7));
  told.errands.hear(chunk(2, "layer", 36, 7, 29, 2));
  const [{ picture, mask }] = told.events;
  assert.deepEqual([...picture], [...Array(7).fill(1), ...Array(29).fill(2)]);
  assert.deepEqual([...mask], Array(12).fill(9));
});

test("fetches are answered in the order asked, also where the answers come mixed", () => {
  const told = Told.accepted();
  told.hear(layer(1), stream(8, "layer", 36, 0), stream(10, "layer mask", 12, 0));
  assert.deepEqual(told.hear(chunk(10, "layer mask", 12)), []);
  assert.deepEqual(told.hear(chunk(8, "layer", 36)), ["layer0"]);
});

test("a layer that comes by itself meanwhile answers no fetch", () => {
  const told = Told.accepted();
  told.hear(layer(1), stream(4, "layer", 36), layer(2, 1, { s: 4 }), stream(6, "layer", 36, 0));
  assert.deepEqual(told.hear(chunk(4, "layer", 36)), ["layer1"]);
  assert.deepEqual(told.hear(chunk(6, "layer", 36), fetched(8, "layer mask", 12)), ["layer0"]);
});

test("a layer whose stream ended early is fetched from there on", () => {
  const told = Told.accepted();
  told.hear(live(1).slice(0, 2), chunk(2, "layer", 36, 0, 7));
  assert.deepEqual(told.hear({ t: "abort", s: 2 }, "fetch abx0 layer 7"), []);
  assert.deepEqual(told.hear(chunk(2, "layer", 36, 7)), []);
  assert.deepEqual(told.hear(fetched(6, "layer", 36, 7)), ["layer0"]);
});

test("a layer that is sent anew from its start overwrites what had come of it", () => {
  const told = Told.accepted();
  told.hear(live(1).slice(0, 2), chunk(2, "layer", 36, 0, 20, 1), { t: "abort", s: 2 });
  told.hear(stream(4, "layer", 36), layer(1, 0, { s: 4 }));
  assert.deepEqual(told.hear(chunk(4, "layer", 36, 0, 16, 2)), []);
  told.errands.hear(chunk(4, "layer", 36, 16, 20, 3));
  assert.deepEqual([...told.events[0].picture], [...Array(16).fill(2), ...Array(20).fill(3)]);
});

test("what is on its way is not fetched again", () => {
  const told = Told.accepted();
  told.hear(live(1).slice(0, 2));
  told.hear(layer(1), "fetch abx0 layer mask 0");
  assert.deepEqual(told.hear(layer(1), ""), []);
  told.hear(chunk(2, "layer", 36));
  assert.deepEqual(told.hear(fetched(4, "layer mask", 12)), ["layer0"]);
});

test("memory is taken as pixels come", () => {
  const told = Told.accepted();
  const [mib, big] = [1 << 20, { width: 8192, height: 4096, channels: 4, depth: "u8" }];
  const size = 128 * mib;
  const announced = { ...stream(2, "layer", size), picture: big };
  told.hear(announced, { ...layer(1, 0, { s: 2 }), picture: big });
  const pile = () => told.errands.arrivals.layers.get("abx0").piles.get("layer").bytes.length;
  assert.equal(pile(), 0);
  const payload = new Uint8Array(256 << 10);
  for (let offset = 0; offset < 16 * mib; offset += payload.length) {
    told.errands.hear({ t: "pixels", stream: announced, offset, payload, complete: false });
    assert.ok(pile() <= Math.max(4 * mib, 2 * (offset + payload.length)), `${pile()} bytes for ${offset}`);
  }
});

for (const first of ["title", "pixels"]) {
  test(`a preview is an event once it is whole, ${first} first`, () => {
    const told = Told.accepted();
    const preview = { t: "preview", job: JOB, index: 0, s: 6 };
    const halves = [chunk(6, "preview", 36, 0, 20), chunk(6, "preview", 36, 20)];
    const order = first === "title" ? [preview, halves[0]] : [halves[0], preview];
    assert.deepEqual(told.hear(stream(6, "preview", 36), order), []);
    told.errands.hear(halves[1]);
    assert.deepEqual([told.events[0].picture.length, told.events[0].shape], [36, PICTURE]);
  });
}

test("a preview that was aborted never becomes an event", () => {
  const told = Told.accepted();
  const preview = { t: "preview", job: JOB, index: 0, s: 6 };
  told.hear(preview, { t: "abort", s: 6 }, "");
  assert.deepEqual(told.hear(chunk(6, "preview", 36)), []);
});
