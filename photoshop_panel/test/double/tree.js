/** A document in memory: layers with real pixels, and what they look like together. */

export const TOP = { 8: 255, 16: 32768, 32: 1 };
const ARRAYS = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array };

/** Room for samples of a depth. */
export function samples(bits, count) {
  return new ARRAYS[bits](count);
}

export function intersect(a, b) {
  const left = Math.max(a.left, b.left);
  const top = Math.max(a.top, b.top);
  const right = Math.min(a.right, b.right);
  const bottom = Math.min(a.bottom, b.bottom);
  return right > left && bottom > top ? { left, top, right, bottom } : null;
}

export function size(box) {
  return { width: box.right - box.left, height: box.bottom - box.top };
}

/** A layer. `data` are `components` for each pixel of `box`, in the document's depth. */
export function makeNode(id, name, kind, more = {}) {
  const box = { left: 0, top: 0, right: 0, bottom: 0 };
  const mode = kind === "group" ? "passThrough" : "normal";
  const plain = { visible: true, opacity: 100, mode, background: false, clipped: false, mask: null, density: 100 };
  return { id, name, kind, ...plain, box, data: null, components: 4, xmp: "", children: [], ...more };
}

/** A copy of layers; pixels are shared: they are replaced, never changed. */
export function copied(nodes) {
  return nodes.map((one) => ({ ...one, children: copied(one.children) }));
}

export function* every(nodes) {
  for (const one of nodes) {
    yield one;
    yield* every(one.children);
  }
}

/** The list that a layer is in, and its place there. */
export function placeOf(nodes, id) {
  const at = nodes.findIndex((one) => one.id === id);
  if (at >= 0) return { list: nodes, at };
  for (const one of nodes) {
    const found = placeOf(one.children, id);
    if (found) return found;
  }
  return null;
}

export function parentOf(nodes, id, parent = null) {
  for (const one of nodes) {
    if (one.id === id) return parent;
    const found = parentOf(one.children, id, one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function maskAt(node, x, y) {
  const { mask } = node;
  if (!mask) return 1;
  const inside = x >= mask.box.left && x < mask.box.right && y >= mask.box.top && y < mask.box.bottom;
  const value = inside ? mask.data[(y - mask.box.top) * size(mask.box).width + x - mask.box.left] : mask.fill;
  return 1 - (node.density / 100) * (1 - value / 255);
}

/**
 * Composite layers into `onto`: RGBA in floats for each pixel of `box`, alpha 0 to 1. Where nothing is added, no bit
 * changes.
 */
export function paint(nodes, bits, box, onto) {
  const { width, height } = size(box);
  const top = TOP[bits];
  for (const [place, node] of [...nodes.entries()].reverse()) {
    const base = node.clipped ? nodes.slice(place + 1).find((one) => !one.clipped) : node;
    if (!node.visible || !base?.visible) continue; // a clipped layer shows where the layer is that it is clipped to
    const plain = node.opacity === 100 && !node.mask && node.mode === "passThrough";
    if (node.kind === "group" && plain) {
      paint(node.children, bits, box, onto);
      continue;
    }
    const source = node.kind === "group" ? paint(node.children, bits, box, new Float64Array(width * height * 4)) : null;
    for (let at = 0; at < width * height; at++) {
      const x = box.left + (at % width);
      const y = box.top + Math.floor(at / width);
      const under = base === node ? 1 : (pixelAt(base, x, y, top)?.[3] ?? 0) * maskAt(base, x, y);
      const rate = (node.opacity / 100) * maskAt(node, x, y) * under;
      const d = at * 4;
      if (node.kind === "invert") {
        for (let c = 0; c < 3 && onto[d + 3] > 0; c++) onto[d + c] += rate * (top - 2 * onto[d + c]);
        continue;
      }
      const pixel = source ? source.subarray(d, d + 4) : pixelAt(node, x, y, top);
      const alpha = pixel ? pixel[3] * rate : 0;
      if (!alpha) continue;
      const whole = alpha + onto[d + 3] * (1 - alpha);
      for (let c = 0; c < 3; c++) onto[d + c] = (pixel[c] * alpha + onto[d + c] * onto[d + 3] * (1 - alpha)) / whole;
      onto[d + 3] = whole;
    }
  }
  return onto;
}

function pixelAt(node, x, y, top) {
  const { box, data, components } = node;
  if (!data || x < box.left || x >= box.right || y < box.top || y >= box.bottom) return null;
  const at = ((y - box.top) * size(box).width + x - box.left) * components;
  return [data[at], data[at + 1], data[at + 2], components === 4 ? data[at + 3] / top : 1];
}

/** Where alpha is above 0, in a box of RGBA samples; null where nowhere. */
export function trimmed(data, box, step = 4, channel = 3) {
  const { width, height } = size(box);
  let found = null;
  for (let at = 0; at < width * height; at++) {
    if (!(data[at * step + channel] > 0)) continue;
    const x = box.left + (at % width);
    const y = box.top + Math.floor(at / width);
    found = found
      ? { left: Math.min(found.left, x), top: found.top, right: Math.max(found.right, x + 1), bottom: y + 1 }
      : { left: x, top: y, right: x + 1, bottom: y + 1 };
  }
  return found;
}

/** A part of samples. */
export function cut(data, box, part, components) {
  const { width, height } = size(part);
  const out = new data.constructor(width * height * components);
  for (let y = 0; y < height; y++) {
    const start = ((y + part.top - box.top) * size(box).width + part.left - box.left) * components;
    out.set(data.subarray(start, start + width * components), y * width * components);
  }
  return out;
}

/** The composite of a document in its own depth: RGBA for each pixel of the canvas. */
export function composite(doc) {
  const box = { left: 0, top: 0, right: doc.width, bottom: doc.height };
  const floats = paint(doc.layers, doc.bits, box, new Float64Array(doc.width * doc.height * 4));
  return depth(floats, doc.bits);
}

/** Floats with alpha 0 to 1 in a depth. */
export function depth(floats, bits) {
  const out = samples(bits, floats.length);
  for (let at = 0; at < floats.length; at++) {
    const value = at % 4 === 3 ? floats[at] * TOP[bits] : floats[at];
    out[at] = bits === 32 ? value : Math.max(0, Math.min(TOP[bits], Math.round(value)));
  }
  return out;
}

/** Where a layer's pixels lie; cut by its mask or not. */
export function boundsOf(node, masked) {
  if (node.kind === "group") {
    const boxes = node.children.map((one) => boundsOf(one, masked)).filter((one) => one.right > one.left);
    return boxes.reduce((a, b) => (a ? union(a, b) : b), null) ?? makeNode(0, "", "").box;
  }
  const seen = node.data ? (node.components === 4 ? trimmed(node.data, node.box) : node.box) : null;
  if (!seen) return makeNode(0, "", "").box;
  if (!masked || !node.mask) return seen;
  const open = node.mask.fill ? seen : trimmed(node.mask.data, node.mask.box, 1, 0);
  return (open && intersect(seen, open)) ?? makeNode(0, "", "").box;
}

function union(a, b) {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}
