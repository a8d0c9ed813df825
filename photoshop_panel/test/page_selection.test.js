import assert from "node:assert/strict";
import { test } from "node:test";
import { Stroke } from "../src/page/brush.js";
import { Selection, TILE, masked, moved, rectangle } from "../src/page/selection.js";

const WIDTH = 2 * TILE + 40;
const HEIGHT = TILE + 30;
const none = () => new Selection(WIDTH, HEIGHT);
const all = (selection) => selection.read([0, 0, WIDTH, HEIGHT]);

/** What a rectangle should be, the slow way. */
function slowly(before, [x, y, width, height], value) {
  return before.map((was, k) => {
    const [column, row] = [k % WIDTH, Math.floor(k / WIDTH)];
    return column >= x && column < x + width && row >= y && row < y + height ? value : was;
  });
}

test("a selection of nothing has no bounds and no coverage", () => {
  assert.equal(none().bounds, null);
  assert.ok(all(none()).every((one) => one === 0));
});

test("rectangles replace, add and take away across tiles", () => {
  const boxes = [[10, 20, 30, 40], [250, 250, 20, 20], [0, 0, WIDTH, HEIGHT], [TILE, 0, TILE, TILE], [500, 3, 52, 283]];
  let selection = none();
  let expected = all(selection);
  for (const [k, box] of [...boxes, ...boxes].entries()) {
    const how = ["add", "add", "erase", "add", "replace"][k % 5];
    selection = rectangle(selection, box, how);
    expected = slowly(how === "replace" ? all(none()) : expected, box, how === "erase" ? 0 : 255);
    assert.deepEqual(all(selection), expected, `${how} ${box}`);
  }
});

test("bounds are those of what is covered, not of the tiles", () => {
  const cases = [[[10, 20, 30, 40]], [[250, 250, 20, 20]], [[3, 3, 1, 1], [WIDTH - 1, HEIGHT - 1, 1, 1]]];
  for (const boxes of cases) {
    const selection = boxes.reduce((from, box) => rectangle(from, box, "add"), none());
    const right = Math.max(...boxes.map((box) => box[0] + box[2]));
    const bottom = Math.max(...boxes.map((box) => box[1] + box[3]));
    const [x, y] = boxes[0];
    assert.deepEqual(selection.bounds, [x, y, right - x, bottom - y]);
  }
  const erased = rectangle(rectangle(none(), [10, 10, 400, 100], "add"), [10, 10, 399, 100], "erase");
  assert.deepEqual(erased.bounds, [409, 10, 1, 100]);
  assert.equal(rectangle(erased, [0, 0, WIDTH, HEIGHT], "erase").bounds, null);
});

test("a rectangle over the edge is clipped, one beyond it selects nothing", () => {
  assert.deepEqual(rectangle(none(), [-20, -20, 30, 40], "add").bounds, [0, 0, 10, 20]);
  assert.deepEqual(rectangle(none(), [WIDTH - 5, HEIGHT - 5, 90, 90], "add").bounds, [WIDTH - 5, HEIGHT - 5, 5, 5]);
  assert.equal(rectangle(none(), [WIDTH, 0, 10, 10], "add").bounds, null);
});

test("what is read beyond the canvas is 0", () => {
  const read = rectangle(none(), [0, 0, WIDTH, HEIGHT], "add").read([-2, -1, 4, 3]);
  assert.deepEqual([...read], [0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255]);
});

test("a selection never changes, and shares the tiles that a change did not touch", () => {
  const before = rectangle(rectangle(none(), [0, 0, 20, 20], "add"), [300, 0, 10, 10], "add");
  const was = all(before);
  const stroke = new Stroke(before, { size: 9, softness: 0, erase: false });
  stroke.to(310, 10);
  const after = stroke.draft.done();
  assert.deepEqual(all(before), was);
  assert.notDeepEqual(all(after), was);
  assert.equal(after.tiles[0], before.tiles[0]);
  assert.notEqual(after.tiles[1], before.tiles[1]);
});

test("a mask is selected value for value, wherever it lies", () => {
  const mask = Uint8Array.from({ length: 300 * 40 }, (_, k) => (k * 7) % 256);
  const selection = masked(WIDTH, HEIGHT, [200, 230, 300, 40], mask);
  assert.deepEqual(selection.read([200, 230, 300, 40]), mask);
  assert.equal(all(selection).reduce((sum, one) => sum + one, 0), mask.reduce((sum, one) => sum + one, 0));
  const over = masked(WIDTH, HEIGHT, [-100, -10, 300, 40], mask);
  const row = (values) => values.subarray(10 * 300 + 100, 11 * 300);
  assert.deepEqual(row(over.read([-100, -10, 300, 40])), row(mask));
  assert.deepEqual(masked(WIDTH, HEIGHT, [5, 6, 7, 8], null).bounds, [5, 6, 7, 8]);
});

test("a moved selection keeps its values on the larger canvas", () => {
  const mask = Uint8Array.from({ length: 50 * 30 }, (_, k) => 1 + (k % 255));
  const after = moved(masked(WIDTH, HEIGHT, [240, 10, 50, 30], mask), WIDTH + 200, HEIGHT + 100, 120, 60);
  assert.equal(after.width, WIDTH + 200);
  assert.deepEqual(after.bounds, [360, 70, 50, 30]);
  assert.deepEqual(after.read([360, 70, 50, 30]), mask);
});

test("a dot of the brush is round, as wide as it says, and falls off as softly as it says", () => {
  for (const softness of [0, 0.5, 1]) {
    const stroke = new Stroke(none(), { size: 100, softness, erase: false });
    stroke.to(256, 128);
    const row = stroke.draft.done().read([0, 128, WIDTH, 1]);
    const column = stroke.draft.done().read([256, 0, 1, HEIGHT]);
    for (let k = 0; k < 60; k++) {
      assert.equal(row[256 + k], row[255 - k], "symmetric");
      assert.equal(row[256 + k], column[128 + k], "round");
      const distance = k + 0.5;
      if (distance < 49 * (1 - softness)) assert.equal(row[256 + k], 255, `wholly covered ${distance} from the middle`);
      if (distance > 51) assert.equal(row[256 + k], 0, `free ${distance} from the middle`);
      if (k) assert.ok(row[256 + k] <= row[255 + k], "falls");
    }
    const soft = row.filter((one) => one > 0 && one < 255).length;
    assert.ok(soft >= softness * 90 && soft <= softness * 102 + 6, `${soft} soft pixels at ${softness}`);
    assert.ok(row[256 + 24] > 120, "half of the radius is covered at least by half");
  }
});

test("a line has no beads: it is the same all along, in steps and in one go", () => {
  const brush = { size: 21, softness: 0.6, erase: false };
  const once = new Stroke(none(), brush);
  once.to(60.5, 100.5);
  once.to(460.5, 100.5);
  const line = once.draft.done();
  for (const row of [91, 95, 100, 104]) {
    const values = line.read([60, row, 401, 1]);
    assert.ok(values.every((one) => one === values[0]), `row ${row}`);
  }
  const steps = new Stroke(none(), brush);
  for (let x = 60.5; x <= 460.5; x += 40) steps.to(x, 100.5);
  assert.deepEqual(all(steps.draft.done()), all(line));
});

test("a slanted line ends as round as it begins", () => {
  const stroke = new Stroke(none(), { size: 40, softness: 0, erase: false });
  stroke.to(100, 60);
  stroke.to(220, 180);
  const ends = stroke.draft.done();
  for (const [x, y, way] of [[100, 60, -1], [220, 180, 1]]) {
    const beyond = (distance) => ends.read([Math.round(x + way * distance), Math.round(y + way * distance), 1, 1])[0];
    assert.equal(beyond(12), 255);
    assert.equal(beyond(17), 0);
  }
});

test("painting twice covers no more than once; erasing takes away what the brush covers", () => {
  const draw = (from, erase) => {
    const stroke = new Stroke(from, { size: 40, softness: 0.8, erase });
    stroke.to(250, 100);
    stroke.to(290, 130);
    return stroke.draft.done();
  };
  const once = draw(none(), false);
  assert.deepEqual(all(draw(once, false)), all(once));
  const full = rectangle(none(), [0, 0, WIDTH, HEIGHT], "replace");
  assert.deepEqual(all(draw(full, true)), all(once).map((one) => 255 - one));
  assert.equal(draw(none(), true).bounds, null);
});

test("the box that a stroke tells holds all that it changed", () => {
  const stroke = new Stroke(none(), { size: 33, softness: 0.4, erase: false });
  let before = all(none());
  for (const [x, y] of [[5, 5], [200.7, 90.2], [530, 280], [700, 500]]) {
    const box = stroke.to(x, y);
    const after = stroke.draft.read([0, 0, WIDTH, HEIGHT]);
    for (let k = 0; k < after.length; k++) {
      if (after[k] === before[k]) continue;
      const [column, row] = [k % WIDTH, Math.floor(k / WIDTH)];
      assert.ok(column >= box[0] && column < box[0] + box[2] && row >= box[1] && row < box[1] + box[3]);
    }
    before = after;
  }
  assert.equal(stroke.to(5000, 5000), null);
});
