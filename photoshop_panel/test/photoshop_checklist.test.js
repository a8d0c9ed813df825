/** The checklist for whoever has a live Photoshop: docs/photoshop.md holds what the double takes for granted. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { liveChecklist } from "./double/rules.js";

const PAGE = readFileSync(new URL("../../docs/photoshop.md", import.meta.url), "utf8");

test("the page's rows are the assumed rules, word for word, and no others", () => {
  const [, table] = /\| rule \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(PAGE) ?? [];
  const rows = liveChecklist().map(({ name, says, fallback }) => `| \`${name}\` | ${says} | ${fallback} |\n`);
  assert.equal(table, rows.join(""));
  assert.ok(rows.length > 9);
});
