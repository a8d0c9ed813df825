/**
 * A bridge in memory that says what a bridge would, and the links to it: what `Link` of src/seams.d.ts promises,
 * without socket or painter. A layer is one shade, by its seed; a region is known by its pixels.
 */
import { createHash } from "node:crypto";

const BYTES = { u8: 1, u16: 2, f32: 4 };
const MODES = { fill: "Fill", remove: "Remove", expand: "Expand", detail: "Detail" };

/** What every bridge can do, and what one with models can. */
export const BUILT_IN = {
  t: "capabilities", revision: 1, part: 1, parts: 1, models: [], loras: [], device: { name: "cpu" },
  engines: [{ name: "classical", modes: ["fill", "remove", "expand"], reads_prompt: false }],
};
export const WITH_MODELS = {
  ...BUILT_IN,
  engines: [...BUILT_IN.engines, { name: "diffusion", modes: ["fill", "expand", "detail"], reads_prompt: true }],
  models: [{ id: "roofs-1", name: "roofs", family: "sd15", fits: true }],
};

/** The bridge. `gate`: how many variations of a job are painted; what it does waits in `todo` unless it is `quick`. */
export class FakeBridge {
  constructor({ capabilities = WITH_MODELS, quick = true } = {}) {
    Object.assign(this, { capabilities, quick, gate: Infinity, up: true, todo: [], links: [], seeds: 100, n: 0 });
    this.regions = new Map();
    this.jobs = new Map();
    this.told = { begun: [], cancelled: [], settled: [], adopted: [], called: 0, uploaded: 0 };
    /** What a guest must never do. */
    this.faults = [];
    this.models = new Set(["roofs-1", "classical"]);
  }

  /** What was asked for in earnest, and what for its plan alone. */
  get fills() {
    return this.told.begun.filter((one) => !one.dry);
  }

  get plans() {
    return this.told.begun.filter((one) => one.dry);
  }

  /** Opens a link, as `makeGuest` wants it. */
  dial(host) {
    return (hear, state) => {
      const link = new FakeLink(this, host, hear, state);
      this.links.push(link);
      return link;
    };
  }

  /** Something that happens a little later. */
  later(work) {
    this.todo.push(work);
    if (this.quick) setImmediate(() => this.step());
  }

  /** The oldest thing that waits, or another one, happens. */
  step(place = 0) {
    const [work] = this.todo.splice(place, 1);
    if (work) work();
  }

  /** The bridge is killed: what it accepted it will go on with, the rest never happened. */
  kill(text = "No bridge is running. Start one in a terminal: sfumato serve") {
    this.up = false;
    this.todo = [];
    for (const [name, job] of this.jobs) if (!job.accepted) this.jobs.delete(name);
    for (const job of this.jobs.values()) job.link = null;
    for (const link of this.links) {
      link.lost = [];
      link.give("closed", text);
    }
  }

  /** The bridge is there again. */
  start() {
    this.up = true;
    for (const link of this.links) if (!link.closed) link.give("open", "");
  }

  /** Paint whatever the gate lets through. */
  paint() {
    for (const job of this.jobs.values()) if (job.accepted) this.later(() => this.next(job));
  }

  // ---- how --------------------------------------------------------------------------------------------------------

  fill(link, said, read) {
    const { job, ask, region, dry } = said;
    const refuse = (code, text) => link.tell({ t: "error", re: "fill", job, code, text, retry: "never" });
    if (ask.recipe.model && !this.models.has(ask.recipe.model)) {
      return refuse("model.unknown", `There is no model “${ask.recipe.model}” here; there is roofs.`);
    }
    const { document, selection } = ask;
    const plan = { text: `${document.width} × ${document.height} px`, notes: [] };
    if (dry) return link.tell({ t: "want", job, plan });
    const one = { job, ask, link, plan, host: link.host, accepted: false, over: false, stopped: false, layers: [] };
    this.jobs.set(job, one);
    if (region && this.regions.has(region)) return this.accept(one, region);
    const mask = selection || (ask.content ? [0, 0, document.width, document.height] : null);
    const image = { box: [0, 0, document.width, document.height], channels: document.channels, depth: document.depth };
    const want = { t: "want", job, plan, image, mask: selection ? { box: mask } : null };
    link.tell(want);
    read(want).then(
      (pixels) => {
        if (one.stopped || link.closed || !this.up || this.jobs.get(job) !== one) return;
        const bytes = image.box[2] * image.box[3] * image.channels * BYTES[image.depth];
        if (pixels.image.length !== bytes) this.faults.push(`${pixels.image.length} bytes, expected ${bytes}`);
        const area = want.mask ? mask[2] * mask[3] : 0;
        if ((pixels.mask ? pixels.mask.length : 0) !== area) this.faults.push(`a mask of ${pixels.mask?.length}`);
        if (pixels.mask && pixels.mask.every((value) => !value)) {
          this.jobs.delete(job);
          return refuse("picture.mask_empty", `All ${area} values of the mask are 0: select something.`);
        }
        const name = createHash("sha256").update(pixels.image).update(pixels.mask || "").digest("hex").slice(0, 32);
        this.regions.set(name, pixels.mask && Uint8Array.from(pixels.mask));
        this.told.uploaded += bytes + area;
        this.accept(one, name);
      },
      (why) => {
        if (one.stopped || this.jobs.get(job) !== one) return;
        this.jobs.delete(job);
        this.told.cancelled.push(job);
        link.tell({ t: "error", re: "fill", job, code: why.code, text: why.message, retry: "never" });
      },
    );
  }

  accept(one, region) {
    Object.assign(one, { accepted: true, region, seed: one.ask.recipe.seed ?? (this.seeds += 17) });
    one.link.tell({ t: "accepted", job: one.job, region, plan: one.plan, ahead: 0, seconds: 1, memory: 1 });
    this.later(() => this.next(one));
  }

  /** One more variation of a job, or its end. */
  next(one) {
    if (one.over || !this.up || one.layers.length >= this.gate) return;
    const count = one.ask.recipe.count;
    if (!one.stopped && one.layers.length < count) {
      const step = one.layers.length;
      one.link?.tell({ t: "progress", job: one.job, phase: "painting", step, steps: count, seconds_left: 2 });
      const layer = this.layer(one, step);
      one.layers.push({ event: layer, settled: false });
      one.link?.pass(layer);
      return this.later(() => this.next(one));
    }
    this.end(one, one.stopped ? "cancelled" : "ok");
  }

  end(one, state) {
    one.over = true;
    const results = one.layers.map((layer) => layer.event.message.result);
    one.done = { t: "done", n: ++this.n, job: one.job, state, results };
    one.link?.tell({ ...one.done, missing: [] });
  }

  layer(one, index) {
    const { recipe, document, selection } = one.ask;
    const box = selection || [0, 0, document.width, document.height];
    const picture = { width: box[2], height: box[3], channels: 3, depth: document.depth };
    const seed = (one.seed + index) % 2 ** 32;
    const made = { engine: "diffusion" };
    const resolved = { ...recipe, seed, count: 1, model: recipe.model ?? "roofs-1", steps: recipe.steps ?? 20, made };
    const refines = recipe.strength < 1 && recipe.mode === "fill";
    const what = refines ? `Refine ${recipe.strength * 100} %` : MODES[recipe.mode];
    const name = `${what}${recipe.prompt ? ` – ${recipe.prompt}` : ""} (seed ${seed})`;
    const shade = (seed % 200) + 20;
    const values = { u8: () => Uint8Array.of(shade), u16: () => Uint16Array.of(shade * 257) };
    const sample = (values[document.depth] || (() => Float32Array.of(shade / 255)))();
    const pixels = new Uint8Array(box[2] * box[3] * 3 * sample.byteLength);
    for (let at = 0; at < pixels.length; at += sample.byteLength) pixels.set(new Uint8Array(sample.buffer), at);
    const result = createHash("sha256").update(`${one.job} ${index}`).digest("hex").slice(0, 32);
    const message = {
      t: "layer", n: ++this.n, job: one.job, index, count: recipe.count, box, picture, name, seed, recipe: resolved,
      result, prompt_used: true, timings: {},
    };
    return { message, shape: picture, picture: pixels, mask: this.regions.get(one.region) || null };
  }

  list() {
    const open = (one) => !one.over || one.layers.some((layer) => !layer.settled);
    const news = [...this.jobs.values()].filter((one) => one.accepted && open(one));
    return news.map((one) => ({
      job: one.job,
      state: one.over ? "done" : "running",
      host: one.host,
      tag: one.ask.document.tag,
      orphan: !one.link,
      results: one.layers.filter((layer) => !layer.settled).map((layer) => layer.event.message.result),
      at: 0,
      mode: one.ask.recipe.mode,
      prompt: one.ask.recipe.prompt,
      count: one.ask.recipe.count,
    }));
  }
}

/** One conversation. It is open as soon as it can be. */
export class FakeLink {
  constructor(bridge, host, hear, state) {
    Object.assign(this, { bridge, host, hear, now: "calling", closed: false, unsaid: [], lost: [], stated: state });
    bridge.later(() => this.give(bridge.up ? "open" : "closed", bridge.up ? "" : "No bridge is running."));
  }

  get busy() {
    return [...this.bridge.jobs.values()].some((one) => one.link === this && !one.over);
  }

  begin(job, ask, read, more = {}) {
    const said = { job, ask: structuredClone(ask), ...more };
    this.bridge.told.begun.push(said);
    this.say(() => this.bridge.fill(this, said, read));
  }

  adopt(job) {
    this.bridge.told.adopted.push(job);
    this.say(() => {
      const one = this.bridge.jobs.get(job);
      if (!one || (one.link && one.link !== this)) return;
      one.link = this;
      this.tell({ t: "accepted", job, region: one.region, plan: one.plan, ahead: 0, seconds: 1, memory: 1 });
      for (const layer of one.layers) if (!layer.settled) this.pass(layer.event);
      if (one.over) this.tell({ ...one.done, missing: [] });
      this.bridge.later(() => this.bridge.next(one));
    });
  }

  cancel(job) {
    this.bridge.told.cancelled.push(job);
    this.say(() => {
      const one = this.bridge.jobs.get(job);
      if (!one || one.over) return;
      one.stopped = true;
      this.bridge.end(one, "cancelled");
    });
  }

  askJobs() {
    this.say(() => this.tell({ t: "jobs", jobs: this.bridge.list() }));
  }

  askCapabilities() {
    this.say(() => this.tell(this.bridge.capabilities));
  }

  settle({ message }, state = "inserted") {
    this.bridge.told.settled.push([message.t, message.result || message.job, state]);
    const found = this.bridge.jobs.get(message.job)?.layers.find((one) => one.event.message.result === message.result);
    if (found) found.settled = true;
  }

  async pair() {
    this.give("open", "");
  }

  call() {
    this.bridge.told.called += 1;
    const tell = () => this.now === "closed" && this.give("closed", "No bridge is running.");
    if (this.now === "closed") this.bridge.later(tell);
  }

  close() {
    this.closed = true;
    for (const [name, job] of this.bridge.jobs) {
      if (job.link !== this) continue;
      if (job.accepted) job.link = null;
      else this.bridge.jobs.delete(name);
    }
  }

  // ---- what a test does to it -------------------------------------------------------------------------------------

  /** The state becomes another one. What was asked until "closed" is heard was asked in vain. */
  give(now, text) {
    if (this.closed) return;
    this.now = now;
    const unsaid = this.unsaid.splice(0);
    this.stated(now, text);
    if (now === "open") for (const work of unsaid) this.bridge.later(work);
  }

  /** Cut for a moment: what is said meanwhile, by either side, is said afterwards. */
  cut() {
    this.give("away", "");
  }

  back() {
    this.give("open", "");
    for (const event of this.lost.splice(0)) this.hear(event);
  }

  say(work) {
    const said = () => !this.closed && work();
    if (this.now === "open") this.bridge.later(said);
    else this.unsaid.push(said);
  }

  tell(message) {
    this.pass({ message });
  }

  /** An event is heard; while the link is cut it waits. What the link itself refuses is heard at once. */
  pass(event) {
    if (this.closed) return;
    if (this.now === "open" || event.message.t === "error") this.hear(event);
    else this.lost.push(event);
  }
}
