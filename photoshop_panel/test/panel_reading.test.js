/* Numbers as artists type them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { read, stepped, written } from "../src/panel/reading.js";

const STEPS = { least: 1, most: 150, whole: true };
const GUIDANCE = { least: 0, most: 30 };
const WEIGHT = { least: -2, most: 2, digits: 2 };
const SEED = { least: 0, most: 2 ** 32 - 1, whole: true };

test("what is typed is read, or is no number of that range", () => {
  /** @type {[string, import("../src/panel/reading.js").Range, number | null | undefined][]} */
  const cases = [
    ["", STEPS, null],
    ["  ", STEPS, null],
    ["12", STEPS, 12],
    [" 12 ", STEPS, 12],
    ["0", STEPS, undefined],
    ["150", STEPS, 150],
    ["151", STEPS, undefined],
    ["12.5", STEPS, undefined],
    ["1e2", STEPS, undefined],
    ["0x10", STEPS, undefined],
    ["many", STEPS, undefined],
    ["7.", GUIDANCE, 7],
    ["7,5", GUIDANCE, 7.5],
    [".5", GUIDANCE, 0.5],
    [".", GUIDANCE, undefined],
    ["-1", GUIDANCE, undefined],
    ["NaN", GUIDANCE, undefined],
    ["Infinity", GUIDANCE, undefined],
    ["-0.25", WEIGHT, -0.25],
    ["+1", WEIGHT, 1],
    ["-", WEIGHT, undefined],
    ["4294967295", SEED, 4294967295],
    ["4294967296", SEED, undefined],
  ];
  for (const [text, range, value] of cases) assert.equal(read(text, range), value, `${text} of ${range.most}`);
});

test("a number is written so that it is read again", () => {
  assert.equal(written(null, SEED), "");
  assert.equal(written(4294967295, SEED), "4294967295");
  assert.equal(written(7, GUIDANCE), "7");
  assert.equal(written(0.1 + 0.2, GUIDANCE), "0.3");
  assert.equal(written(1, WEIGHT), "1.00");
});

test("a step stays on the grid and within the range", () => {
  assert.equal(stepped(0.8, 1, 0.05, WEIGHT), 0.85);
  assert.equal(stepped(0.85, 1, 0.05, WEIGHT), 0.9);
  assert.equal(stepped(0.83, -1, 0.05, WEIGHT), 0.8);
  assert.equal(stepped(1.98, 1, 0.05, WEIGHT), 2);
  assert.equal(stepped(1, 10, 1, STEPS), 11);
  assert.equal(stepped(3, -10, 1, STEPS), 1);
});
