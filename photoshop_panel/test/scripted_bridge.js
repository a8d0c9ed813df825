/**
 * A bridge in memory, for tests of the link. It keeps the rules of docs/protocol.md that a client can see: sessions,
 * jobs, durable messages, fetches, credit.
 */
import { randomBytes } from "node:crypto";

import { packControl, packData, unpack } from "../src/wire/frames.js";
import { mac } from "../src/wire/handshake.js";
import { hkdf, joined, same } from "../src/wire/sha256.js";

const CHUNK = 256 << 10;
const CREDIT = 4 << 20;
const ascii = (text) => Uint8Array.from(Buffer.from(text, "latin1"));
const bytes = (size) => Uint8Array.from(randomBytes(size));
const hex = (value) => Buffer.from(value).toString("hex");
const BYTES = { u8: 1, u16: 2, f32: 4 };

/** What is painted into the layers of a job: byte i of variation k is known to the test. */
export function painted(index, size) {
  const name = `${index} ${size}`;
  if (!paintings.has(name)) {
    const pixels = new Uint8Array(size);
    for (let place = 0; place < size; place++) pixels[place] = (place * 7 + (place >> 8) + index * 31 + 1) & 255;
    paintings.set(name, pixels);
  }
  return paintings.get(name);
}
/** @type {Map<string, Uint8Array>} */
const paintings = new Map();

export class ScriptedBridge {
  constructor({ port = 4717, version = "0.1.0", key = bytes(32), id = "panel1" } = {}) {
    Object.assign(this, { port, version, id, picture: { width: 400, height: 300, channels: 4, depth: "u8" } });
    this.keys = new Map([[id, key]]);
    this.pairings = new Set();
    this.count = 1;
    this.protocol = [1, 1];
    this.forgetSessions();
    this.jobs = new Map();
    this.heard = [];
    this.uploads = new Map();
  }

  get key() {
    return { id: this.id, key: this.keys.get(this.id) };
  }

  /** A bridge whose journal lost its sessions: jobs stay. */
  forgetSessions() {
    this.sessions = new Map();
  }

  /** Killed and started again: uploads under way are gone. */
  crash() {
    for (const [name, job] of this.jobs) if (!job.accepted) this.jobs.delete(name);
  }

  /** A connection came. `peer` has send(bytes) and close(code, reason). */
  connect(peer) {
    return new Seat(this, peer);
  }
}

/** One connection. */
class Seat {
  constructor(bridge, peer) {
    Object.assign(this, { bridge, peer, open: false, nonce: bytes(32), streams: new Map(), sending: [], next: 2 });
    const limits = { message: 1 << 20 };
    const { protocol, version } = bridge;
    this.hello = packControl({ t: "hello", protocol, version, instance: bytes(16), nonce: this.nonce, limits });
    peer.send(this.hello);
  }

  say(message) {
    this.peer.send(packControl(message));
  }

  end(code, error, text) {
    this.say({ t: "error", code: error, text, retry: "never" });
    this.peer.close(code, error);
  }

  receive(message) {
    const read = unpack(message);
    if (read.data) return this.data(read.data);
    const { control } = read;
    this.bridge.heard.push(control);
    if (!this.open) return this.greet(control);
    this[control.t]?.(control);
    this.pump();
  }

  greet(said) {
    const { bridge } = this;
    if (said.t === "pair") return this.pair(said);
    const key = bridge.keys.get(said.key_id);
    if (!key) return this.end(4401, "auth.key", "This bridge does not know the key. Pair the plug-in again.");
    const proof = (label) => mac(key, label, this.nonce, said.nonce, bridge.port, this.hello, said.key_id);
    if (!same(proof("sfumato.v1 client"), said.mac)) return this.end(4401, "auth.failed", "Could not prove it.");
    const name = said.session && bridge.sessions.has(hex(said.session)) ? said.session : bytes(16);
    const resumed = bridge.sessions.has(hex(name));
    if (!resumed) bridge.sessions.set(hex(name), { n: 0, unsettled: new Map() });
    this.session = bridge.sessions.get(hex(name));
    this.session.seat = this;
    this.open = true;
    this.say({ t: "welcome", mac: proof("sfumato.v1 server"), session: name, resumed, features: [] });
    for (const one of this.session.unsettled.values()) this.say(one);
  }

  pair(said) {
    const { bridge } = this;
    for (const secret of bridge.pairings) {
      const proof = (label, id) => mac(secret, label, this.nonce, said.nonce, bridge.port, this.hello, id);
      if (!same(proof("sfumato.v1 pair client", ""), said.mac)) continue;
      bridge.pairings.delete(secret);
      const id = `made${bridge.keys.size}`;
      const info = joined(ascii("sfumato.v1 key"), ascii(id));
      bridge.keys.set(id, hkdf(secret, joined(this.nonce, said.nonce), info, 32));
      this.say({ t: "paired", key_id: id, mac: proof("sfumato.v1 pair server", id) });
      return this.peer.close(1000, "");
    }
    this.end(4401, "auth.pair", "The pairing text is not known or too old: run sfumato pair again.");
  }

  fill(said) {
    const known = this.bridge.jobs.get(said.job);
    if (known?.accepted) return known.session === this.session ? this.accept(known) : this.take(said);
    const { document, selection } = said;
    const job = { name: said.job, session: this.session, fill: said, accepted: false, results: [], uploaded: {} };
    if (said.dry) return this.say({ t: "want", job: said.job, plan: { text: "dry" } });
    this.bridge.jobs.set(said.job, job);
    const image = { box: [0, 0, document.width, document.height], channels: document.channels, depth: document.depth };
    this.say({ t: "want", job: said.job, plan: {}, image, mask: { box: selection } });
  }

  stream(said) {
    const { width, height, channels, depth } = said.picture;
    this.streams.set(said.s, { ...said, got: 0, pixels: new Uint8Array(width * height * channels * BYTES[depth]) });
  }

  abort({ s }) {
    this.streams.delete(s);
    this.sending = this.sending.filter((one) => one.s !== s);
  }

  credit({ s, bytes: more }) {
    for (const one of this.sending) if (one.s === s) one.credit += more;
  }

  data({ stream: s, offset, payload, last }) {
    const stream = this.streams.get(s);
    const job = this.bridge.jobs.get(stream?.job);
    if (!stream || !job || job.accepted) return;
    if (offset !== stream.got) throw new Error(`offset ${offset}, expected ${stream.got}`);
    stream.pixels.set(payload, offset);
    stream.got += payload.length;
    if (last !== (stream.got === stream.size)) throw new Error("last is wrong");
    if (!last) {
      if (stream.got % (CREDIT / 2) === 0) this.say({ t: "credit", s, bytes: CREDIT / 2 });
      return;
    }
    job.uploaded[stream.use] = stream.pixels;
    if (!job.uploaded.image || !job.uploaded.mask) return;
    this.bridge.uploads.set(job.name, job.uploaded);
    this.accept(job);
    this.paint(job);
    this.pump();
  }

  accept(job) {
    job.accepted = true;
    this.say({ t: "accepted", job: job.name, region: "r1", plan: {}, ahead: 0, seconds: 1, memory: 0 });
  }

  paint(job) {
    for (let index = 0; index < this.bridge.count; index++) {
      const result = `${job.name.slice(0, 8)}-${index}`;
      job.results.push(result);
      this.durable(job, this.layerOf(job, index, result), true);
    }
    this.durable(job, { t: "done", job: job.name, state: "ok", results: job.results });
  }

  layerOf(job, index, result) {
    const { picture, count } = this.bridge;
    const box = [0, 0, picture.width, picture.height];
    const rest = { name: "Fill", seed: 1, recipe: {}, prompt_used: true, timings: {} };
    return { t: "layer", job: job.name, result, index, count, box, picture, ...rest };
  }

  durable(job, message, withPixels = false) {
    const session = job.session;
    const numbered = { ...message, n: ++session.n };
    session.unsettled.set(numbered.n, numbered);
    const [s, maskS] = withPixels ? ["layer", "layer mask"].map((use) => this.send(job.name, use, message)) : [];
    this.say({ ...numbered, s, mask_s: maskS });
  }

  /** Announce the pixels of a layer or of its mask. */
  send(job, use, layer, from) {
    const { picture, index } = layer;
    const shape = use === "layer" ? picture : { ...picture, channels: 1, depth: "u8" };
    const size = shape.width * shape.height * shape.channels;
    const s = this.next;
    this.next += 2;
    this.say({ t: "stream", s, job, use, picture: shape, size, from });
    this.sending.push({ s, pixels: painted(index + (use === "layer" ? 0 : 100), size), at: from ?? 0, credit: CREDIT });
    return s;
  }

  fetch({ result, use, from = 0 }) {
    for (const job of this.bridge.jobs.values()) {
      const index = job.results.indexOf(result);
      if (index >= 0) return this.send(job.name, use, this.layerOf(job, index, result), from);
    }
    this.say({ t: "error", code: "result.expired", text: "This layer is no longer kept.", re: "fetch" });
  }

  /** Data in turn, while credit lasts. */
  pump() {
    let some = true;
    while (some) {
      some = false;
      for (const one of [...this.sending]) {
        const end = Math.min(one.at + CHUNK, one.at + one.credit, one.pixels.length);
        if (end === one.at) continue;
        this.peer.send(packData(one.s, one.at, one.pixels.subarray(one.at, end), end === one.pixels.length));
        one.credit -= end - one.at;
        one.at = end;
        some = true;
      }
      this.sending = this.sending.filter((one) => one.at < one.pixels.length);
    }
  }

  ack({ n }) {
    this.session.unsettled.delete(n);
  }

  cancel({ job: name }) {
    const job = this.bridge.jobs.get(name);
    if (!job) return this.say({ t: "error", code: "job.unknown", text: "No such job.", re: "cancel", job: name });
    if (job.accepted) return;
    job.accepted = true;
    this.durable(job, { t: "done", job: name, state: "cancelled" });
  }

  take({ job: name }) {
    const job = this.bridge.jobs.get(name);
    const before = [...job.session.unsettled.values()].filter((one) => one.job === name);
    for (const { n } of before) job.session.unsettled.delete(n);
    job.session = this.session;
    this.accept(job);
    for (const one of before) this.durable(job, one);
  }

  jobsOf() {
    return [...this.bridge.jobs.values()].filter((job) => job.accepted);
  }

  jobs() {
    const free = (job) => job.session !== this.session;
    this.say({ t: "jobs", jobs: this.jobsOf().map((job) => ({ job: job.name, orphan: free(job) })) });
  }

  capabilities() {
    this.say({ t: "capabilities", revision: 1, part: 1, parts: 1, engines: [] });
  }

  ping({ at }) {
    if (!this.bridge.dead) this.say({ t: "pong", at });
  }
}
