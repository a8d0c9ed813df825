/** A real bridge in a home of its own, with the built-in fill, and a tiny model where that is asked for. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VENV = process.platform === "win32" ? [".venv", "Scripts", "python.exe"] : [".venv", "bin", "python"];
const PYTHON = process.env.SFUMATO_PYTHON ?? join(ROOT, ...VENV);
const THERE = existsSync(PYTHON) || process.env.CI === "true";

/** Why no bridge can run here; false where one can. */
export const NO_BRIDGE = THERE ? false : "no Python with Sfumato: name one by SFUMATO_PYTHON";

const FIND = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ('torch', 'diffusers'))))";

/** Why no model can paint here; false where one can. */
export function noModel() {
  const there = process.env.CI === "true" || (THERE && spawnSync(PYTHON, ["-c", FIND]).status === 0);
  return there ? false : NO_BRIDGE || "no torch in that Python: pip install -e .[diffusion]";
}

const TINY = `
from pathlib import Path
from sys import argv
from bridge.engines.diffusion import tiny
tiny.folder(Path(argv[1]) / "art" / "tiny-lcm-1step", "sd15", "inpaint")
`;

/**
 * The bridge of all tests of a file, which has started when they begin. `skip` is why there is none, `model` gives it a
 * tiny model of one step.
 */
export function served({ skip = NO_BRIDGE, model = false } = {}) {
  const bridge = new RealBridge();
  before(() => (skip ? undefined : bridge.open(model)), { timeout: 200_000 });
  after(() => (skip ? undefined : bridge.end()));
  return bridge;
}

/** Between `kill` and `start` nobody listens on its port. */
class RealBridge {
  async open(model) {
    this.home = await mkdtemp(join(tmpdir(), "sfumato-"));
    const models = model ? `models = ['${join(this.home, "art")}']\n` : "";
    await writeFile(join(this.home, "sfumato.toml"), `version = 1\nport = 0\npainters = ["cpu"]\n${models}`);
    if (model) this.python("-c", TINY, this.home);
    await this.start();
  }

  get surroundings() {
    const own = { SFUMATO_HOME: this.home, HF_HUB_CACHE: join(this.home, "hub"), OMP_NUM_THREADS: "1" };
    return { ...process.env, ...own, PATH: "" }; // where no clipboard is found, none is written into
  }

  /** Run Python to its end, and return what it prints. */
  python(...words) {
    const options = { cwd: ROOT, env: this.surroundings, encoding: "utf8" };
    const { status, stdout, stderr } = spawnSync(PYTHON, words, options);
    if (status !== 0) throw new Error(`${words.join(" ").slice(0, 80)}: ${stderr}`);
    return stdout;
  }

  /** Serve; on the port of before, where it ran already. */
  async start() {
    const argv = ["-m", "bridge.cli", "serve", "--port", String(this.port ?? 0)];
    this.process = spawn(PYTHON, argv, { cwd: ROOT, env: this.surroundings, stdio: ["ignore", "pipe", "ignore"] });
    for await (const line of createInterface({ input: this.process.stdout })) {
      this.port = Number(/:(\d+)\./.exec(line)[1]);
      return;
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
    if (this.process) await this.kill("SIGTERM");
    await rm(this.home, { recursive: true, force: true });
  }

  /** The key of this machine's own programs. */
  async key() {
    return { id: "local", key: Uint8Array.from(await readFile(join(this.home, "keys", "local.key"))) };
  }

  /** What `sfumato pair` prints. */
  pairing(...words) {
    return this.python("-m", "bridge.cli", "pair", ...words).trim();
  }
}
