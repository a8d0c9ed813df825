/** What the bridge can paint, as the panel shows it: nothing known, the built-in fill alone, models, their LoRAs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAbilities } from "../src/guest/abilities.js";
import { usual } from "../src/guest/kept.js";
import { doing } from "../src/guest/showing.js";

const CLASSICAL = { name: "classical", modes: ["fill", "remove", "expand"], reads_prompt: false };
const DIFFUSION = { name: "diffusion", modes: ["fill", "expand", "detail"], reads_prompt: true };
const ROOFS = { id: "roofs-1", name: "roofs", family: "sd15", fits: true };
const FAST = { id: "fast-2", name: "Fast", family: "sdxl-few", fits: false };
const INK = { id: "ink", name: "Ink", family: "sd15" };
const CHALK = { id: "chalk", name: "Chalk", family: "sdxl" };

function part(more = {}) {
  const lists = { engines: [], models: [], loras: [] };
  return { t: "capabilities", revision: 1, part: 1, parts: 1, ...lists, device: { name: "cpu" }, ...more };
}
function abilities(...parts) {
  const made = makeAbilities();
  for (const one of parts) made.hear(part(one));
  return made;
}

const NONE = abilities();
const BUILT_IN = abilities({ engines: [CLASSICAL] });
const both = { engines: [CLASSICAL, DIFFUSION], models: [ROOFS, FAST], loras: [INK, CHALK] };
const MODELS = abilities({ ...both, device: { name: "NVIDIA H100" } });
const ONE = abilities({ ...both, models: [ROOFS], device: { name: "auto" } });
/** The model that comes with the package, and no other. */
const SAMPLE = abilities({ ...both, models: [{ id: "sample", name: "Sample", family: "sample" }], loras: [] });
/** Models are there, and what runs them is not. */
const UNINSTALLED = abilities({ engines: [CLASSICAL], models: [ROOFS] });
const by = (fields) => ({ ...usual(), ...fields });

test("what can be chosen, and who paints", () => {
  const cases = [
    [NONE, ["Built-in fill"], ""],
    [BUILT_IN, ["Built-in fill"], "Built-in fill, no model installed · CPU"],
    [UNINSTALLED, ["Built-in fill"], "Built-in fill, no model installed · CPU"],
    [MODELS, ["Automatic", "Built-in fill", "Fast", "roofs"], "2 models · NVIDIA H100"],
    [ONE, ["Automatic", "Built-in fill", "roofs"], "1 model"],
    [SAMPLE, ["Automatic", "Built-in fill", "Sample"], "Sample model · CPU"],
  ];
  for (const [those, titles, status] of cases) {
    assert.deepEqual(those.models().map((one) => one.title), titles);
    assert.deepEqual([those.models()[0].id, those.status()], [null, status]);
  }
  const tight = MODELS.models().filter((one) => one.why);
  assert.deepEqual(tight, [{ id: "fast-2", title: "Fast", why: "It may not fit this machine's memory." }]);
});

test("LoRAs of another family say so", () => {
  const cases = [[null, []], ["classical", []], ["roofs-1", ["Chalk"]], ["fast-2", ["Ink"]], ["gone", []]];
  for (const [model, odd] of cases) {
    const loras = MODELS.loras(by({ model }));
    assert.deepEqual(loras.map((one) => one.title), ["Ink", "Chalk"]);
    assert.deepEqual(loras.filter((one) => one.why).map((one) => one.title), odd);
  }
});

test("fields that do nothing are greyed with a reason", () => {
  const all = ["context", "guidance", "loras", "negative", "prompt", "steps", "strength"];
  const cases = [
    [NONE, null, []], [BUILT_IN, null, all], [MODELS, "classical", all], [MODELS, null, ["source"]],
    [MODELS, "roofs-1", ["source"]], [MODELS, "gone", ["source"]],
  ];
  for (const [those, model, names] of cases) {
    const greyed = those.greyed(by({ model }));
    assert.deepEqual(Object.keys(greyed).sort(), names);
    assert.ok(Object.values(greyed).every((why) => why.endsWith(".")));
  }
});

test("a greyed slider does not count, and what the chosen model cannot do is said", () => {
  assert.equal(BUILT_IN.meant(by({ strength: 40 })).strength, 100);
  assert.equal(MODELS.meant(by({ strength: 40 })).strength, 40);
  assert.equal(MODELS.meant(by({ strength: 40, model: "classical" })).strength, 100);
  assert.equal(NONE.meant(by({ strength: 40 })).strength, 40);
  const cases = [
    [NONE, "detail", null, false], [BUILT_IN, "detail", null, true], [BUILT_IN, "fill", null, false],
    [BUILT_IN, "remove", null, false], [BUILT_IN, "expand", null, false], [MODELS, "detail", null, false],
    [MODELS, "detail", "classical", true], [SAMPLE, "detail", null, true], [SAMPLE, "expand", null, false],
  ];
  for (const [those, mode, model, why] of cases) assert.equal(those.whyNot(mode, by({ model })) !== "", why);
});

test("whether a model is there", () => {
  const cases = [
    [NONE, "gone", true], [BUILT_IN, null, true], [BUILT_IN, "classical", true], [BUILT_IN, "roofs-1", false],
    [MODELS, "roofs-1", true], [MODELS, "gone", false],
  ];
  for (const [those, model, has] of cases) assert.equal(those.has(model), has);
});

test("an answer in parts counts once it is whole, and forgets the parts before", () => {
  const those = abilities({ engines: [CLASSICAL] });
  assert.equal(those.hear(part({ parts: 2, engines: [CLASSICAL, DIFFUSION], models: [ROOFS], loras: [INK] })), false);
  assert.equal(those.status(), "Built-in fill, no model installed · CPU");
  assert.equal(those.hear(part({ part: 2, parts: 2, models: [FAST], loras: [CHALK] })), true);
  assert.equal(those.status(), "2 models · CPU");
  const late = abilities({ parts: 3, models: [ROOFS] }, { part: 2, parts: 3, models: [FAST] });
  assert.equal(late.known, false);
  assert.equal(late.hear(part({ parts: 2, engines: [CLASSICAL, DIFFUSION] })), false);
  assert.equal(late.hear(part({ part: 2, parts: 2, models: [FAST] })), true);
  assert.equal(late.status(), "1 model · CPU");
});

test("what is being done", () => {
  const cases = [
    ["queued", 0, 0, null, "Waits"],
    ["loading", 0, 0, undefined, "Loading the model"],
    ["painting", 12, 30, 4.2, "Painting 12 of 30, about 4 s left"],
    ["painting", 0, 1, 0.4, "Painting"],
    ["finishing", 1, 1, null, "Finishing the edge"],
    ["something new", 1, 1, 61, "something new, about 61 s left"],
  ];
  for (const [phase, step, steps, left, words] of cases) {
    assert.equal(doing({ t: "progress", job: "j", phase, step, steps, seconds_left: left }), words);
  }
});
