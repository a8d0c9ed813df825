/** What a gesture asks for: tables of what the artist has before them and has set. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { again, asked, fieldsOf, labelOf, modeOf, recipeOf, refine, vary, whyNot } from "../src/guest/gestures.js";
import { usual } from "../src/guest/kept.js";
import { recipeFrom } from "../src/guest/recipe.js";

const DOCUMENT = { tag: "ab".repeat(16), width: 160, height: 120, channels: 4, depth: "u8" };
const SELECTION = [60, 50, 40, 30];
const SCENE = {
  name: "roof.psd", document: DOCUMENT, selection: SELECTION, content: null, kind: "rgb", active: 7,
  layer: "Background", memory: null, trouble: "",
};
const BARE = { ...SCENE, selection: null };
const SMALL = { ...BARE, content: [0, 0, 100, 120] };
const by = (fields) => ({ ...usual(), ...fields });

test("the one button says what it does", () => {
  const cases = [
    [SCENE, {}, false, "remove", "Remove"],
    [SCENE, { prompt: " \n" }, false, "remove", "Remove"],
    [SCENE, { prompt: "red roof" }, false, "fill", "Fill"],
    [SCENE, { prompt: "red roof", strength: 40 }, false, "fill", "Refine 40 %"],
    [SCENE, { strength: 40 }, false, "fill", "Refine 40 %"],
    [SCENE, { prompt: "red roof" }, true, "fill", "Fill"],
    [BARE, { prompt: "red roof" }, false, "fill", "Generate"],
    [BARE, {}, false, "fill", "Generate"],
    [BARE, { strength: 99 }, false, "fill", "Refine 99 %"],
    [BARE, { prompt: "red roof" }, true, "expand", "Expand"],
    [SMALL, { strength: 40 }, true, "expand", "Expand"],
  ];
  for (const [scene, fields, goesOn, mode, label] of cases) {
    assert.equal(modeOf(scene, by(fields), goesOn), mode);
    assert.equal(labelOf(mode, scene, by(fields)), label);
  }
  assert.equal(labelOf("detail", SCENE, by({ strength: 40 })), "Enhance detail");
  assert.equal(labelOf("fill", null, usual()), "Fill");
});

test("strength counts where something is kept", () => {
  const cases = [
    ["fill", 100, 1], ["fill", 5, 0.05], ["remove", 40, 1], ["expand", 40, 1],
    ["detail", 100, 0.3], ["detail", 80, 0.4], ["detail", 20, 0.2],
  ];
  for (const [mode, strength, wanted] of cases) assert.equal(recipeOf(mode, by({ strength })).strength, wanted);
});

const FULL = by({
  prompt: " red roof ", count: 3, model: "roofs-1", negative: " moss", steps: 20, guidance: 5.5, seed: 9, locked: true,
  loras: [{ id: "ink", weight: 0.5 }], blend: 12, context: "canvas", source: "wide",
});

test("a recipe says all that the artist set", () => {
  assert.deepEqual(recipeOf("fill", FULL), {
    mode: "fill", prompt: "red roof", negative: "moss", model: "roofs-1", strength: 1, seed: 9, count: 3, steps: 20,
    guidance: 5.5, loras: [{ id: "ink", weight: 0.5 }], context: "canvas", blend: 12, source: "wide", scale: 1,
    made: null,
  });
  assert.equal(recipeOf("fill", { ...FULL, locked: false }).seed, null);
  assert.equal(recipeOf("remove", FULL).prompt, "");
});

test("a field out of range is refused by its name", () => {
  const cases = [
    [{ prompt: "x".repeat(9000) }, /prompt is at most 8192 bytes of UTF-8; this one is one of 9000 bytes/],
    [{ prompt: "\ud83d" }, /prompt is a text of whole characters/],
    [{ blend: 999 }, /blend is a whole number from 0 to 256; this one is 999/],
    [{ strength: 1 }, /strength is a number from 0.05 to 1; this one is 0.01/],
    [{ strength: NaN }, /strength is a number/],
    [{ steps: 1.5 }, /steps is a whole number/],
    [{ loras: [{ id: "../x", weight: 1 }] }, /loras is a list of/],
    [{ loras: [{ id: "x", weight: 3 }] }, /loras is a list of/],
    [{ model: "a b" }, /model is an id/],
  ];
  for (const [fields, words] of cases) {
    const code = { name: "Refusal", code: "recipe.field", message: words };
    assert.throws(() => recipeOf("fill", by(fields)), code);
  }
  assert.throws(() => recipeFrom({ mode: "fill", colour: 1 }), /A recipe has no field “colour”/);
  assert.throws(() => recipeFrom({ mode: "fill", constructor: 1 }), /A recipe has no field “constructor”/);
  assert.throws(() => recipeFrom({}), /mode is one of fill, remove, expand, detail/);
  assert.throws(() => recipeFrom(null), /A recipe is a map/);
  assert.equal(recipeOf("fill", by({ prompt: "桜".repeat(2730) })).prompt.length, 2730);
  assert.throws(() => recipeOf("fill", by({ prompt: "桜".repeat(2731) })), /prompt is at most/);
});

test("expand says what is visible", () => {
  const recipe = { mode: "expand" };
  assert.deepEqual(asked(SMALL, recipe), { document: DOCUMENT, selection: null, content: SMALL.content, recipe });
  assert.deepEqual(asked(BARE, recipe).content, [0, 0, 160, 120]);
  assert.deepEqual([asked(SCENE, recipe).content, asked(SCENE, recipe).selection], [null, SELECTION]);
  assert.equal(asked(SMALL, { mode: "fill" }).content, null);
});

test("what cannot be done has its reason", () => {
  const cases = [
    [SCENE, "fill", true, ""],
    [BARE, "fill", true, ""],
    [BARE, "remove", true, "Nothing is selected: select what to remove."],
    [BARE, "detail", true, ""],
    [BARE, "expand", false, "The picture covers the canvas: enlarge that first"],
    [SCENE, "expand", false, ""],
    [{ ...SCENE, kind: "gray" }, "remove", true, ""],
    [{ ...SCENE, kind: "lab" }, "fill", true, ""],
    [{ ...SCENE, kind: "indexed" }, "remove", true, "An indexed document has no room for new colours"],
    [{ ...SCENE, trouble: "Finish it.", kind: "indexed" }, "fill", true, "Finish it."],
  ];
  for (const [scene, mode, goesOn, words] of cases) {
    const why = whyNot(mode, scene, goesOn);
    assert.ok(words ? why.startsWith(words) : why === "", why);
  }
});

const MADE = recipeFrom({
  mode: "fill", prompt: "red roof", negative: "moss", model: "roofs-1", strength: 0.8, seed: 42, steps: 20, blend: 9,
  made: { engine: "diffusion" },
});

test("again takes another seed or the locked one", () => {
  const wanted = { ...MADE, seed: null, made: null };
  assert.deepEqual(again({ ...MADE, count: 3 }, by({ prompt: "another", seed: 7 })), wanted);
  assert.deepEqual(again(MADE, by({ seed: 7, locked: true })), { ...wanted, seed: 7 });
});

test("relatives are three by the layer's own prompt", () => {
  for (const mode of ["remove", "expand", "detail"]) {
    const wanted = { ...MADE, strength: 0.6, count: 3, seed: null, blend: 0, made: null };
    assert.deepEqual(vary({ ...MADE, mode }), wanted);
  }
});

test("refine keeps some of the layer", () => {
  for (const [strength, wanted] of [[100, 0.4], [70, 0.7], [5, 0.05]]) {
    const fields = by({ prompt: "blue roof", strength, count: 2, blend: 30 });
    const recipe = recipeFrom({ mode: "fill", prompt: "blue roof", strength: wanted, count: 2 });
    assert.deepEqual(refine(MADE, fields), recipe);
    assert.equal(refine(MADE, { ...fields, prompt: " " }).prompt, "red roof");
  }
});

test("edit settings brings back the fields that made a layer", () => {
  const fields = by({ ...FULL, prompt: "red roof", negative: "moss", count: 1, sample: "all" });
  const memory = { recipe: recipeOf("fill", fields) };
  assert.deepEqual(fieldsOf(memory, by({ count: 4, prompt: "other" })), fields);
});
