/** The plan line: one question at a time, asked where the answer may have changed, and not at each key of a prompt. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { usual } from "../src/guest/kept.js";
import { makePlanning } from "../src/guest/planning.js";

const DOCUMENT = { tag: "ab".repeat(16), width: 160, height: 120, channels: 3, depth: "u8" };
const SCENE = {
  name: "roof", document: DOCUMENT, selection: [60, 50, 40, 30], content: null, kind: "rgb", active: 1,
  layer: "Background", memory: null, trouble: "",
};
const FIELDS = { ...usual(), prompt: "a roof" };
const BARE = { ...SCENE, selection: null };

/** A plan line that has its first answer, and what it has asked. */
function planned() {
  const begun = [];
  const planning = makePlanning(() => ({ begin: (job, ask, read, more) => begun.push({ job, ask, read, ...more }) }));
  planning.ask("fill", SCENE, FIELDS);
  const plan = { text: "160 × 120 px", notes: ["A note."] };
  assert.ok(planning.answer({ t: "want", job: begun[0].job, plan }));
  return { planning, begun };
}

test("a plan alone is asked for and shown", () => {
  const { planning, begun } = planned();
  assert.deepEqual([begun.length, begun[0].dry, begun[0].read], [1, true, null]);
  assert.deepEqual(begun[0].ask.selection, SCENE.selection);
  assert.deepEqual([planning.text, planning.notes, planning.refused], ["160 × 120 px", ["A note."], ""]);
});

test("what changes no plan asks nothing", () => {
  const { planning, begun } = planned();
  const changes = [{}, { prompt: "another" }, { negative: "moss" }, { seed: 9, locked: true }, { sample: "below" }];
  for (const more of changes) {
    planning.ask("fill", { ...SCENE, document: { ...DOCUMENT } }, { ...FIELDS, ...more });
  }
  assert.equal(begun.length, 1);
});

test("what may change a plan asks anew, one question at a time", () => {
  const cases = [
    ["fill", SCENE, { prompt: " " }], ["fill", SCENE, { strength: 40 }], ["fill", SCENE, { count: 2 }],
    ["fill", SCENE, { steps: 9 }], ["fill", SCENE, { model: "roofs-1" }], ["fill", BARE, {}], ["remove", SCENE, {}],
    ["fill", { ...SCENE, document: { ...DOCUMENT, width: 200 } }, {}],
  ];
  for (const [mode, scene, more] of cases) {
    const { planning, begun } = planned();
    planning.ask(mode, scene, { ...FIELDS, ...more });
    planning.ask(mode, scene, { ...FIELDS, ...more, blend: 5 });
    assert.equal(begun.length, 2);
    planning.answer({ t: "want", job: begun[1].job, plan: { text: "new" } });
    assert.deepEqual([planning.text, planning.notes], ["new", []]);
    planning.ask(mode, scene, { ...FIELDS, ...more, blend: 5 });
    assert.equal(begun.length, 3);
  }
});

test("a refusal is the reason, and answers to others are not its own", () => {
  const { planning, begun } = planned();
  planning.ask("fill", BARE, FIELDS);
  assert.equal(planning.answer({ t: "want", job: "f".repeat(32), plan: { text: "of a fill" } }), false);
  assert.equal(planning.answer({ t: "error", code: "internal", text: "of nobody" }), false);
  assert.equal(planning.answer({ t: "progress", job: begun[1].job }), false);
  assert.equal(planning.text, "160 × 120 px");
  assert.ok(planning.answer({ t: "error", job: begun[1].job, code: "limit.spool", text: "The spool is full." }));
  assert.deepEqual([planning.text, planning.notes, planning.refused], ["", [], "The spool is full."]);
});

test("after a cut it is asked anew", () => {
  const { planning, begun } = planned();
  planning.ask("fill", BARE, FIELDS);
  planning.forget();
  planning.ask("fill", SCENE, FIELDS);
  assert.equal(begun.length, 3);
  assert.equal(planning.answer({ t: "want", job: begun[1].job, plan: { text: "late" } }), false);
});

test("fields that make no recipe are a reason until they do again", () => {
  const { planning, begun } = planned();
  planning.ask("fill", SCENE, { ...FIELDS, blend: 999 });
  assert.match(planning.refused, /blend/);
  assert.equal(begun.length, 1);
  planning.ask("fill", SCENE, FIELDS);
  planning.answer({ t: "want", job: begun[1].job, plan: { text: "new" } });
  assert.deepEqual([planning.refused, planning.text], ["", "new"]);
});
