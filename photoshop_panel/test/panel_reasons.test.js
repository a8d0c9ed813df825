/* Why something is greyed, each sentence once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeReasons } from "../src/panel/reasons.js";

test("a sentence is said once, where it comes first", () => {
  const reasons = makeReasons();
  assert.equal(reasons(["It cannot read. Choose a model (here)."]), "It cannot read. Choose a model (here).");
  assert.equal(reasons([undefined, "", "It cannot refine. Choose a model (here)."]), "It cannot refine.");
  assert.equal(reasons(["It cannot read."]), "");
});

test("a number or a name with a stop in it is no end of a sentence", () => {
  assert.equal(makeReasons()(["It needs 16.5 GB of v1.5.", "It needs 16.5 GB of v1.5."]), "It needs 16.5 GB of v1.5.");
});
