/** What the host must do when it writes. */
import assert from "node:assert/strict";
import { sampleLayer } from "../../src/photoshop/contract.js";
import { box, outside, picture, seat, tidy } from "./seat.js";
import { composite, every } from "./tree.js";

const ALL = { sample: "all", anchor: 0 };
const BOX = [3, 2, 8, 6];
const DEPTHS = { 8: "u8", 16: "u16", 32: "f32" };

/** Soft coverage with a rim of 0. */
const soft = () => Uint8Array.from({ length: 48 }, (_, at) => (at % 8 === 0 || at < 8 ? 0 : 5 * at));
const layer = (depth, more) => sampleLayer(depth, { box: BOX, mask: soft(), ...more });
const names = (doc) => doc.layers.map((one) => one.name);

export const WRITING = {
  "outside of the mask no value changes, at 8, 16 and 32 bit, and the mask equals the selection": async (make) => {
    for (const bits of [8, 16, 32]) {
      const here = seat({ make });
      const doc = picture(here, { bits });
      const before = outside(doc, BOX, soft());
      const canvas = await here.canvas();
      const whole = composite(doc);
      const { layer: id } = await canvas.insert(layer(DEPTHS[bits]), ALL, false, 0, 0);
      assert.deepEqual(outside(doc, BOX, soft()), before);
      assert.notDeepEqual(composite(doc), whole, "nothing was inserted");
      const node = here.artist.nodeOf(doc, id);
      assert.deepEqual([...node.mask.data], [...soft()]);
      assert.deepEqual([node.mask.box, node.box], [box(...BOX), box(...BOX)]);
      const told = await canvas.maskOf(id);
      assert.deepEqual([told.box, [...told.mask]], [BOX, [...soft()]]);
      tidy(here);
    }
  },

  "where the mask is whole the pixels are those that came, at every depth": async (make) => {
    for (const bits of [8, 16, 32]) {
      const here = seat({ make });
      picture(here, { bits, resolution: 300 });
      const canvas = await here.canvas();
      const one = layer(DEPTHS[bits], { mask: null });
      await canvas.insert(one, ALL, false, 0, 0);
      const Samples = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array }[bits];
      const values = (bytes) => new Samples(bytes.slice().buffer);
      const [back, sent] = [values(await canvas.read(BOX, 3, DEPTHS[bits], ALL, [])), values(one.pixels)];
      const worst = Math.max(...Array.from(back, (value, at) => Math.abs(value - sent[at])));
      assert.ok(worst <= { 8: 0, 16: 1, 32: 1e-5 }[bits], `${bits} bit: ${worst}`); // 0..32768 holds half of 16 bits
    }
  },

  "bytes of the wire may begin anywhere": async (make) => {
    const here = seat({ make });
    picture(here, { bits: 16 });
    const one = layer("u16");
    const moved = new Uint8Array(one.pixels.length + 1);
    moved.set(one.pixels, 1);
    const canvas = await here.canvas();
    await canvas.insert({ ...one, pixels: moved.subarray(1), mask: null }, ALL, false, 0, 0);
    const back = new Uint16Array((await canvas.read(BOX, 3, "u16", ALL, [])).slice().buffer);
    const sent = new Uint16Array(one.pixels.slice().buffer);
    assert.ok(back.every((value, at) => Math.abs(value - sent[at]) <= 1));
  },

  "a layer is one undo step with its own name, also with a group or in the place of another one": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const first = await canvas.insert(layer("u8"), ALL, true, 0, 0);
    await canvas.insert(layer("u8", { name: "Fill (seed 8)" }), ALL, true, first.group, 0);
    await canvas.insert(layer("u8", { name: "Refine (seed 9)" }), ALL, false, 0, first.layer);
    const steps = ["Öffnen", "Fill (seed 7)", "Fill (seed 8)", "Refine (seed 9)"];
    assert.deepEqual(doc.history.map((one) => one.name), steps);
    for (let at = 0; at < 3; at++) here.artist.undo(doc);
    assert.deepEqual(names(doc), ["Hintergrund"]);
    tidy(here);
  },

  "all layers were sampled: on top of everything; else just above what was sampled": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { above: () => [here.artist.invert()] });
    const [, ground] = doc.layers;
    const canvas = await here.canvas();
    await canvas.insert(layer("u8", { name: "below" }), { sample: "below", anchor: ground.id }, false, 0, 0);
    doc.active = [ground.id];
    await canvas.insert(layer("u8", { name: "all" }), ALL, false, 0, 0);
    assert.deepEqual(names(doc), ["all", "Umkehren 1", "below", "Hintergrund"]);
  },

  "sampled below an adjustment layer and put there, that acts once": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { above: () => [here.artist.invert()] });
    const ground = doc.layers[1];
    const before = composite(doc);
    const canvas = await here.canvas();
    const spot = { sample: "below", anchor: ground.id };
    const pixels = await canvas.read(BOX, 3, "u8", spot, []);
    await canvas.insert({ ...layer("u8", { mask: null }), pixels }, spot, false, 0, 0);
    assert.deepEqual(composite(doc), before, "what was read and put again looks as before");
  },

  "in a group or an artboard it stays with its anchor": async (make) => {
    const here = seat({ make });
    const inner = here.artist.pixel("innen", 8, box(0, 0, 4, 4), [1, 2, 3, 255]);
    const doc = picture(here, { above: () => [here.artist.group("Zeichenfläche 1", [here.artist.invert(), inner])] });
    const canvas = await here.canvas();
    const put = await canvas.insert(layer("u8"), { sample: "current", anchor: inner.id }, true, 0, 0);
    const children = doc.layers[0].children;
    assert.deepEqual(children.map((one) => one.name), ["Umkehren 1", "Fill", "innen"]);
    assert.deepEqual([children[1].id, children[1].children[0].id], [put.group, put.layer]);
  },

  "nothing comes between a layer and what is clipped to it, and nothing is clipped that was not": async (make) => {
    for (const [sample, several] of [["below", false], ["current", false], ["below", true], ["all", true]]) {
      const here = seat({ make });
      const base = here.artist.pixel("Basis", 8, box(0, 0, 16, 12), [200, 0, 10, 255]);
      const clipped = () => here.artist.invert({ clipped: true });
      const doc = picture(here, { above: () => [clipped(), clipped(), base] });
      const seen = outside(doc, BOX, soft());
      doc.active = [base.id]; // where Photoshop makes a new layer: in the midst of them
      const canvas = await here.canvas();
      const { group } = await canvas.insert(layer("u8"), { sample, anchor: base.id }, several, 0, 0);
      if (several) await canvas.insert(layer("u8"), { sample, anchor: base.id }, several, group, 0);
      assert.deepEqual(doc.layers.map((one) => one.clipped), [false, true, true, false, false]);
      assert.match(doc.layers[0].name, /^Fill/);
      assert.deepEqual(doc.layers[0].children.map((one) => one.clipped), several ? [false, false] : []);
      assert.deepEqual(outside(doc, BOX, soft()), seen);
    }
  },

  "the heir of a layer bears what was clipped to it, and is clipped as it was": async (make) => {
    for (const several of [false, true]) {
      const here = seat({ make });
      const clipped = () => here.artist.invert({ clipped: true });
      const old = here.artist.pixel("alt", 8, box(...BOX), [200, 0, 10, 255]);
      const doc = picture(here, { above: () => [clipped(), clipped(), old] });
      const canvas = await here.canvas();
      const spot = { sample: "below", anchor: old.id };
      await canvas.insert(layer("u8", { mask: null }), spot, several, 0, old.id);
      assert.deepEqual(doc.layers.map((one) => one.clipped), [true, true, false, false, false]);
      assert.match(doc.layers[2].name, /^Fill/);
    }
    const here = seat({ make });
    const old = here.artist.pixel("alt", 8, box(...BOX), [200, 0, 10, 255], { clipped: true });
    const base = here.artist.pixel("Basis", 8, box(0, 0, 9, 12), [20, 30, 40, 255]);
    const doc = picture(here, { above: () => [old, base] });
    await (await here.canvas()).insert(layer("u8"), { sample: "below", anchor: old.id }, false, 0, old.id);
    assert.deepEqual(doc.layers.map((one) => one.clipped), [true, true, false, false]);
  },

  "variations lie in a group, the later ones hidden below; one is shown at a time": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const first = await canvas.insert(layer("u8"), ALL, true, 0, 0);
    const others = [];
    for (const name of ["Fill (seed 8)", "Fill (seed 9)"]) {
      others.push(await canvas.insert(layer("u8", { name }), ALL, true, first.group, 0));
    }
    const group = doc.layers[0];
    const shown = () => group.children.map((one) => [one.name, one.visible]);
    assert.equal(group.name, "Fill");
    assert.deepEqual(others.map((one) => one.group), [first.group, first.group]);
    assert.deepEqual(shown(), [["Fill (seed 7)", true], ["Fill (seed 8)", false], ["Fill (seed 9)", false]]);
    const steps = doc.history.length;
    await canvas.showOnly(others[1].layer, [first.layer, others[0].layer, others[1].layer]);
    assert.deepEqual(doc.layers[0].children.map((one) => one.visible), [false, false, true]);
    assert.equal(doc.history.length, steps, "to look is not to change");
    await canvas.showOnly(4711, []);
  },

  "selection and selected layers are as before; the heir of a selected one is selected in its place": async (make) => {
    const here = seat({ make });
    const old = here.artist.pixel("alt", 8, box(0, 0, 4, 4), [1, 1, 1, 255]);
    const hidden = here.artist.pixel("versteckt", 8, box(0, 0, 4, 4), [1, 1, 1, 255], { visible: false });
    const doc = picture(here, { above: () => [old, hidden] });
    here.artist.select(doc, box(1, 1, 2, 2));
    const { selection } = doc;
    const canvas = await here.canvas();
    for (const chosen of [[hidden.id], [old.id, hidden.id], []]) {
      doc.active = chosen;
      await canvas.insert(layer("u8"), ALL, false, 0, 0);
      assert.deepEqual(doc.active, chosen);
      assert.equal(doc.selection, selection);
      assert.equal(here.artist.nodeOf(doc, hidden.id).visible, false, "what was hidden was shown");
    }
    doc.active = [old.id];
    const put = await canvas.insert(layer("u8"), ALL, false, 0, old.id);
    assert.deepEqual(doc.active, [put.layer]);
    assert.equal(here.artist.nodeOf(doc, old.id).visible, false);
  },

  "it lands in the document that it was made for, and another one stays the active one": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const other = picture(here);
    await canvas.insert(layer("u8"), ALL, false, 0, 0);
    assert.deepEqual([doc.layers.length, other.layers.length, here.state.active], [2, 1, other.id]);
    tidy(here);
  },

  "any error leaves the document as it was": async (make) => {
    const here = seat({ make, quirks: { putFails: true } });
    const old = here.artist.pixel("alt", 8, box(0, 0, 4, 4), [1, 1, 1, 255]);
    const doc = picture(here, { above: () => [old] });
    const canvas = await here.canvas();
    await assert.rejects(canvas.insert(layer("u8"), ALL, true, 0, old.id), /nicht ausgeführt/);
    assert.deepEqual([names(doc), doc.history.length, doc.active], [["alt", "Hintergrund"], 1, [old.id]]);
    assert.ok(doc.layers[0].visible);
    here.state.quirks.putFails = false;
    await canvas.insert(layer("u8"), ALL, false, 0, 0);
    assert.equal(doc.layers.length, 3);
    tidy(here);
  },

  "an error at the very end leaves it as it was, too": async (make) => {
    const here = seat({ make });
    const old = here.artist.pixel("alt", 8, box(0, 0, 4, 4), [1, 1, 1, 255]);
    const doc = picture(here, { above: () => [old] });
    const { executeAsModal } = here.ps.core;
    here.ps.core.executeAsModal = (act, options) =>
      executeAsModal((context) => {
        const { suspendHistory, resumeHistory } = context.hostControl;
        const resume = (id, commit) => (commit ? Promise.reject(new Error("Abbruch")) : resumeHistory(id, commit));
        return act({ ...context, hostControl: { suspendHistory, resumeHistory: resume } });
      }, options);
    await assert.rejects((await here.canvas()).insert(layer("u8"), ALL, false, 0, old.id), /Abbruch/);
    assert.deepEqual([names(doc), doc.layers[0].visible, doc.active], [["alt", "Hintergrund"], true, [old.id]]);
    tidy(here);
  },

  "a document that was closed meanwhile is told, not replaced by another": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    const other = picture(here);
    here.artist.close(doc);
    assert.equal(canvas.open(), false);
    assert.equal(await canvas.scene("all"), null);
    await assert.rejects(canvas.insert(layer("u8"), ALL, false, 0, 0), { code: "job.lost", message: /closed/ });
    assert.deepEqual([await canvas.has(2), await canvas.where(2), other.layers.length], [false, null, 1]);
  },

  "a document of another depth than the layer was made for says both numbers": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { bits: 16 });
    const text = /has 16 bits a channel now, the layer was made for 8: choose Image ▸ Mode ▸ 8 Bits/;
    await assert.rejects((await here.canvas()).insert(layer("u8"), ALL, false, 0, 0), { message: text });
    assert.equal(doc.layers.length, 1);
  },

  "gray, CMYK and Lab documents take a layer": async (make) => {
    for (const mode of ["grayscaleMode", "CMYKColorMode", "labColorMode"]) {
      const here = seat({ make });
      const doc = picture(here, { mode });
      await (await here.canvas()).insert(layer("u8"), ALL, false, 0, 0);
      assert.equal(doc.layers.length, 2);
    }
  },

  "a document of another profile gets colours, not numbers": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { profile: "Adobe RGB (1998)" });
    await (await here.canvas()).insert(sampleLayer("u8", { box: BOX, value: 100 / 255 }), ALL, false, 0, 0);
    assert.equal(doc.layers[0].data[0], 50);
  },

  "a layer without a mask gets a white one": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    await (await here.canvas()).insert(layer("u8", { mask: null }), ALL, false, 0, 0);
    assert.ok(doc.layers[0].mask.data.every((one) => one === 255));
  },

  "masks that want the document's depth, or a mask to begin with, get what they want": async (make) => {
    for (const quirks of [{ deepMasks: true }, { noFreshMask: true }, { deepMasks: true, noFreshMask: true }]) {
      for (const bits of [8, 16, 32]) {
        const here = seat({ make, quirks });
        const doc = picture(here, { bits });
        const canvas = await here.canvas();
        const put = await canvas.insert(layer(DEPTHS[bits]), ALL, true, 0, 0);
        assert.deepEqual([...(await canvas.maskOf(put.layer)).mask], [...soft()]);
        assert.equal(doc.history.length, 2);
        tidy(here);
      }
    }
  },

  "what a mask covers can be selected, the whole layer where it has none": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { above: () => [here.artist.pixel("ohne", 8, box(-2, -2, 6, 6), [1, 1, 1, 255])] });
    const canvas = await here.canvas();
    const plain = doc.layers[0].id;
    const put = await canvas.insert(layer("u8"), ALL, false, 0, 0);
    await canvas.selectMask(put.layer);
    assert.deepEqual([...(await canvas.coverage(BOX))], [...soft()]);
    await canvas.selectMask(plain);
    assert.deepEqual((await canvas.scene("all")).selection, [0, 0, 4, 4]);
    assert.equal((await canvas.maskOf(plain)).mask, null);
    tidy(here);
  },

  "gray becomes RGB in one step": async (make) => {
    const here = seat({ make });
    picture(here, { mode: "grayscaleMode" });
    const canvas = await here.canvas();
    await canvas.convert();
    assert.equal((await canvas.scene("all")).kind, "rgb");
  },

  "a layer is opened as a document of its own": async (make) => {
    const here = seat({ make });
    picture(here);
    const canvas = await here.host.openDocument(layer("u16", { mask: null }));
    const doc = here.state.docs.at(-1);
    assert.deepEqual([doc.width, doc.height, doc.bits, names(doc)], [8, 6, 16, ["Fill (seed 7)"]]);
    assert.deepEqual(doc.layers[0].box, box(0, 0, 8, 6));
    assert.deepEqual([await canvas.results(), canvas.open()], [new Set(["result Fill (seed 7)"]), true]);
    assert.equal([...every(doc.layers)].length, 1);
    tidy(here);
  },

  "two layers that come at once are put one after the other": async (make) => {
    const here = seat({ make, quirks: { noNesting: true } });
    const doc = picture(here);
    const canvas = await here.canvas();
    const told = [];
    here.host.waits((text) => told.push(text));
    await Promise.all(["a", "b", "c"].map((name) => canvas.insert(layer("u8", { name }), ALL, false, 0, 0)));
    assert.deepEqual([names(doc), told], [["c", "b", "a", "Hintergrund"], []]);
    tidy(here);
  },
};
