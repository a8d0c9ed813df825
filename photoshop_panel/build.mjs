/**
 * The two bundles, made of src/ into ../bridge/web/: `page/`, which the bridge serves, and `photoshop/`, which becomes
 * the .ccx. Both are committed, so that nobody who installs Sfumato needs node.
 *
 *   node build.mjs          build
 *   node build.mjs --check  fail where what is committed is not what src/ makes
 */
import { build } from "esbuild";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SRC = join(HERE, "src");
const WEB = join(HERE, "..", "bridge", "web");

const COMMON = { bundle: true, minify: true, legalComments: "none", charset: "utf8", logLevel: "warning" };

/** What stands in each folder beside its bundle. */
const STATIC = {
  page: ["page/index.html", "page/page.css", "page/sample.jpg", "page/icon.svg", "panel/panel.css"],
  photoshop: ["photoshop/index.html", "photoshop/manifest.json", "photoshop/icons", "panel/panel.css"],
};
/** msgpack is in both bundles, and its terms (ISC) ask that this travels with them. */
const NOTICE = join(HERE, "node_modules", "@msgpack", "msgpack", "LICENSE");

async function make(out) {
  await build({
    ...COMMON,
    entryPoints: [join(SRC, "page", "entry_page.js")],
    outfile: join(out, "page", "page.js"),
    format: "iife",
    target: "es2022",
  });
  await build({
    ...COMMON,
    entryPoints: [join(SRC, "photoshop", "entry_photoshop.js")],
    outfile: join(out, "photoshop", "panel.js"),
    format: "cjs",
    target: "es2020",
    external: ["photoshop", "uxp"],
    inject: [join(SRC, "photoshop", "text_coding.js")], // msgpack makes a TextEncoder as it is loaded; UXP may have none
  });
  for (const [folder, files] of Object.entries(STATIC)) {
    for (const file of files) {
      await cp(join(SRC, file), join(out, folder, file.split("/")[1]), { recursive: true });
    }
    await cp(NOTICE, join(out, folder, "LICENSE.msgpack"));
  }
}

/** Every file below a folder, by its path from there. */
async function contents(folder) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name));
  return new Map(await Promise.all(files.map(async (file) => [relative(folder, file), await readFile(file)])));
}

if (process.argv.includes("--check")) {
  const out = await mkdtemp(join(tmpdir(), "sfumato-"));
  try {
    await make(out);
    for (const folder of Object.keys(STATIC)) {
      const [made, kept] = await Promise.all([out, WEB].map((one) => contents(join(one, folder))));
      const names = [...new Set([...made.keys(), ...kept.keys()])].sort();
      const stale = names.filter((name) => !kept.get(name)?.equals(made.get(name) ?? Buffer.alloc(0)));
      if (stale.length) {
        console.error(`bridge/web/${folder} is not what src/ makes: ${stale.join(", ")}. Run: npm run build`);
        process.exitCode = 1;
      }
    }
  } finally {
    await rm(out, { recursive: true });
  }
} else {
  for (const folder of Object.keys(STATIC)) await rm(join(WEB, folder), { recursive: true, force: true });
  await make(WEB);
}
