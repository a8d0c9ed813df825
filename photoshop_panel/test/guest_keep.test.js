/** What is remembered between two starts: written rarely, lost never, and damaged in any way it harms nobody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recipeOf } from "../src/guest/gestures.js";
import { LAZY, NAME, makeKeep } from "../src/guest/keep.js";
import { JOBS, PROMPTS, keptIn, keptText, usual } from "../src/guest/kept.js";
import { WORST, damaged, places } from "./damage.js";

const DOCUMENT = { tag: "ab".repeat(16), width: 160, height: 120, channels: 3, depth: "u16" };
const ORDER = {
  spot: { sample: "below", anchor: 7 }, document: DOCUMENT, selection: [60, 50, 40, 30], content: null, replaces: 9,
  was: [-5, 0, 4, 4],
};
const FIELDS = {
  prompt: "red roof", strength: 40, count: 3, model: "roofs-1", negative: "moss", steps: 20, guidance: 5.5, seed: 9,
  locked: true, loras: [{ id: "ink", weight: -0.5 }], sample: "current", blend: 12, context: "canvas", source: "all",
};

/** A store in memory, and a clock that the test turns. */
function desk() {
  const texts = new Map();
  const due = [];
  let writes = 0;
  return {
    texts,
    store: {
      get: (name) => texts.get(name) ?? null,
      set(name, text) {
        writes += 1;
        texts.set(name, text);
      },
    },
    clock: { now: () => 0, later: (work, seconds) => due.push([work, seconds]) },
    pass: () => due.splice(0).forEach(([work, seconds]) => seconds <= LAZY && work()),
    get writes() {
      return writes;
    },
    keep() {
      return makeKeep(this.store, this.clock);
    },
  };
}

test("everything comes back", () => {
  const here = desk();
  const keep = here.keep();
  keep.setFields(FIELDS);
  for (const prompt of ["blue roof", "red roof", "blue roof", ""]) keep.addPrompt(prompt);
  keep.setOrder("j".repeat(32), ORDER);
  const back = here.keep();
  assert.deepEqual([back.fields, back.prompts], [FIELDS, ["red roof", "blue roof"]]);
  assert.deepEqual([back.order("j".repeat(32)), back.order("k")], [ORDER, null]);
  assert.deepEqual([desk().keep().fields, desk().keep().prompts], [usual(), []]);
});

test("a seed is drawn anew unless it was locked", () => {
  const here = desk();
  const keep = here.keep();
  keep.setFields({ ...FIELDS, locked: false });
  keep.save();
  assert.deepEqual(here.keep().fields, { ...FIELDS, locked: false, seed: null });
});

test("keystrokes are written once a second and orders at once", () => {
  const here = desk();
  const keep = here.keep();
  for (const prompt of ["r", "re", "red"]) keep.setFields({ ...usual(), prompt });
  assert.equal(here.writes, 0);
  here.pass();
  assert.deepEqual([here.writes, here.keep().fields.prompt], [1, "red"]);
  here.pass();
  keep.save();
  assert.equal(here.writes, 1, "nothing changed, and it was written");
  keep.setOrder("j", ORDER);
  assert.deepEqual([here.writes, here.keep().order("j")], [2, ORDER]);
});

test("only the newest are kept, and what was carried out is forgotten", () => {
  const here = desk();
  const keep = here.keep();
  for (let number = 0; number < JOBS + 6; number++) keep.setOrder(`job${number}`, ORDER);
  for (let number = 0; number < PROMPTS + 6; number++) keep.addPrompt(`prompt ${number}`);
  keep.dropOrder("job20");
  keep.dropOrder("never");
  keep.save();
  for (const one of [keep, here.keep()]) {
    const known = ["job5", "job6", "job20", `job${JOBS + 5}`].map((job) => one.order(job));
    assert.deepEqual(known, [null, ORDER, null, ORDER]);
    assert.deepEqual([one.prompts.length, one.prompts[0], one.prompts.at(-1)], [PROMPTS, "prompt 6", "prompt 105"]);
  }
});

test("two panels lose nothing of each other", () => {
  const here = desk();
  const [one, other] = [here.keep(), here.keep()];
  one.setFields(FIELDS);
  one.setOrder("one", ORDER);
  other.addPrompt("of the other");
  other.setOrder("other", ORDER);
  assert.deepEqual(here.keep().fields, FIELDS);
  one.addPrompt("red roof");
  one.dropOrder("one");
  one.save();
  const back = here.keep();
  assert.deepEqual([back.order("one"), back.order("other")], [null, ORDER]);
  assert.deepEqual([back.prompts, back.fields], [["of the other", "red roof"], FIELDS]);
});

test("a store that keeps nothing costs nothing but the memory", () => {
  const broken = () => {
    throw new Error("QuotaExceededError");
  };
  const keep = makeKeep({ get: broken, set: broken }, { now: () => 0, later: () => {} });
  keep.setFields(FIELDS);
  keep.setOrder("j", ORDER);
  assert.deepEqual([keep.fields, keep.order("j")], [FIELDS, ORDER]);
});

test("whatever lies there, a guest can begin with it, and write it again", () => {
  const good = JSON.parse(keptText({ fields: FIELDS, prompts: ["a"], orders: new Map([["j", ORDER]]) }));
  const texts = ["", "null", "[]", "[".repeat(1e5), "1".repeat(5000), '{"orders": 1, "prompts": {}}'];
  for (const path of places(good)) for (const value of WORST) texts.push(damaged(good, path, value));
  for (const text of texts) {
    const here = desk();
    here.texts.set(NAME, text);
    const keep = here.keep();
    assert.deepEqual(Object.keys(keep.fields), Object.keys(usual()));
    if (keep.fields.prompt.length < 9000 && keep.fields.negative.length < 9000) recipeOf("fill", keep.fields);
    const order = keep.order("j");
    if (order) assert.deepEqual(Object.keys(order).sort(), Object.keys(ORDER).sort());
    keep.setOrder("new", ORDER);
    const back = here.keep();
    assert.deepEqual([back.order("new"), back.fields, back.prompts], [ORDER, keep.fields, keep.prompts]);
  }
  const cut = JSON.stringify(good);
  for (const share of [0.1, 0.5, 0.9, 0.999]) {
    assert.deepEqual(keptIn(cut.slice(0, cut.length * share)).fields, usual());
  }
});

test("one damaged field leaves the others", () => {
  const good = JSON.parse(keptText({ fields: FIELDS, prompts: [], orders: new Map() }));
  assert.deepEqual(keptIn(damaged(good, ["fields", "strength"], "much")).fields, { ...FIELDS, strength: 100 });
});
