/** What a layer remembers: it comes back whole, and from a hostile text nothing comes that could do harm. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { crc32 } from "../src/wire/crc32.js";
import { checksum } from "../src/guest/checksum.js";
import { memoryOf, textOf } from "../src/guest/recall.js";
import { recipeFrom } from "../src/guest/recipe.js";
import { SIDE, thumbnail } from "../src/guest/thumbnail.js";
import { WORST, damaged, places } from "./damage.js";

const MEMORY = {
  result: "ab".repeat(16),
  job: "cd".repeat(16),
  region: "ef".repeat(16),
  recipe: recipeFrom({
    mode: "fill", prompt: "red roof – “ölig” 🌸", negative: "moss", model: "roofs-1", strength: 0.4, seed: 42, steps: 20,
    guidance: 5.5, loras: [{ id: "ink", weight: 0.5 }], context: "canvas", blend: 9,
  }),
  document: { tag: "12".repeat(16), width: 6000, height: 4000, channels: 4, depth: "u16" },
  selection: [60, 50, 40, 30],
  content: [0, 0, 5000, 4000],
  sample: "below",
  box: [55, 45, 50, 40],
  seen: [0, 0, 512, 512],
  pixels: 4_000_000_000,
};
const GOOD = JSON.parse(textOf(MEMORY));

test("a memory comes back whole, and its text is ASCII", () => {
  assert.deepEqual(memoryOf(textOf(MEMORY)), MEMORY);
  assert.match(textOf(MEMORY), /^[\x20-\x7e]+$/);
  const nothing = { selection: null, content: null, seen: null, pixels: 0 };
  const bare = { ...MEMORY, ...nothing, recipe: recipeFrom({ mode: "remove" }) };
  assert.deepEqual(memoryOf(textOf(bare)), bare);
});

test("one that lacks something, or is a newer version's, is none", () => {
  for (const name of Object.keys(GOOD)) {
    const { [name]: gone, ...rest } = GOOD;
    const found = memoryOf(JSON.stringify(rest));
    if (name === "seen" || name === "pixels") assert.deepEqual(found[name], name === "seen" ? null : 0);
    else assert.equal(found, null, name);
  }
  assert.equal(memoryOf(JSON.stringify({ ...GOOD, version: 2 })), null);
  assert.equal(memoryOf(JSON.stringify({ ...GOOD, other: 1 })), null);
});

test("a text that was never ours is none", () => {
  const texts = [null, "", "null", "[]", "{}", "1".repeat(5000), "[".repeat(1e5), '{"version":'.repeat(1e5), "\0"];
  for (const text of texts) assert.equal(memoryOf(text), null);
  assert.equal(memoryOf(textOf(MEMORY).slice(0, -1)), null);
});

test("with the worst values in any place it is none, or one that every gesture can use", () => {
  for (const path of places(GOOD)) {
    for (const value of WORST) {
      const found = memoryOf(damaged(GOOD, path, value));
      if (!found) continue;
      assert.deepEqual(memoryOf(textOf(found)), found);
      assert.doesNotThrow(() => recipeFrom(found.recipe));
      for (const box of [found.box, found.selection, found.content, found.seen]) {
        if (box) assert.ok(box.length === 4 && box.every((number) => Number.isInteger(number) && number >= 0));
      }
      assert.ok(found.box && [found.result, found.job, found.region].every((name) => typeof name === "string"));
    }
  }
  assert.equal(memoryOf(JSON.stringify({ ...GOOD, seen: [5900, 0, 512, 512] })), null, "beyond the canvas");
});

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.SFUMATO_PYTHON ?? `${ROOT}/.venv/bin/python`;
const HERE = existsSync(PYTHON) || process.env.CI === "true";

const skip = HERE ? false : "no Python with Sfumato: name one by SFUMATO_PYTHON";

test("GIMP's guest reads it, and what it writes is read here", { skip }, () => {
  const script =
    "import sys; from gimp_plugin.recall import Memory; " +
    "found = Memory.from_bytes(sys.stdin.buffer.read()); sys.stdout.buffer.write(found.to_bytes())";
  const text = execFileSync(PYTHON, ["-c", script], { cwd: ROOT, input: textOf(MEMORY) });
  assert.deepEqual(memoryOf(String(text)), MEMORY);
});

test("the checksum in slices is that of the whole", async () => {
  for (const size of [0, 1, 5, (1 << 17) - 1, 1 << 17, (1 << 17) + 3, (1 << 17) + 4, (3 << 17) + 77]) {
    const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 255);
    assert.equal(await checksum(bytes), crc32(bytes), `${size} bytes`);
  }
});

test("thumbnails are every so many pixels, in eight bits, at each depth", () => {
  const kinds = { u8: [Uint8Array, 255], u16: [Uint16Array, 65535], f32: [Float32Array, 1] };
  for (const [depth, [kind, top]] of Object.entries(kinds)) {
    for (const channels of [3, 4]) {
      for (const [width, height] of [[1, 1], [128, 128], [129, 40], [300, 7], [5, 1000], [257, 255]]) {
        const values = kind.from({ length: width * height * channels }, (_, at) => ((at * 7919) % 1000) / 1000 * top);
        const whole = new Uint8Array(values.byteLength + 1); // and they may lie anywhere
        whole.set(new Uint8Array(values.buffer), 1);
        const shot = thumbnail(whole.subarray(1), { width, height, channels, depth });
        const step = Math.max(1, Math.ceil(Math.max(width, height) / SIDE));
        assert.deepEqual([shot.width, shot.height], [Math.ceil(width / step), Math.ceil(height / step)]);
        assert.equal(shot.pixels.length, shot.width * shot.height * channels);
        for (let at = 0; at < shot.pixels.length; at += 97) {
          const [channel, pixel] = [at % channels, Math.floor(at / channels)];
          const [x, y] = [(pixel % shot.width) * step, Math.floor(pixel / shot.width) * step];
          const wanted = (values[(y * width + x) * channels + channel] / top) * 255;
          assert.ok(Math.abs(shot.pixels[at] - wanted) <= (depth === "u8" ? 0 : 1), `${depth} ${width} × ${height}`);
        }
      }
    }
  }
  const odd = Float32Array.of(0, -0, -3, 1e-9, 1, 1.5, 3e38, Infinity, -Infinity, NaN, 0.5, 0.25);
  const shot = thumbnail(new Uint8Array(odd.buffer), { width: 4, height: 1, channels: 3, depth: "f32" });
  assert.deepEqual([...shot.pixels], [0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 128, 64]);
});
