/** All of the panel but its window: Photoshop's double, the real host, guest and link, and a real bridge. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { makeGuest } from "../src/guest/guest.js";
import { makeLink } from "../src/wire/link.js";
import { box, seat, tidy, turn } from "./double/seat.js";
import { composite, cut } from "./double/tree.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VENV = process.platform === "win32" ? [".venv", "Scripts", "python.exe"] : [".venv", "bin", "python"];
const PYTHON = process.env.SFUMATO_PYTHON ?? join(ROOT, ...VENV);
const HERE = existsSync(PYTHON) || process.env.CI === "true";
const skip = HERE ? false : "no Python with Sfumato: name one by SFUMATO_PYTHON";

const [WIDTH, HEIGHT] = [160, 120];
const SELECTED = [60, 40, 40, 32];
const bridge = {};

before(async () => {
  if (skip) return;
  bridge.home = await mkdtemp(join(tmpdir(), "sfumato-"));
  await writeFile(join(bridge.home, "sfumato.toml"), 'version = 1\nport = 0\npainters = ["cpu"]\n');
  const env = { ...process.env, SFUMATO_HOME: bridge.home, OMP_NUM_THREADS: "1" };
  const argv = ["-m", "bridge.cli", "serve", "--port", "0"];
  bridge.process = spawn(PYTHON, argv, { cwd: ROOT, env, stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface({ input: bridge.process.stdout })[Symbol.asyncIterator]();
  bridge.port = Number(/:(\d+)\./.exec((await lines.next()).value)[1]);
  bridge.key = await readFile(join(bridge.home, "keys", "local.key"));
});

after(async () => {
  if (skip) return;
  const ended = new Promise((resolve) => bridge.process.once("exit", resolve));
  bridge.process.kill("SIGTERM");
  await ended;
  await rm(bridge.home, { recursive: true, force: true });
});

/** Wait until something is so. */
async function until(fact, what) {
  const end = Date.now() + 60_000;
  while (!fact() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(fact(), what());
}

for (const bits of [8, 16, 32]) {
  test(`an object is removed from a document of ${bits} bit by a real bridge`, { skip, timeout: 90_000 }, async () => {
    const here = seat({ secure: new Map([["sfumato.key", Buffer.from(`local ${bridge.key.toString("hex")}`)]]) });
    const [x, y, width, height] = SELECTED;
    const inside = (n) => n % WIDTH >= x + 8 && n % WIDTH < x + 32 && n >= (y + 8) * WIDTH && n < (y + 24) * WIDTH;
    const white = { 8: 255, 16: 32768, 32: 1 }[bits];
    const share = (n, c) => (inside(n) ? [0.9, 0.1, 0.1] : [0.2, 0.4, 0.6])[c];
    const value = (n, c) => (bits === 32 ? share(n, c) : Math.round(share(n, c) * white));
    const ground = here.artist.pixel("Hintergrund", bits, box(0, 0, WIDTH, HEIGHT), value, { background: true });
    const doc = here.artist.open({ width: WIDTH, height: HEIGHT, bits, layers: [ground] });
    const rim = (at, size) => Math.min(at, size - 1 - at);
    const edge = (n) => Math.min(rim(n % width, width), rim(Math.floor(n / width), height));
    const soft = Uint8Array.from({ length: width * height }, (_, n) => Math.min(255, edge(n) * 64));
    here.artist.select(doc, box(...SELECTED), soft);
    const before = composite(doc);
    let view = null;
    let link = null;
    const dial = (hear, state) =>
      (link = makeLink({
        about: { name: "sfumato-photoshop", version: "0.1.0", host: "Photoshop 26.1.0" },
        hosts: ["localhost", "127.0.0.1"],
        port: bridge.port,
        keys: here.host.keys,
        socket: (url, protocol) => new WebSocket(url, protocol, { perMessageDeflate: false }),
        hear,
        state,
      }));
    const guest = makeGuest({ host: here.host, dial, show: (next) => (view = next) });
    try {
      await until(() => view?.plan, () => `no plan: ${view?.error} ${view?.status} ${view?.pairing}`);
      guest.remove();
      await until(() => doc.layers.length === 2 && guest.idle, () => `no layer: ${view.error} ${view.status}`);
      const [layer] = doc.layers;
      const { left, top, right, bottom } = layer.mask.box; // the rim where nothing is selected is not sent
      const part = { left: left - x, top: top - y, right: right - x, bottom: bottom - y };
      assert.deepEqual(part, { left: 1, top: 1, right: width - 1, bottom: height - 1 });
      assert.deepEqual([...layer.mask.data], [...cut(soft, box(0, 0, width, height), part, 1)]);
      assert.deepEqual([view.error, doc.history.length, doc.active], ["", 3, [ground.id]]);
      const seen = composite(doc);
      for (let n = 0; n < WIDTH * HEIGHT; n++) {
        const [column, row] = [(n % WIDTH) - x, Math.floor(n / WIDTH) - y];
        const masked = column >= 0 && row >= 0 && column < width && row < height && soft[row * width + column];
        const slack = masked ? 0.03 * white : 0;
        for (let c = 0; c < 3; c++) {
          const expected = masked ? [0.2, 0.4, 0.6][c] * white : before[n * 4 + c];
          const found = seen[n * 4 + c];
          assert.ok(Math.abs(found - expected) <= slack, `${n} ${c}: ${found}, expected ${expected}`);
        }
      }
      tidy(here);
    } finally {
      guest.close();
      link.close();
      await turn();
    }
  });
}
