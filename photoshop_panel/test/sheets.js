/** Layers in memory: pixels of 0 to 1, masks, groups, and what is seen of them. */

const TOPS = { u8: 255, u16: 65535, f32: 1 };
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, f32: Float32Array };

let layers = 0;

/** A layer: RGBA of 0 to 1; a group of them where `pixels` is null. `memory` and `result` as the guest gave them. */
export class Sheet {
  constructor(name, [x, y, width, height], pixels = null) {
    Object.assign(this, { name, x, y, width, height, pixels });
    Object.assign(this, { id: ++layers, mask: null, memory: null, result: "", visible: true, children: [] });
  }

  get box() {
    return [this.x, this.y, this.width, this.height];
  }

  clone() {
    const copy = Object.assign(Object.create(Sheet.prototype), this);
    copy.children = this.children.map((one) => one.clone());
    return copy;
  }
}

/** A sheet of one colour, RGBA of 0 to 1. */
export function plain(name, box, colour) {
  const pixels = new Float64Array(box[2] * box[3] * 4);
  for (let at = 0; at < pixels.length; at++) pixels[at] = colour[at % 4];
  return new Sheet(name, box, pixels);
}

/** Every layer, those in groups included, top first. */
export function every(sheets) {
  return sheets.flatMap((one) => [one, ...every(one.children)]);
}

/** The box common to both; without width or height where they do not meet. */
export function common(one, other) {
  const [x, y] = [Math.max(one[0], other[0]), Math.max(one[1], other[1])];
  const right = Math.min(one[0] + one[2], other[0] + other[2]);
  const bottom = Math.min(one[1] + one[3], other[1] + other[3]);
  return [x, y, Math.max(0, right - x), Math.max(0, bottom - y)];
}

/** Pixels of a picture that repeats nowhere. */
export function noise(width, height) {
  const pixels = new Float64Array(width * height * 4);
  let state = 7;
  for (let at = 0; at < pixels.length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    pixels[at] = at % 4 === 3 ? 1 : ((state >> 16) & 255) / 255;
  }
  return pixels;
}

/** Normal blending in sRGB, bottom to top. */
export function blended(sheets, box, hidden) {
  const seen = new Float64Array(box[2] * box[3] * 4);
  for (const one of [...sheets].reverse()) {
    if (!one.visible || (one.pixels && hidden.has(one.id))) continue;
    const above = one.pixels ? null : blended(one.children, box, hidden);
    const inside = above ? box : common(one.box, box);
    for (let y = inside[1]; y < inside[1] + inside[3]; y++) {
      for (let x = inside[0]; x < inside[0] + inside[2]; x++) {
        const to = ((y - box[1]) * box[2] + x - box[0]) * 4;
        const from = above ? to : ((y - one.y) * one.width + x - one.x) * 4;
        const values = above || one.pixels;
        const cover = one.mask ? one.mask[from / 4] / 255 : 1;
        const alpha = values[from + 3] * cover;
        const sum = alpha + seen[to + 3] * (1 - alpha);
        for (let channel = 0; channel < 3; channel++) {
          const below = seen[to + channel] * seen[to + 3] * (1 - alpha);
          seen[to + channel] = sum ? (values[from + channel] * alpha + below) / sum : 0;
        }
        seen[to + 3] = sum;
      }
    }
  }
  return seen;
}

/** A finished layer as a sheet. */
export function sheetOf(one) {
  const { width, height, channels, depth } = one.picture;
  const bytes = one.pixels.slice();
  const values = new ARRAYS[depth](bytes.buffer, bytes.byteOffset, width * height * channels);
  const pixels = new Float64Array(width * height * 4).fill(1);
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < channels; channel++) {
      pixels[at * 4 + channel] = values[at * channels + channel] / TOPS[depth];
    }
  }
  const sheet = new Sheet(one.name, [one.box[0], one.box[1], width, height], pixels);
  return Object.assign(sheet, { mask: one.mask && Uint8Array.from(one.mask), memory: one.memory, result: one.result });
}

/** Values of 0 to 1 at a depth of the wire, the first `channels` of four. */
export function quantised(seen, depth, channels) {
  const values = new ARRAYS[depth]((seen.length / 4) * channels);
  for (let at = 0, to = 0; at < seen.length; at++) {
    if (at % 4 >= channels) continue;
    values[to++] = depth === "f32" ? seen[at] : Math.round(seen[at] * TOPS[depth]);
  }
  return values;
}
