/** The curves of IEC 61966-2-1 against its own formula, over all that a float can be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toLight, toSeen } from "../src/photoshop/light.js";

const seenOf = (light) => (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
const lightOf = (seen) => (seen <= 0.04045 ? seen / 12.92 : ((seen + 0.055) / 1.055) ** 2.4);
/** From black over white to the sun, and the joints of the curves. */
const VALUES = [...Array.from({ length: 3000 }, (_, at) => 1.01 ** (at - 2000)), 0.0031308, 0.04045, 0.5];

test("both curves are those of the standard, to 7e-6 of each value and 1e-6 of white", () => {
  for (const [apply, curve] of [[toSeen, seenOf], [toLight, lightOf]]) {
    const samples = Float32Array.from(VALUES);
    const expected = Array.from(samples, curve);
    apply(samples, 3);
    for (const [at, value] of samples.entries()) {
      const wrong = Math.abs(value - expected[at]);
      assert.ok(wrong <= 7e-6 * expected[at] + 1e-6, `${VALUES[at]}: ${value}, expected ${expected[at]}`);
    }
  }
});

test("black and white stay, below black it is odd, alpha is no colour, what is no number stays none", () => {
  for (const apply of [toSeen, toLight]) {
    const [black, white, above, below] = apply(Float32Array.of(0, 1, 0.25, -0.25), 3);
    assert.deepEqual([black, Math.abs(white - 1) < 1e-6, below], [0, true, -above]);
    const two = apply(Float32Array.of(0, 0, 0, 0.25, 1, 1, 1, 0.5), 4);
    assert.deepEqual([two[3], two[7]], [0.25, 0.5]);
    const [most, none] = apply(Float32Array.of(Infinity, NaN, 0), 3);
    assert.deepEqual([most, none], [Infinity, NaN]);
  }
});

test("there and back is where it was", () => {
  const samples = Float32Array.from({ length: 999 }, (_, at) => at / 500);
  const back = toLight(toSeen(samples.slice(), 3), 3);
  assert.ok(back.every((value, at) => Math.abs(value - samples[at]) <= 2e-5 * samples[at] + 2e-6));
});
