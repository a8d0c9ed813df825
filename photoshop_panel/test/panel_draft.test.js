/* The fields between panel and guest: nothing that the artist does is taken back by a view that is late. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FIELDS, makeDraft } from "../src/panel/draft.js";

/** @param {object} [values] */
const fields = (values) => ({ ...FIELDS, ...values });

test("a change is told whole, and what is none is silent", () => {
  const told = [];
  const draft = makeDraft((now) => told.push(now));
  draft.change({ prompt: "a roof" });
  draft.change({ prompt: "a roof", count: 1, loras: [] });
  draft.change({ seed: 42, locked: true });
  assert.deepEqual(told, [fields({ prompt: "a roof" }), fields({ prompt: "a roof", seed: 42, locked: true })]);
});

test("the first view counts", () => {
  const draft = makeDraft(() => {});
  draft.hear(fields({ prompt: "of last week", count: 3, loras: [{ id: "ink", weight: 0.5 }] }));
  assert.deepEqual(draft.fields, fields({ prompt: "of last week", count: 3, loras: [{ id: "ink", weight: 0.5 }] }));
});

test("late views change nothing, and what the guest sets afterwards arrives", () => {
  const draft = makeDraft(() => {});
  draft.hear(fields({ prompt: "x" }));
  for (const prompt of ["a", "ab", "abc"]) draft.change({ prompt });
  for (const prompt of ["x", "x", "a", "ab", "ab"]) {
    draft.hear(fields({ prompt }));
    assert.equal(draft.fields.prompt, "abc");
  }
  draft.hear(fields({ prompt: "abc" }));
  draft.hear(fields({ prompt: "from a layer" }));
  assert.equal(draft.fields.prompt, "from a layer");
});

test("what the guest changed arrives while another field is late", () => {
  const draft = makeDraft(() => {});
  draft.hear(fields());
  draft.change({ prompt: "a" });
  draft.hear(fields({ seed: 7 }));
  assert.deepEqual(draft.fields, fields({ prompt: "a", seed: 7 }));
});

test("LoRAs are compared by what they are: every view brings a list of its own", () => {
  const edits = [];
  const draft = makeDraft((now) => edits.push(now));
  draft.hear(fields({ loras: [{ id: "ink", weight: 1 }] }));
  draft.change({ loras: [{ id: "ink", weight: 1 }] });
  assert.deepEqual(edits, []);
  draft.change({ loras: [{ id: "ink", weight: 0.5 }] });
  draft.hear(fields({ loras: [{ id: "ink", weight: 1 }] }));
  draft.hear(fields({ loras: [{ id: "ink", weight: 0.5 }] }));
  assert.deepEqual(draft.fields.loras, [{ id: "ink", weight: 0.5 }]);
  draft.hear(fields({ loras: [{ id: "film", weight: 0.5 }] }));
  assert.deepEqual(draft.fields.loras, [{ id: "film", weight: 0.5 }]);
});

test("fields that were asked for come even where they are old", () => {
  const draft = makeDraft(() => {});
  draft.hear(fields({ prompt: "a" }));
  draft.change({ prompt: "ab" });
  draft.giveWay();
  draft.hear(fields({ prompt: "a" }));
  assert.equal(draft.fields.prompt, "a");
});

/** Numbers below `most`, from a seed (mulberry32). @param {number} seed */
function dice(seed) {
  return (/** @type {number} */ most) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % most;
  };
}

test("however late the views are, the artist keeps what was set", () => {
  for (let seed = 0; seed < 400; seed++) {
    const roll = dice(seed);
    const told = [];
    const shown = [];
    /** @type {Record<string, unknown>} */
    const artist = {};
    const draft = makeDraft((now) => told.push(now));
    draft.hear(fields());
    for (let step = 0; step < 40; step++) {
      const what = ["prompt", "count", "seed", "loras", "show", "hear"][roll(6)];
      const value = 1 + roll(3);
      if (what === "hear") shown.push(...told.splice(0, value)); // the guest took it; a view of it is under way
      else if (what === "show") shown.splice(0, value).forEach(draft.hear);
      else {
        artist[what] = what === "prompt" ? String(value) : what === "loras" ? [{ id: "ink", weight: value }] : value;
        draft.change({ [what]: artist[what] });
      }
      assert.deepEqual({ ...draft.fields, ...artist }, draft.fields, `seed ${seed}, step ${step}`);
    }
    [...shown, ...told].forEach(draft.hear);
    draft.hear({ ...draft.fields, prompt: "the guest's own" });
    assert.deepEqual(draft.fields, fields({ ...artist, prompt: "the guest's own" }), `seed ${seed}`);
  }
});
