/** The self-test on the double, with each of its habits; and that each rule of the double says where it stands. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { contract } from "../src/photoshop/contract.js";
import { RULES, liveChecklist, no } from "./double/rules.js";
import { box, picture, seat, tidy } from "./double/seat.js";
import { composite } from "./double/tree.js";

const QUIRKS = ["noMultiGet", "noXmp", "deepMasks", "noFreshMask", "alphaAlways", "undoableVisibility", "points"];

for (const quirk of ["none", ...QUIRKS]) {
  test(`the self-test passes on a Photoshop with ${quirk}`, async () => {
    const here = seat({ quirks: { [quirk]: true } });
    const checks = await contract(here.ps, here.host);
    assert.deepEqual(checks.filter((one) => !one.ok), []);
    assert.ok(checks.length >= 13);
    assert.equal(here.state.docs.length, 0, "scratch documents are closed");
    tidy(here);
  });
}

test("the self-test says what is wrong, goes on, and leaves nothing behind", async () => {
  const here = seat({ quirks: { putFails: true } });
  const doc = picture(here);
  const checks = await contract(here.ps, here.host);
  const failed = checks.filter((one) => !one.ok);
  assert.ok(failed.length > 8 && failed.length < checks.length);
  assert.match(failed[0].detail, /nicht ausgeführt/);
  assert.deepEqual(here.state.docs, [doc]);
});

test("each rule cites its source, or is assumed and has a fallback; no name is misspelt", async () => {
  for (const [name, rule] of Object.entries(RULES)) {
    assert.ok(rule.assumed ? rule.says && rule.fallback && !rule.source : rule.source, name);
  }
  assert.deepEqual(liveChecklist().map((one) => one.name), Object.keys(RULES).filter((name) => RULES[name].assumed));
  const room = new URL("./double/", import.meta.url);
  const files = (await readdir(room)).filter((name) => name !== "rules.js");
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, room), "utf8")));
  const used = texts.flatMap((text) => [...text.matchAll(/\bno\("([\w.]+)"/g)].map(([, name]) => name));
  assert.ok(used.length > 20);
  for (const name of used) assert.ok(name in RULES, name);
  assert.throws(() => no("no.such"), /has no rule/);
});

test("the double refuses what Photoshop refuses, in its words", async () => {
  const here = seat();
  const doc = picture(here, { bits: 16 });
  const { ps } = here;
  const whole = { documentID: doc.id, sourceBounds: box(0, 0, 4, 4), colorSpace: "RGB" };
  const MODAL = /only allowed from inside a modal scope/;
  const inside = (act) => ps.core.executeAsModal(act, { commandName: "Test" });
  await assert.rejects(ps.imaging.getPixels(whole), { rule: "modal.read", message: MODAL });
  await assert.rejects(ps.action.batchPlay([{ _obj: "hide", _target: [] }], {}), { message: MODAL });
  assert.throws(() => (ps.app.activeDocument.layers[0].visible = false), { rule: "modal.write", message: MODAL });
  await assert.rejects(ps.core.executeAsModal(async () => {}, {}), { rule: "modal.name" });
  const given = (more) => inside(() => ps.imaging.getPixels({ ...whole, ...more }));
  await assert.rejects(given({ componentSize: 8 }), { message: /Code: -1/ });
  await assert.rejects(given({ sourceBounds: box(90, 0, 4, 4) }), { rule: "pixels.empty" });
  await assert.rejects(inside(() => ps.imaging.getSelection(whole)), { rule: "selection.none" });
  const small = { width: 2, height: 2, components: 3, colorSpace: "RGB" };
  const made = (array) => ps.imaging.createImageDataFromBuffer(array, small);
  await assert.rejects(made(new Uint8Array(9)), { rule: "pixels.count" });
  await assert.rejects(made(new Uint16Array(12).fill(40000)), { rule: "pixels.range" });
  const bytes = await made(new Uint8Array(12));
  assert.equal(here.state.live, 1);
  const put = { documentID: doc.id, layerID: doc.layers[0].id, imageData: bytes };
  await assert.rejects(inside(() => ps.imaging.putPixels(put)), { rule: "pixels.layer" });
  await assert.rejects(inside(() => ps.imaging.putLayerMask(put)), { rule: "mask.gray" });
  here.state.busy = 1;
  await assert.rejects(inside(async () => {}), { number: 9 });
  await assert.rejects(ps.action.addNotificationListener(["all"], () => {}), { rule: "events.all" });
  const target = [{ _property: "x" }, { _ref: "layer", _id: 99 }];
  const [gone] = await ps.action.batchPlay([{ _obj: "get", _target: target }], {});
  assert.equal(gone._obj, "error");
});

test("the double composites: opacity, masks, groups, adjustments, by hand", async () => {
  const { artist } = seat();
  const value = (level, more) => artist.pixel("x", 8, box(0, 0, 1, 1), [level, level, level, 255], more);
  const half = value(200, { mask: { box: box(0, 0, 1, 1), data: Uint8Array.of(51), fill: 0 } });
  const group = artist.group("g", [artist.invert(), value(250)], { mode: "normal" });
  for (const [layers, expected] of [
    [[value(200, { opacity: 25 }), value(100)], 125],
    [[half, value(100)], 120],
    [[artist.invert(), value(100)], 155],
    [[group, value(100)], 5],
    [[{ ...group, opacity: 50 }, value(100)], 53],
    [[value(7, { visible: false }), value(100)], 100],
  ]) {
    const doc = artist.open({ width: 1, height: 1, layers });
    assert.deepEqual([...composite(doc)], [expected, expected, expected, 255]);
  }
});
