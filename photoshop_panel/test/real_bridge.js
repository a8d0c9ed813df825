/** A real bridge in a home of its own, with the built-in fill, and a tiny model where that is asked for. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VENV = process.platform === "win32" ? [".venv", "Scripts", "python.exe"] : [".venv", "bin", "python"];
const PYTHON = process.env.SFUMATO_PYTHON ?? join(ROOT, ...VENV);
const THERE = existsSync(PYTHON) || process.env.CI === "true";

/** Why no bridge can run here; false where one can. */
export const NO_BRIDGE = THERE ? false : "no Python with Sfumato: name one by SFUMATO_PYTHON";

const IMPORT = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ('torch', 'diffusers'))))";
const PAINTS = process.env.CI === "true" || (THERE && spawnSync(PYTHON, ["-c", IMPORT]).status === 0);

/** Why no model can paint here; false where one can. */
export const NO_MODEL = NO_BRIDGE || (PAINTS ? false : "no torch in that Python: pip install -e .[diffusion]");

const TINY = `
from pathlib import Path
from sys import argv
from bridge.engines.diffusion import tiny
tiny.folder(Path(argv[1]) / "art" / "tiny-lcm-1step", "sd15", "inpaint")
`;

/** Ended by `end`; between `kill` and `start` nobody listens on its port. */
export class RealBridge {
  /** A home, in which nothing runs yet. `model`: with a tiny model of one step. */
  static async housed({ model = false } = {}) {
    const bridge = new RealBridge();
    bridge.home = await mkdtemp(join(tmpdir(), "sfumato-"));
    const lines = ["version = 1", "port = 0", 'painters = ["cpu"]', ...(model ? [`models = ['${join(bridge.home, "art")}']`] : [])];
    await writeFile(join(bridge.home, "sfumato.toml"), `${lines.join("\n")}\n`);
    if (model) bridge.python("-c", TINY, bridge.home);
    return bridge;
  }

  get surroundings() {
    // Nothing is found on that path: no clipboard of whoever runs the tests is written into.
    return { ...process.env, SFUMATO_HOME: this.home, HF_HUB_CACHE: join(this.home, "hub"), OMP_NUM_THREADS: "1", PATH: "" };
  }

  /** Run Python to its end, and return what it prints. */
  python(...words) {
    const { status, stdout, stderr } = spawnSync(PYTHON, words, { cwd: ROOT, env: this.surroundings, encoding: "utf8" });
    if (status !== 0) throw new Error(`${words.join(" ").slice(0, 80)}: ${stderr}`);
    return stdout;
  }

  /** Serve; on the port of before, where it ran already. */
  async start() {
    const argv = ["-m", "bridge.cli", "serve", "--port", String(this.port ?? 0)];
    this.process = spawn(PYTHON, argv, { cwd: ROOT, env: this.surroundings, stdio: ["ignore", "pipe", "ignore"] });
    for await (const line of createInterface({ input: this.process.stdout })) {
      this.port = Number(/:(\d+)\./.exec(line)[1]);
      return this;
    }
    throw new Error("the bridge did not start");
  }

  /** Nothing is said any more, nothing is written any more. */
  async kill(signal = "SIGKILL") {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill(signal);
    await ended;
  }

  async end() {
    await this.kill("SIGTERM");
    await rm(this.home, { recursive: true, force: true });
  }

  /** The key of this machine's own programs, as the panel keeps one. */
  async key() {
    const key = await readFile(join(this.home, "keys", "local.key"));
    return Buffer.from(`local ${key.toString("hex")}`);
  }

  /** What `sfumato pair` prints. */
  pairing() {
    return this.python("-m", "bridge.cli", "pair").trim();
  }
}
