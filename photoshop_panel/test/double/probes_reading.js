/** What the host must do when it reads; each takes the make of the host, so that mistaken ones can be tried, too. */
import assert from "node:assert/strict";
import { box, picture, seat, tidy } from "./seat.js";
import { composite } from "./tree.js";

const ALL = { sample: "all", anchor: 0 };

/** Samples of RGBA at a pixel of a read of 16 columns. */
const at = (bytes, column, row, channels) => [...bytes.subarray((row * 16 + column) * channels).subarray(0, channels)];

export const READING = {
  "a scene says what the artist has before them": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { bits: 16, name: "Möwe.psd" });
    here.artist.select(doc, box(2, 3, 4, 5));
    const scene = await (await here.canvas()).scene("all");
    assert.match(scene.document.tag, /^[0-9a-f]{32}$/);
    const { tag, ...document } = scene.document;
    assert.deepEqual(document, { width: 16, height: 12, channels: 3, depth: "u16" });
    assert.deepEqual(scene.selection, [2, 3, 4, 5]);
    assert.deepEqual([scene.name, scene.kind, scene.active], ["Möwe.psd", "rgb", doc.layers[0].id]);
    assert.deepEqual([scene.layer, scene.memory, scene.trouble, scene.content], ["Hintergrund", null, "", null]);
    assert.ok(tag);
  },

  "each mode has its kind, and what cannot be filled says so": async (make) => {
    const kinds = { RGBColorMode: "rgb", grayscaleMode: "gray", CMYKColorMode: "cmyk", labColorMode: "lab" };
    for (const [mode, kind] of Object.entries(kinds)) {
      const here = seat({ make });
      picture(here, { mode });
      const scene = await (await here.canvas()).scene("all");
      assert.deepEqual([scene.kind, scene.trouble], [kind, ""]);
    }
    const refused = { indexedColorMode: /indexed/, bitmapMode: /no colours/, duotoneMode: /no colours/ };
    for (const [mode, words] of Object.entries(refused)) {
      const here = seat({ make });
      picture(here, { mode });
      const scene = await (await here.canvas()).scene("all");
      assert.equal(scene.kind, "indexed");
      assert.match(scene.trouble, words);
    }
  },

  "quick mask, several layers and none are told where they are in the way": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { background: false });
    const canvas = await here.canvas();
    doc.active = [];
    assert.equal((await canvas.scene("all")).trouble, "");
    assert.match((await canvas.scene("below")).trouble, /Several layers are selected, or none/);
    doc.quickMask = true;
    assert.match((await canvas.scene("all")).trouble, /press Q/);
  },

  "content is where the canvas goes on beyond what is visible": async (make) => {
    const here = seat({ make });
    const above = (bits) => [here.artist.pixel("weg", bits, box(0, 0, 16, 12), [9, 9, 9, 255], { visible: false })];
    const doc = picture(here, { background: false, above });
    const ground = doc.layers[1];
    Object.assign(doc, { width: 20 });
    const canvas = await here.canvas();
    assert.deepEqual((await canvas.scene("all")).content, [0, 0, 16, 12]);
    here.artist.select(doc, box(0, 0, 2, 2));
    assert.equal((await canvas.scene("all")).content, null, "something is selected");
    doc.selection = null;
    ground.box = box(-5, -5, 16, 12);
    assert.deepEqual((await canvas.scene("all")).content, [0, 0, 11, 7]);
  },

  "a look at two hundred layers costs no more calls than one at two": async (make) => {
    const calls = [];
    for (const count of [2, 200]) {
      const here = seat({ make });
      const small = () => here.artist.pixel("Ebene", 8, box(0, 0, 2, 2), [1, 2, 3, 255]);
      picture(here, { above: () => Array.from({ length: count }, small) });
      const canvas = await here.canvas();
      await canvas.scene("all");
      here.state.calls = 0;
      await canvas.scene("all");
      calls.push(here.state.calls);
    }
    assert.equal(calls[0], calls[1]);
  },

  "the composite is read in the document's own depth, bit for bit": async (make) => {
    for (const [bits, depth, scale] of [[8, "u8", 1], [16, "u16", 65535 / 32768]]) {
      const here = seat({ make });
      const doc = picture(here, { bits, resolution: 300 });
      const canvas = await here.canvas();
      const bytes = await canvas.read([3, 2, 5, 4], 3, depth, ALL, []);
      const values = bits === 8 ? bytes : new Uint16Array(bytes.slice().buffer);
      const seen = composite(doc);
      const expected = [];
      for (let n = 0; n < 20; n++) {
        const place = ((2 + Math.floor(n / 5)) * 16 + 3 + (n % 5)) * 4;
        expected.push(...[0, 1, 2].map((c) => Math.round(seen[place + c] * scale)));
      }
      assert.deepEqual([...values], expected);
      tidy(here);
    }
  },

  "32 bit comes as sRGB, above white, too": async (make) => {
    const here = seat({ make });
    const value = (n, c) => (c === 3 ? 1 : n ? 2 : 0.21404114);
    here.artist.open({ width: 2, height: 1, bits: 32, layers: [here.artist.pixel("HDR", 32, box(0, 0, 2, 1), value)] });
    const bytes = await (await here.canvas()).read([0, 0, 2, 1], 4, "f32", ALL, []);
    const values = new Float32Array(bytes.slice().buffer);
    const close = (place, expected) => assert.ok(Math.abs(values[place] - expected) < 1e-4, `${values[place]}`);
    close(0, 0.5);
    close(4, 1.3532);
    close(3, 1);
    tidy(here);
  },

  "a document of another profile is read as sRGB": async (make) => {
    const here = seat({ make });
    const ground = here.artist.pixel("Hintergrund", 8, box(0, 0, 2, 2), [50, 60, 70], { background: true });
    here.artist.open({ width: 2, height: 2, profile: "Adobe RGB (1998)", layers: [ground] });
    const bytes = await (await here.canvas()).read([0, 0, 2, 2], 3, "u8", ALL, []);
    assert.deepEqual([...bytes.subarray(0, 3)], [100, 120, 140]);
  },

  "gray, CMYK and Lab are asked for as RGB": async (make) => {
    for (const mode of ["grayscaleMode", "CMYKColorMode", "labColorMode"]) {
      const here = seat({ make });
      picture(here, { mode });
      assert.equal((await (await here.canvas()).read([0, 0, 16, 12], 3, "u8", ALL, [])).length, 16 * 12 * 3);
    }
  },

  "trimmed pixels lie where they belong, the rest is 0": async (make) => {
    const here = seat({ make });
    const small = here.artist.pixel("klein", 8, box(5, 4, 2, 3), [10, 20, 30, 255]);
    here.artist.open({ width: 16, height: 12, layers: [small] });
    const bytes = await (await here.canvas()).read([0, 0, 16, 12], 4, "u8", ALL, []);
    assert.deepEqual(at(bytes, 5, 4, 4), [10, 20, 30, 255]);
    assert.deepEqual(at(bytes, 6, 6, 4), [10, 20, 30, 255]);
    assert.deepEqual(at(bytes, 4, 4, 4), [0, 0, 0, 0]);
    assert.equal(bytes.reduce((sum, one) => sum + one, 0), 6 * (10 + 20 + 30 + 255));
    tidy(here);
  },

  "where nothing is, nothing is asked of Photoshop": async (make) => {
    const here = seat({ make });
    const small = here.artist.pixel("klein", 8, box(0, 0, 2, 2), [1, 1, 1, 255]);
    here.artist.open({ width: 16, height: 12, layers: [small] });
    const canvas = await here.canvas();
    assert.ok((await canvas.read([8, 8, 4, 4], 4, "u8", ALL, [])).every((one) => one === 0));
    await assert.rejects(canvas.read([8, 8, 4, 4], 3, "u8", ALL, []), { code: "picture.size", channels: 4 });
  },

  "three channels of a transparent picture are refused, and four are announced from then on": async (make) => {
    const here = seat({ make, quirks: { alphaAlways: true } });
    picture(here);
    const canvas = await here.canvas();
    assert.equal((await canvas.scene("all")).document.channels, 3);
    const refused = { code: "picture.size", channels: 4, retry: "now" };
    await assert.rejects(canvas.read([0, 0, 16, 12], 3, "u8", ALL, []), refused);
    assert.equal((await canvas.scene("all")).document.channels, 4);
    const bytes = await canvas.read([0, 0, 16, 12], 4, "u8", ALL, []);
    assert.deepEqual(at(bytes, 1, 0, 4), [3, 43, 83, 255]);
    tidy(here);
  },

  "four channels of a Background layer are opaque": async (make) => {
    const here = seat({ make });
    picture(here, { bits: 16 });
    const bytes = await (await here.canvas()).read([1, 0, 1, 1], 4, "u16", ALL, []);
    const colours = [3, 43, 83].map((one) => Math.round((one * 129 * 65535) / 32768));
    assert.deepEqual([...new Uint16Array(bytes.slice().buffer)], [...colours, 65535]);
  },

  "an adjustment layer above does not count below, and stays": async (make) => {
    const here = seat({ make });
    const doc = picture(here, { above: () => [here.artist.invert()] });
    const [invert, ground] = doc.layers;
    const canvas = await here.canvas();
    const plain = await canvas.read([0, 0, 16, 12], 3, "u8", { sample: "below", anchor: ground.id }, []);
    assert.deepEqual(at(plain, 1, 0, 3), [3, 43, 83]);
    assert.deepEqual(at(await canvas.read([0, 0, 16, 12], 3, "u8", ALL, []), 1, 0, 3), [252, 212, 172]);
    assert.deepEqual([doc.layers[0].id, doc.layers[0].visible], [invert.id, true]);
    assert.deepEqual(doc.history.map((one) => one.name), ["Öffnen"]);
    tidy(here);
  },

  "hidden layers above stay hidden, visible ones visible, also after an error": async (make) => {
    const here = seat({ make });
    const layer = (visible) => here.artist.pixel("Ebene", 8, box(0, 0, 16, 12), [9, 9, 9, 255], { visible });
    const doc = picture(here, { above: () => [layer(true), layer(false)] });
    const canvas = await here.canvas();
    const spot = { sample: "below", anchor: doc.layers[2].id };
    await canvas.read([0, 0, 16, 12], 3, "u8", spot, []);
    await assert.rejects(canvas.read([0.5, 0, 2, 2], 3, "u8", spot, []), { rule: "pixels.integers" });
    assert.deepEqual(doc.layers.map((one) => one.visible), [true, false, true]);
    assert.equal(doc.history.length, 1);
    tidy(here);
  },

  "in a group: what lies above in it and above it does not count, nor what the group does to all": async (make) => {
    const here = seat({ make });
    const value = [100, 100, 100, 255];
    const layer = (name, more) => here.artist.pixel(name, 8, box(0, 0, 16, 12), value, more);
    const inner = layer("unten");
    const group = here.artist.group("Gruppe 1", [here.artist.invert(), inner], { opacity: 50, mode: "multiply" });
    const mask = { box: box(0, 0, 16, 12), data: new Uint8Array(192).fill(10), fill: 0 };
    Object.assign(group, { mask });
    const doc = picture(here, { above: () => [layer("oben", {}), group] });
    const bytes = await (await here.canvas()).read([0, 0, 16, 12], 3, "u8", { sample: "below", anchor: inner.id }, []);
    assert.deepEqual(at(bytes, 3, 3, 3), [100, 100, 100]);
    const kept = doc.layers[1];
    assert.deepEqual([kept.opacity, kept.mode, kept.density, kept.children[0].visible], [50, "multiply", 100, true]);
    assert.equal(doc.history.length, 1);
    tidy(here);
  },

  "the current layer is read alone, be it hidden, masked or what else": async (make) => {
    const here = seat({ make });
    const own = here.artist.pixel("allein", 8, box(2, 2, 4, 4), [7, 8, 9, 255], { visible: false });
    const masked = here.artist.pixel("Maske", 8, box(0, 0, 4, 4), [50, 50, 50, 255]);
    masked.mask = { box: box(0, 0, 4, 4), data: Uint8Array.from({ length: 16 }, (_, n) => (n < 8 ? 255 : 0)), fill: 0 };
    const doc = picture(here, { above: () => [masked, own] });
    const canvas = await here.canvas();
    const read = (anchor) => canvas.read([0, 0, 16, 12], 4, "u8", { sample: "current", anchor }, []);
    assert.deepEqual(at(await read(own.id), 2, 2, 4), [7, 8, 9, 255]);
    assert.deepEqual(at(await read(own.id), 6, 6, 4), [0, 0, 0, 0]);
    assert.deepEqual(at(await read(masked.id), 0, 1, 4), [50, 50, 50, 255]);
    assert.deepEqual(at(await read(masked.id), 0, 2, 4), [0, 0, 0, 0]);
    doc.active = [own.id];
    assert.equal((await canvas.scene("current")).document.channels, 4);
    assert.deepEqual(doc.layers.map((one) => one.visible), [true, false, true]);
    tidy(here);
  },

  "a clipped layer is read alone, too; with those below it, it is what is seen": async (make) => {
    const here = seat({ make });
    const clipped = here.artist.pixel("beschnitten", 8, box(0, 0, 16, 12), [40, 50, 60, 255], { clipped: true });
    const base = here.artist.pixel("Basis", 8, box(4, 4, 4, 4), [200, 0, 0, 255]);
    picture(here, { above: () => [here.artist.invert(), clipped, base] });
    const canvas = await here.canvas();
    const alone = await canvas.read([0, 0, 16, 12], 4, "u8", { sample: "current", anchor: clipped.id }, []);
    assert.deepEqual(at(alone, 0, 0, 4), [40, 50, 60, 255]);
    const below = await canvas.read([0, 0, 16, 12], 3, "u8", { sample: "below", anchor: clipped.id }, []);
    assert.deepEqual([at(below, 5, 5, 3), at(below, 1, 0, 3)], [[40, 50, 60], [3, 43, 83]]);
  },

  "a layer and what is clipped to it are sampled as one": async (make) => {
    const here = seat({ make });
    const base = here.artist.pixel("Basis", 8, box(4, 4, 4, 4), [200, 0, 10, 255]);
    const doc = picture(here, { above: () => [here.artist.invert(), here.artist.invert({ clipped: true }), base] });
    const canvas = await here.canvas();
    const read = (sample) => canvas.read([0, 0, 16, 12], 4, "u8", { sample, anchor: base.id }, []);
    const below = await read("below");
    assert.deepEqual([at(below, 5, 5, 4), at(below, 1, 0, 4)], [[55, 255, 245, 255], [3, 43, 83, 255]]);
    const alone = await read("current");
    assert.deepEqual([at(alone, 5, 5, 4), at(alone, 1, 0, 4)], [[55, 255, 245, 255], [0, 0, 0, 0]]);
    assert.ok(doc.layers.every((one) => one.visible));
    tidy(here);
  },

  "a layer that is replaced is not read": async (make) => {
    const here = seat({ make });
    const old = here.artist.pixel("alt", 8, box(0, 0, 16, 12), [1, 1, 1, 255]);
    const doc = picture(here, { above: () => [old] });
    const bytes = await (await here.canvas()).read([0, 0, 16, 12], 3, "u8", ALL, [old.id, 4711]);
    assert.deepEqual(at(bytes, 1, 0, 3), [3, 43, 83]);
    assert.ok(doc.layers[0].visible);
  },

  "a soft selection over the edge comes as it is inside, and 0 elsewhere": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const soft = Uint8Array.from({ length: 36 }, (_, n) => (n % 7 ? n * 7 : 0));
    here.artist.select(doc, box(-2, -1, 6, 6), soft);
    const canvas = await here.canvas();
    assert.deepEqual((await canvas.scene("all")).selection, [0, 0, 4, 5]);
    const bytes = await canvas.coverage([0, 0, 6, 6]);
    for (let n = 0; n < 36; n++) {
      const [x, y] = [n % 6, Math.floor(n / 6)];
      assert.equal(bytes[n], x < 4 && y < 5 ? soft[(y + 1) * 6 + x + 2] : 0);
    }
    tidy(here);
  },

  "a plain rectangle is not even read": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    here.artist.select(doc, box(10, 8, 20, 20));
    here.ps.imaging.getSelection = () => assert.fail("it is solid");
    const bytes = await (await here.canvas()).coverage([8, 6, 8, 6]);
    for (let y = 0; y < 6; y++) for (let x = 0; x < 8; x++) assert.equal(bytes[y * 8 + x], x >= 2 && y >= 2 ? 255 : 0);
  },

  "nothing selected is nothing, and so is a selection beyond the canvas": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    const canvas = await here.canvas();
    assert.equal((await canvas.scene("all")).selection, null);
    assert.ok((await canvas.coverage([0, 0, 4, 4])).every((one) => one === 0));
    here.artist.select(doc, box(50, 50, 4, 4));
    assert.equal((await canvas.scene("all")).selection, null);
  },

  "all that is read for one fill is read in one turn": async (make) => {
    const here = seat({ make });
    const doc = picture(here);
    here.artist.select(doc, box(1, 1, 3, 3));
    const canvas = await here.canvas();
    let turns = 0;
    const { executeAsModal } = here.ps.core;
    here.ps.core.executeAsModal = (...all) => {
      turns++;
      return executeAsModal(...all);
    };
    const read = await canvas.together(async () => {
      const scene = await canvas.scene("all");
      const image = await canvas.read([0, 0, 8, 8], 3, "u8", ALL, []);
      return [scene.selection, image.length, (await canvas.coverage([1, 1, 3, 3])).length];
    });
    assert.deepEqual(read, [[1, 1, 3, 3], 192, 9]);
    assert.equal(turns, 1);
    tidy(here);
  },
};
