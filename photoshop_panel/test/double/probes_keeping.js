/** What the host must keep, wait for, and tell. */
import assert from "node:assert/strict";
import { sampleLayer } from "../../src/photoshop/contract.js";
import { box, picture, seat, tidy, turn } from "./seat.js";

const ALL = { sample: "all", anchor: 0 };
const BOX = [3, 2, 8, 6];
const layer = (more) => sampleLayer("u8", { box: BOX, ...more });

export const KEEPING = {
  "memory, result and tag survive save and reopen, in another session, too": async (make) => {
    const first = seat({ make });
    const doc = picture(first, { above: () => [first.artist.invert()] });
    const canvas = await first.canvas();
    const tag = await canvas.tag();
    const { layer: id } = await canvas.insert(layer(), { sample: "below", anchor: doc.layers[1].id }, false, 0, 0);
    const second = seat({ make }); // another computer: nothing but the file
    const again = second.artist.saveAndReopen.call({ open: second.artist.open }, doc, "/bild.psd");
    again.active = [id];
    const reopened = await second.canvas();
    const scene = await reopened.scene("all");
    assert.deepEqual([scene.memory, scene.document.tag], ['{"ü":1}', tag]);
    assert.deepEqual(await reopened.results(), new Set(["result Fill (seed 7)"]));
    assert.deepEqual(await reopened.where(id), BOX);
  },

  "the tag of a file is known before anything of ours is in it": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { path: "/bild.psd" });
    const canvas = await here.canvas();
    const tag = await canvas.tag();
    await canvas.mark();
    assert.equal(doc.history.length, 1, "no undo step");
    here.artist.close(doc);
    const again = seat({ make, storage: here.storage });
    picture(again, { path: "/bild.psd" });
    assert.equal(await (await again.canvas()).tag(), tag);
    picture(again, { path: "/anderes.psd" });
    assert.notEqual(await (await again.canvas()).tag(), tag);
  },

  "two documents that were never saved are not one, though they have one name": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    await canvas.mark();
    here.artist.close(doc);
    const again = seat({ make, storage: here.storage });
    picture(again);
    assert.notEqual(await (await again.canvas()).tag(), await canvas.tag());
  },

  "a document that is saved under a name later is known by it": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    await canvas.mark();
    doc.path = "/neu.psd";
    await canvas.scene("all");
    const again = seat({ make, storage: here.storage });
    picture(again, { path: "/neu.psd" });
    assert.equal(await (await again.canvas()).tag(), await canvas.tag());
  },

  "a duplicate beside its original has a tag of its own, and its layers remember": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    await canvas.insert(layer(), ALL, false, 0, 0);
    here.artist.duplicate(doc);
    const copy = await here.canvas();
    assert.notEqual(await copy.tag(), await canvas.tag());
    assert.deepEqual(await copy.results(), new Set(["result Fill (seed 7)"]));
  },

  "where Photoshop refuses the packet the panel's storage remembers": async (make) => {
    const here = seat({ make, quirks: { noXmp: true } });
    const doc = picture(here, { path: "/bild.psd" });
    const canvas = await here.canvas();
    await canvas.mark();
    const { layer: id } = await canvas.insert(layer(), ALL, false, 0, 0);
    assert.equal(doc.history.length, 2);
    const again = seat({ make, storage: here.storage, quirks: { noXmp: true } });
    const reopened = again.artist.saveAndReopen.call({ open: again.artist.open }, doc, "/bild.psd");
    reopened.active = [id];
    const canvas2 = await again.canvas();
    assert.equal((await canvas2.scene("all")).memory, '{"ü":1}');
    assert.equal((await canvas2.results()).size, 1);
  },

  "what others wrote into a packet is not believed": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const strange = { result: "r", memory: "m", tag: "no", box: BOX, told: BOX };
    const notes = ["null", "{", '{"result":1}', JSON.stringify(strange)];
    for (const note of notes) {
      const packet = new here.uxp.xmp.XMPMeta();
      packet.setProperty("urn:sfumato:layer:1.0#", "note", note);
      doc.layers[0].xmp = packet.serialize();
      here.state.close(doc);
      here.state.docs.push(Object.assign(doc, { id: doc.id + 1 }));
      assert.deepEqual(await (await here.canvas()).results(), new Set());
    }
  },

  "a layer that was moved says where it lies; one that was changed says what is seen of it": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const one = layer({ channels: 4, mask: new Uint8Array(48).fill(255, 20, 30) });
    one.pixels.fill(0, 0, 8 * 4); // its first row is transparent: Photoshop sees it smaller
    const { layer: id } = await canvas.insert(one, ALL, false, 0, 0);
    assert.deepEqual(await canvas.where(id), BOX);
    const [x, y, width, height] = (await canvas.frame()).get(id);
    const node = here.artist.nodeOf(doc, id);
    Object.assign(node, { box: box(5, 1, 8, 6), mask: { ...node.mask, box: box(5, 1, 8, 6) } });
    assert.deepEqual(await canvas.where(id), [5, 1, 8, 6]);
    assert.deepEqual((await canvas.frame()).get(id), [x + 2, y - 1, width, height]);
    Object.assign(node, { box: box(5, 1, 4, 12), mask: null });
    assert.deepEqual((await canvas.where(id)).slice(2), [4, 10]);
    assert.equal(await canvas.where(4711), null);
    assert.equal(await canvas.has(id), true);
  },

  "an undone layer is gone, a redone one would be known": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const { layer: id } = await canvas.insert(layer(), ALL, false, 0, 0);
    here.artist.undo(doc);
    assert.deepEqual([await canvas.has(id), (await canvas.results()).size], [false, 0]);
  },

  "a busy Photoshop is waited for, visibly, and nothing is dropped": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const told = [];
    here.host.waits((text) => told.push(text));
    here.state.busy = 40;
    const put = await canvas.insert(layer(), ALL, false, 0, 0);
    assert.equal(doc.layers[0].id, put.layer);
    assert.deepEqual(told, ["Photoshop is busy: finish your current tool or close its dialog.", ""]);
    assert.equal(doc.history.length, 2);
    tidy(here);
  },

  "reading waits, too; a document that is closed while it waits is told, and nobody waits any more": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const told = [];
    here.host.waits((text) => told.push(text));
    here.state.busy = 1e9;
    const reading = canvas.together(() => canvas.coverage([0, 0, 2, 2]));
    const failed = assert.rejects(reading, { code: "job.lost" });
    while (!told.length) await turn();
    here.artist.close(doc);
    await failed;
    assert.equal(told.at(-1), "");
  },

  "an error of its own is no busy Photoshop": async (make) => {
    const here = seat({ make });
    picture(here);
    const canvas = await here.canvas();
    const told = [];
    here.host.waits((text) => told.push(text));
    let tries = 0;
    const failing = canvas.together(async () => {
      tries++;
      throw Object.assign(new Error("mine"), tries < 3 ? { number: 9 } : {});
    });
    await assert.rejects(failing, /mine/);
    assert.deepEqual([tries, told], [1, []]);
    assert.equal((await canvas.coverage([0, 0, 1, 1])).length, 1, "the next turn comes");
  },

  "the artist's changes are looked at soon, once for many, and ours are not": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const timers = fakeTimers();
    try {
      const watched = make(here.ps, here.uxp, turn);
      let looks = 0;
      watched.watch(() => looks++);
      for (let at = 0; at < 10; at++) here.artist.stroke(doc);
      assert.equal(looks, 0);
      timers.run(350);
      assert.equal(looks, 1);
      here.state.emit("set", { _target: [{ _ref: "channel", _property: "selection" }] });
      here.state.emit("set", { _target: [{ _ref: "property", _property: "brush" }] });
      here.state.emit("select", {});
      timers.run(350);
      assert.equal(looks, 2);
      here.state.emit("set", { _target: [{ _ref: "property", _property: "brush" }] });
      timers.run(1000);
      assert.equal(looks, 2, "a brush was set");
      const [canvas] = await watched.canvases();
      await canvas.insert(layer(), ALL, false, 0, 0);
      await turn();
      await turn();
      timers.run(1000);
      assert.equal(looks, 2, "our own echo");
      here.artist.undo(doc);
      timers.run(350);
      assert.equal(looks, 3);
    } finally {
      timers.restore();
    }
  },

  "changes that never rest are looked at all the same": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const timers = fakeTimers();
    try {
      const watched = make(here.ps, here.uxp, turn);
      let looks = 0;
      watched.watch(() => looks++);
      for (let at = 0; at < 8; at++) {
        here.artist.stroke(doc);
        timers.run(50);
      }
      assert.equal(looks, 1);
    } finally {
      timers.restore();
    }
  },

  "the key comes back as it was saved; a lost or strange one is none": async (make) => {
    const here = seat({ make });
    const { keys } = here.host;
    assert.equal(await keys.load(), null);
    const key = Uint8Array.from({ length: 32 }, (_, at) => 255 - at);
    await keys.save("k3Y", key);
    assert.deepEqual(await seat({ make, secure: here.secure }).host.keys.load(), { id: "k3Y", key });
    await keys.forget();
    await keys.forget();
    assert.equal(await keys.load(), null);
    here.secure.set("sfumato.key", Uint8Array.from([1, 2, 3]));
    assert.equal(await keys.load(), null);
  },

  "a thumbnail is hung as Photoshop's own kind of picture, and taken down": async (make) => {
    const here = seat({ make });
    const { ImageBlob, URL } = globalThis;
    const [made, freed] = [[], []];
    globalThis.ImageBlob = class {
      constructor(pixels, options) {
        made.push([[...pixels], options]);
      }
    };
    globalThis.URL = { createObjectURL: () => "blob:uxp/7", revokeObjectURL: (url) => freed.push(url) };
    try {
      for (const channels of [3, 4]) {
        const pixels = Uint8Array.from({ length: 2 * channels }, (_, at) => at);
        const { url, free } = await here.host.hang({ width: 2, height: 1, channels, pixels });
        assert.equal(url, "blob:uxp/7");
        free();
      }
    } finally {
      Object.assign(globalThis, { ImageBlob, URL });
    }
    const common = { type: "image/uncompressed", width: 2, height: 1, colorSpace: "RGB", componentSize: 8 };
    const profile = { colorProfile: "sRGB IEC61966-2.1" };
    const rgb = { ...common, ...profile, pixelFormat: "RGB", components: 3, hasAlpha: false };
    const rgba = { ...common, ...profile, pixelFormat: "RGBA", components: 4, hasAlpha: true };
    assert.deepEqual(made, [[[0, 1, 2, 3, 4, 5], rgb], [[0, 1, 2, 3, 4, 5, 6, 7], rgba]]);
    assert.deepEqual(freed, ["blob:uxp/7", "blob:uxp/7"]);
  },

  "small texts are kept, and a storage that fails stops nothing": async (make) => {
    const here = seat({ make });
    const { store } = here.host;
    assert.equal(store.get("a"), null);
    store.set("a", "ü");
    assert.equal(store.get("a"), "ü");
    globalThis.localStorage = {
      getItem() {
        throw new Error("full");
      },
      setItem() {
        throw new Error("full");
      },
    };
    store.set("a", "b");
    assert.equal(store.get("a"), null);
  },
};

/** setTimeout and a clock of our own. */
function fakeTimers() {
  const { setTimeout, clearTimeout, performance } = globalThis;
  const due = new Map();
  let now = 1;
  let next = 1;
  globalThis.setTimeout = (call, milliseconds) => (due.set(next, { call, at: now + milliseconds }), next++);
  globalThis.clearTimeout = (id) => void due.delete(id);
  Object.defineProperty(globalThis, "performance", { value: { now: () => now }, configurable: true, writable: true });
  return {
    run(milliseconds) {
      for (const end = now + milliseconds; now < end; ) {
        now++;
        for (const [id, { call, at }] of [...due]) if (at <= now && due.delete(id)) call();
      }
    },
    restore() {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Object.defineProperty(globalThis, "performance", { value: performance, configurable: true, writable: true });
    },
  };
}
