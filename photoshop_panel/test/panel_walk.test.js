/* Earlier prompts, one after the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWalk } from "../src/panel/walk.js";

test("a walk goes back to the oldest, and forth to what was being written", () => {
  const walk = makeWalk("being written", ["oldest", "newest"]);
  assert.deepEqual([1, 1, 1].map(walk), ["newest", "oldest", null]);
  assert.deepEqual([-1, -1, -1].map(walk), ["newest", "being written", null]);
  assert.equal(walk(1), "newest");
});

test("what stands there already is no step", () => {
  assert.deepEqual([1, 1].map(makeWalk("newest", ["oldest", "newest"])), ["oldest", null]);
});

test("an empty text comes back, too", () => {
  assert.deepEqual([1, -1].map(makeWalk("", ["a"])), ["a", ""]);
});

test("without a history there is no way", () => {
  assert.deepEqual([1, -1].map(makeWalk("a", [])), [null, null]);
});
