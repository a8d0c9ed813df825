/** Errands without a connection: each message is put in by hand. */
import assert from "node:assert/strict";

import { fillOf } from "../src/wire/asks.js";
import { Errands } from "../src/wire/errands.js";
import { unpack } from "../src/wire/frames.js";
import { Outbox } from "../src/wire/outbox.js";

export const JOB = "ab".repeat(16);
export const OTHER = "cd".repeat(16);
export const DOCUMENT = { tag: "d".repeat(32), width: 64, height: 48, channels: 3, depth: "u8" };
export const ASK = { document: DOCUMENT, selection: [8, 8, 4, 3], content: null, recipe: { mode: "remove", seed: 1 } };
export const PICTURE = { width: 4, height: 3, channels: 3, depth: "u8" };
const IMAGE = { box: [0, 0, 8, 8], channels: 3, depth: "u8" };
export const WANT = { t: "want", job: JOB, plan: {}, image: IMAGE, mask: { box: [8, 8, 4, 3] } };
export const ACCEPTED = { t: "accepted", job: JOB, region: "r", plan: {}, ahead: 0, seconds: 1, memory: 0 };
export const FILL = fillOf(JOB, ASK, {});
export const TAKE = { t: "take", job: JOB };

/** Errands whose connection is a list: `heard` puts messages in, `said` is what they answered since. */
export class Told {
  constructor() {
    this.outbox = new Outbox();
    this.events = [];
    this.errands = new Errands(
      () => this.outbox,
      (event) => this.events.push(event),
    );
  }

  /** Errands with one fill that was accepted. */
  static accepted() {
    const told = new Told();
    told.errands.begin(FILL, null);
    told.hear(ACCEPTED, "fill");
    return told;
  }

  /** What came of some messages, in short: each event's type, a layer with its index. */
  hear(...said) {
    const expected = typeof said.at(-1) === "string" ? said.pop() : null;
    said.flat().forEach((message) => this.errands.hear(message));
    if (expected !== null) assert.equal(this.said, expected);
    return this.told;
  }

  get told() {
    return this.events.splice(0).map(({ message }) => message.t + (message.index ?? ""));
  }

  /** What left since it was asked last, in short. */
  get said() {
    return this.messages.map(short).join(", ");
  }

  get messages() {
    const all = [];
    for (let message = this.outbox.take(true); message; message = this.outbox.take(true)) all.push(unpack(message));
    return all.filter((one) => "control" in one).map(({ control }) => control);
  }

  /** The connection was cut and there is a new one; returns what is said on it. */
  reopened(resumed = true) {
    this.outbox = new Outbox();
    this.errands.reopen(resumed);
    return this.said;
  }
}

function short(message) {
  const { t, n, state, s, result, use, from } = message;
  const known = { ack: [n, state], fetch: [result, use, from], abort: [s], stream: [s, use] };
  return [t, ...(known[t] ?? [])].filter((word) => word !== undefined && word !== null).join(" ");
}

export function layer(n, index = 0, { job = JOB, s = null, mask_s: maskS = null } = {}) {
  const result = `${job.slice(0, 2)}x${index}`;
  const seen = { box: [8, 8, 4, 3], picture: PICTURE, name: "Remove", seed: 1, recipe: {}, prompt_used: false };
  return { t: "layer", n, job, result, index, count: 2, ...seen, timings: {}, s, mask_s: maskS };
}

export function stream(s, use, size, from = null, job = JOB) {
  return { t: "stream", s, job, use, picture: PICTURE, size, from };
}

export function chunk(s, use, size, offset = 0, length = size - offset, value = 0) {
  const payload = new Uint8Array(length).fill(value);
  return { t: "pixels", stream: stream(s, use, size), offset, payload, complete: offset + length === size };
}

/** A layer that comes with all of its pixels. */
export function live(n, index = 0, job = JOB) {
  const s = 2 * n;
  return [stream(s, "layer", 36, null, job), layer(n, index, { job, s }), chunk(s, "layer", 36)];
}

/** The answer to the oldest fetch. */
export const fetched = (s, use, size, from = 0) => [stream(s, use, size, from), chunk(s, use, size, from)];

export const done = (n, job = JOB) => ({ t: "done", n, job, state: "ok", results: [], missing: [], timings: {} });

const REFUSED = { t: "error", text: "…", retry: "never", detail: {}, re: null, job: null, s: null };
export const error = (code, more = {}) => ({ ...REFUSED, code, ...more });

export const whole = { image: new Uint8Array(192), mask: new Uint8Array(12) };
export const soon = () => new Promise((resolve) => setImmediate(resolve));
