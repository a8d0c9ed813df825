/** Each mistake is made in a copy of the host, and must be caught by the probe that it names. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { MISTAKES } from "./double/mistakes.js";
import { WRITING_MISTAKES } from "./double/mistakes_writing.js";
import { KEEPING } from "./double/probes_keeping.js";
import { READING } from "./double/probes_reading.js";
import { WRITING } from "./double/probes_writing.js";

const ROOM = fileURLToPath(new URL("../src/photoshop/", import.meta.url));
const PROBES = { ...READING, ...WRITING, ...KEEPING };

/** The host with one mistake in it. */
async function mistaken({ file, from, to }) {
  const source = await readFile(ROOM + file, "utf8");
  assert.equal(source.split(from).length, 2, `${file} has not exactly one: ${from}`);
  const contents = source.replace(from, () => to);
  const plugin = {
    name: "mistake",
    setup: (made) => made.onLoad({ filter: new RegExp(`/photoshop/${file}$`) }, () => ({ contents, loader: "js" })),
  };
  const { outputFiles } = await build({
    entryPoints: [`${ROOM}host_photoshop.js`],
    bundle: true,
    write: false,
    format: "esm",
    external: ["photoshop", "uxp"],
    plugins: [plugin],
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  return (await import(`data:text/javascript;base64,${code}`)).makeHost;
}

for (const [name, mistake] of Object.entries({ ...MISTAKES, ...WRITING_MISTAKES })) {
  test(`caught: ${name}`, { timeout: 20000 }, async () => {
    const probe = PROBES[mistake.probe];
    assert.ok(probe, `there is no probe ${mistake.probe}`);
    const error = await probe(await mistaken(mistake)).then(
      () => null,
      (failed) => failed,
    );
    assert.ok(error, `not caught by: ${mistake.probe}`);
    assert.ok(!(error instanceof SyntaxError) && !(error instanceof ReferenceError), String(error));
  });
}

test("a copy without a mistake passes", async () => {
  const make = await mistaken({ file: "turns.js", from: "await pause(20);", to: "await pause(20); " });
  for (const probe of Object.values(PROBES)) await probe(make);
});
