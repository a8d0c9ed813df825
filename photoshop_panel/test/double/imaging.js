/** The double's `imaging`: real pixels, refused where Photoshop refuses. */
import { no } from "./rules.js";
import { TOP, boundsOf, cut, depth, every, intersect, paint, samples, size, trimmed } from "./tree.js";

const SRGB = "sRGB IEC61966-2.1";
const MODAL = "The requested functionality is only allowed from inside a modal scope.";
/** How much brighter the numbers of a profile are: enough to see whether it was asked for. */
const GAIN = { [SRGB]: 1, "Adobe RGB (1998)": 0.5 };

/** Typed arrays of another realm are none by `instanceof`. */
function bitsOf(array) {
  const tag = Object.prototype.toString.call(array);
  const bits = { "[object Uint8Array]": 8, "[object Uint16Array]": 16, "[object Float32Array]": 32 }[tag];
  if (!bits) throw no("pixels.depth", "Argument 1 has an invalid type.");
  return bits;
}

export function makeImaging(state) {
  const inModal = () => {
    if (!state.modal) throw no("modal.read", MODAL);
  };

  function docOf(id) {
    const doc = state.docs.find((one) => one.id === id);
    if (!doc) throw new Error("Das Dokument ist nicht verfügbar.");
    return doc;
  }

  function nodeOf(doc, id) {
    const node = [...every(doc.layers)].find((one) => one.id === id);
    if (!node) throw new Error("Das Objekt „Ebene“ ist momentan nicht verfügbar.");
    return node;
  }

  function bounded(asked) {
    const { left, top, width, height } = asked ?? {};
    const box = { left, top, right: asked?.right ?? left + width, bottom: asked?.bottom ?? top + height };
    if (!Object.values(box).every(Number.isInteger)) throw no("pixels.integers", "sourceBounds: Ganzzahl erwartet.");
    return box;
  }

  /** Something native: it lives until it is disposed of. `data` in 0..32768 where it has 16 bits. */
  function handle(data, box, components, bits, profile) {
    state.live++;
    let gone = false;
    return {
      ...size(box),
      components,
      componentSize: bits,
      colorProfile: profile,
      native: data,
      async getData(options) {
        if (gone) throw no("pixels.dispose", "imageData was disposed.");
        if (typeof options !== "object") throw new Error("Argument 1 has an invalid type.");
        if (bits !== 16 || !options.fullRange) return data.slice();
        return data.map((one) => Math.round((one * 65535) / 32768));
      },
      dispose() {
        if (!gone) state.live--;
        gone = true;
      },
    };
  }

  return {
    async getPixels({ documentID, layerID, sourceBounds, colorSpace, colorProfile, componentSize, targetSize }) {
      inModal();
      const doc = docOf(documentID);
      const asked = bounded(sourceBounds);
      if (doc.bits === 16 && componentSize === 8) throw no("pixels.minusone", "Photoshop Error. Code: -1");
      if (componentSize && componentSize !== -1 && componentSize !== doc.bits) throw new Error("Code: -1");
      const layer = layerID === undefined ? null : nodeOf(doc, layerID);
      const canvas = { left: 0, top: 0, right: doc.width, bottom: doc.height };
      const box = layer ? intersect(asked, boundsOf(layer, false)) : intersect(asked, canvas);
      if (!box) throw no("pixels.empty", "Der Bereich ist leer.");
      const { width, height } = size(box);
      const bare = { visible: true, opacity: 100, mask: null, mode: "normal", clipped: false };
      const shown = layer ? [{ ...layer, ...bare }] : doc.layers;
      const floats = paint(shown, doc.bits, box, new Float64Array(width * height * 4));
      const part = trimmed(floats, box);
      if (!part) throw no("pixels.empty", "Der Bereich ist leer.");
      const opaque = layer ? layer.components === 3 : doc.layers.some((one) => one.background && one.visible);
      const components = opaque && !state.quirks.alphaAlways ? 3 : 4;
      const rgba = cut(depth(floats, doc.bits), box, part, 4);
      if (colorSpace !== "RGB" && doc.mode !== "RGBColorMode") throw new Error("The double gives RGB alone.");
      const gain = GAIN[colorProfile ?? doc.profile] / GAIN[doc.profile];
      const data = samples(doc.bits, (rgba.length / 4) * components);
      for (let at = 0; at < rgba.length / 4; at++) {
        for (let c = 0; c < components; c++) data[at * components + c] = rgba[at * 4 + c] * (c < 3 ? gain : 1);
      }
      const level = targetSize && targetSize.width < width ? 1 : 0;
      return { imageData: handle(data, part, components, doc.bits, colorProfile), sourceBounds: part, level };
    },

    async createImageDataFromBuffer(array, options) {
      const { width, height, components, colorSpace, colorProfile, fullRange } = options;
      const bits = bitsOf(array);
      if (array.length !== width * height * components) {
        throw no("pixels.count", `${array.length} elements, expected ${width * height * components}`);
      }
      if (!colorSpace) throw new Error("colorSpace is required");
      const data = samples(bits, array.length);
      for (let at = 0; at < array.length; at++) {
        data[at] = bits === 16 && fullRange ? Math.round((array[at] * 32768) / 65535) : array[at];
        if (bits === 16 && data[at] > 32768) throw no("pixels.range", `${array[at]} is above 32768`);
      }
      const made = handle(data, { left: 0, top: 0, right: width, bottom: height }, components, bits, colorProfile);
      return Object.assign(made, { colorSpace });
    },

    async putPixels({ documentID, layerID, imageData, replace = true, targetBounds, commandName }) {
      inModal();
      const doc = docOf(documentID);
      const node = nodeOf(doc, layerID);
      if (node.kind !== "pixel" || node.background) throw no("pixels.layer", "The target must be a pixel layer.");
      const deep = imageData.componentSize;
      if (deep !== doc.bits) throw no("pixels.depth", `${deep} bits into ${doc.bits}`);
      if (!replace) throw new Error("The double replaces.");
      if (state.quirks.putFails) throw new Error("Der Befehl konnte nicht ausgeführt werden.");
      const { width, height, components, native } = imageData;
      const gain = GAIN[doc.profile] / GAIN[imageData.colorProfile ?? doc.profile];
      const data = samples(doc.bits, width * height * 4);
      for (let at = 0; at < width * height; at++) {
        const colours = [0, 1, 2].map((c) => native[at * components + c] * gain);
        const gray = doc.mode === "grayscaleMode" ? colours.reduce((a, b) => a + b) / 3 : null;
        for (let c = 0; c < 3; c++) data[at * 4 + c] = gray ?? colours[c];
        data[at * 4 + 3] = components === 4 ? native[at * 4 + 3] : TOP[doc.bits];
      }
      const left = targetBounds?.left ?? 0;
      const top = targetBounds?.top ?? 0;
      Object.assign(node, { data, components: 4, box: { left, top, right: left + width, bottom: top + height } });
      state.touch(doc, commandName ?? "Pixel");
    },

    async putLayerMask({ documentID, layerID, imageData, targetBounds, commandName }) {
      inModal();
      const doc = docOf(documentID);
      const node = nodeOf(doc, layerID);
      const gray = imageData.components === 1 && imageData.colorSpace === "Grayscale";
      if (!gray) throw no("mask.gray", "A mask has one grayscale component.");
      if (state.quirks.noFreshMask && !node.mask) throw no("mask.fresh", "Die Ebene hat keine Maske.");
      const bits = state.quirks.deepMasks ? doc.bits : 8;
      if (imageData.componentSize !== bits) throw no("mask.depth", "Code: -1");
      const { width, height } = imageData;
      const left = targetBounds?.left ?? 0;
      const top = targetBounds?.top ?? 0;
      const data = Uint8Array.from(imageData.native, (one) => Math.round((one / TOP[bits]) * 255));
      node.mask = { box: { left, top, right: left + width, bottom: top + height }, data, fill: 0 };
      state.touch(doc, commandName ?? "Maske");
    },

    async getLayerMask({ documentID, layerID, sourceBounds }) {
      inModal();
      const doc = docOf(documentID);
      const { mask } = nodeOf(doc, layerID);
      const part = mask && intersect(bounded(sourceBounds), mask.box);
      if (!part) throw new Error("Die Ebene hat dort keine Maske.");
      const bytes = cut(mask.data, mask.box, part, 1);
      const bits = state.quirks.deepMasks ? doc.bits : 8;
      const whole = (share) => (bits === 32 ? share : Math.round(share * TOP[bits]));
      const data = samples(bits, bytes.length).map((_, at) => whole(bytes[at] / 255));
      return { imageData: handle(data, part, 1, bits, "Gray Gamma 2.2"), sourceBounds: part };
    },

    async getSelection({ documentID, sourceBounds }) {
      inModal();
      const { selection } = docOf(documentID);
      if (!selection) throw no("selection.none", "Es ist nichts ausgewählt.");
      const part = intersect(bounded(sourceBounds), selection.box);
      const data = part && cut(selection.data, selection.box, part, 1);
      const seen = data && trimmed(data, part, 1, 0);
      if (!seen) throw no("selection.none", "Es ist nichts ausgewählt.");
      return { imageData: handle(cut(data, part, seen, 1), seen, 1, 8, "Gray Gamma 2.2"), sourceBounds: seen };
    },

    async putSelection({ documentID, imageData, targetBounds, commandName }) {
      inModal();
      const doc = docOf(documentID);
      if (imageData.components !== 1) throw no("mask.gray", "A selection has one grayscale component.");
      const { width, height, native } = imageData;
      const { left, top } = targetBounds ?? { left: 0, top: 0 };
      const box = { left, top, right: left + width, bottom: top + height };
      doc.selection = { box, data: Uint8Array.from(native) };
      state.touch(doc, commandName ?? "Auswahl");
    },
  };
}
