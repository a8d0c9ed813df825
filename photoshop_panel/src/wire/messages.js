/**
 * What a bridge may say: for each message its fields, as docs/protocol.md lists them. A message that exists is valid;
 * an optional field that is missing or null has its default.
 */
/** @import { Message, Picture } from "../seams.js" */
import { NONCE } from "./limits.js";
import { malformed } from "./refusal.js";

/** @typedef {(value: any) => boolean} Kind */

const BYTES = { u8: 1, u16: 2, f32: 4 };
const SIDE = 30_000;

/** @type {Kind} */
const whole = (value) => Number.isSafeInteger(value) && value >= 0;
/** @type {Kind} */
const number = (value) => typeof value === "number";
/** @type {Kind} */
const text = (value) => typeof value === "string";
/** @type {Kind} */
const flag = (value) => typeof value === "boolean";
/** @type {Kind} */
const id = (value) => text(value) && /^[A-Za-z0-9_.-]{1,64}$/.test(value);
/** @type {Kind} */
const map = (value) => Object.prototype.toString.call(value) === "[object Object]";
/** @type {Kind} */
const box = (value) => list(Number.isSafeInteger)(value) && value.length === 4 && value[2] >= 0 && value[3] >= 0;
/** @type {Kind} */
const picture = (value) =>
  map(value) &&
  [value.width, value.height].every((side) => whole(side) && side > 0 && side <= SIDE) &&
  [1, 3, 4].includes(value.channels) &&
  word("u8", "u16", "f32")(value.depth ?? "u8");

/** @param {Kind} kind @returns {Kind} */
const list = (kind) => (value) => Array.isArray(value) && value.every(kind);
/** @param {number} size @returns {Kind} */
const bytes = (size) => (value) => ArrayBuffer.isView(value) && value.byteLength === size;
/** @param {...string} words @returns {Kind} */
const word = (...words) => (value) => words.includes(value);
/** @param {Record<string, Kind>} fields @returns {Kind} */
const shape = (fields) => (value) => map(value) && Object.entries(fields).every(([name, kind]) => kind(value[name]));
/** @param {Kind} kind @param {unknown} [otherwise] @returns {[Kind, unknown]} a field that may be missing */
const maybe = (kind, otherwise = null) => [kind, otherwise];

/** @type {Record<string, Record<string, Kind | [Kind, unknown]>>} */
const FIELDS = {
  hello: { protocol: (value) => list(whole)(value) && value.length > 0, version: text, nonce: bytes(NONCE) },
  welcome: { mac: bytes(NONCE), session: bytes(16), resumed: flag, features: maybe(list(text), []) },
  paired: { key_id: id, mac: bytes(NONCE) },
  capabilities: {
    revision: maybe(whole),
    part: maybe(whole),
    parts: maybe(whole),
    engines: maybe(list(map), []),
    models: maybe(list(map), []),
    loras: maybe(list(map), []),
    device: maybe(map),
  },
  want: {
    job: id,
    plan: map,
    image: maybe(shape({ box, channels: (value) => value === 3 || value === 4, depth: word("u8", "u16", "f32") })),
    mask: maybe(shape({ box })),
  },
  stream: {
    s: whole,
    job: id,
    use: word("image", "mask", "layer", "layer mask", "preview"),
    picture,
    size: whole,
    from: maybe(whole),
  },
  abort: { s: whole },
  credit: { s: whole, bytes: whole },
  accepted: { job: id, region: id, plan: map, ahead: whole, seconds: number, memory: whole },
  progress: {
    job: id,
    phase: word("queued", "loading", "encoding", "painting", "decoding", "finishing"),
    step: whole,
    steps: whole,
    seconds_left: maybe(number),
  },
  preview: { job: id, index: whole, s: whole },
  layer: {
    n: whole,
    job: id,
    result: id,
    index: whole,
    count: whole,
    box,
    picture,
    name: text,
    seed: whole,
    recipe: map,
    prompt_used: flag,
    timings: map,
    s: maybe(whole),
    mask_s: maybe(whole),
  },
  done: {
    n: whole,
    job: id,
    state: word("ok", "cancelled", "failed"),
    results: maybe(list(text), []),
    missing: maybe(list(shape({ index: whole, code: text, text })), []),
    timings: maybe(map, {}),
  },
  jobs: { jobs: maybe(list(map), []) },
  ping: { at: maybe(number, 0) },
  pong: { at: maybe(number, 0) },
  error: {
    code: text,
    text,
    retry: maybe(word("never", "later", "now"), "never"),
    detail: maybe(map, {}),
    re: maybe(text),
    job: maybe(id),
    s: maybe(whole),
  },
  bye: { reason: text, resume: number },
};

/**
 * The message of a wire map, without fields that nobody here knows. Null for a type that only a newer bridge says: it
 * is ignored. Throws a Refusal `wire.malformed`.
 *
 * @param {Record<string, any>} values
 * @returns {Message | null}
 */
export function understand(values) {
  const name = values.t;
  if (typeof name !== "string" || !Object.hasOwnProperty.call(FIELDS, name)) return null;
  const message = /** @type {Message} */ ({ t: name });
  for (const [field, kind] of Object.entries(FIELDS[name])) {
    const [fits, otherwise] = Array.isArray(kind) ? kind : [kind, undefined];
    const value = values[field] ?? otherwise;
    if (value === undefined) throw malformed(`${name}.${field} is nothing`);
    if (value !== otherwise && !fits(value)) throw malformed(`${name}.${field} is ${shown(value)}`);
    message[field] = value;
  }
  if (message.picture) message.picture = { depth: "u8", ...message.picture };
  return message;
}

/**
 * @param {Picture} picture
 * @returns {number} bytes of its pixels
 */
export function sizeOf(picture) {
  return picture.width * picture.height * picture.channels * BYTES[picture.depth];
}

/**
 * @param {Picture} picture
 * @returns {string} for a sentence
 */
export function told(picture) {
  return `${picture.width} × ${picture.height} px, ${picture.channels} × ${picture.depth}`;
}

/** @param {unknown} value */
function shown(value) {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
