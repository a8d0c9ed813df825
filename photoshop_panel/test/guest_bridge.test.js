/** The guest, the wire and a real bridge with its built-in fill, together: from the button to the layer. */
import assert from "node:assert/strict";
import { test } from "node:test";

import WebSocket from "ws";

import { makeGuest } from "../src/guest/guest.js";
import { memoryOf } from "../src/guest/recall.js";
import { makeLink } from "../src/wire/link.js";
import { Desk } from "./desk.js";
import { NO_BRIDGE, served } from "./real_bridge.js";
import { SELECTION, selected } from "./seat.js";

const bridge = served();

test("remove, again and refine's reason, on a real bridge", { skip: NO_BRIDGE, timeout: 120_000 }, async (t) => {
  const key = await bridge.key();
  const desk = new Desk();
  const board = desk.add(selected(SELECTION, { depth: "u16" }));
  let view = null;
  let look = () => {};
  const shown = (condition) =>
    new Promise((go) => {
      look = () => view && condition(view) && go(undefined);
      look();
    });
  const guest = makeGuest({
    host: desk,
    show(now) {
      view = now;
      look();
    },
    dial: (hear, state) =>
      makeLink({
        about: { name: "sfumato-photoshop", version: "0.1.0", host: "Photoshop 26.0" },
        hosts: ["127.0.0.1"],
        port: bridge.port,
        keys: { load: async () => key, save: async () => {}, forget: async () => {} },
        socket: (url, protocol) => new WebSocket(url, protocol, { perMessageDeflate: false }),
        hear,
        state,
      }),
  });
  t.after(() => guest.close());

  await shown((now) => now.corner.length);
  guest.edit({ ...view.fields, model: "classical" });
  await shown((now) => now.plan && now.corner[0][1] === "Built-in fill");
  assert.match(view.plan, /px/);
  assert.deepEqual(view.corner.slice(0, 2), [["Engine", "Built-in fill"], ["Model", "none"]]);
  const before = board.composite();
  guest.remove();
  await shown((now) => now.tiles.length === 1 && now.cancel.why);
  const [layer] = board.ours();
  assert.deepEqual([layer.box, [...new Set(layer.mask ?? [255])], board.steps.length], [SELECTION, [255], 1]);
  const after = board.composite();
  const inside = (at) => at % 160 >= 60 && at % 160 < 100 && at >= 50 * 160 && at < 80 * 160;
  const changed = [0, 0];
  for (let at = 0; at < after.length; at++) changed[inside(at >> 2) ? 1 : 0] += after[at] !== before[at] ? 1 : 0;
  assert.equal(changed[0], 0, "outside the selection nothing changes");
  assert.ok(changed[1] > 0);

  await shown((now) => now.layer);
  assert.match(view.layer.refine.why, /cannot refine/);
  guest.again();
  await shown((now) => now.cancel.why && board.ours().length === 2);
  const [first, second] = board.ours().map((one) => memoryOf(one.memory));
  assert.deepEqual([first.region, view.error], [second.region, ""]);
  assert.deepEqual(board.ours().map((one) => one.visible), [true, false]);
});
