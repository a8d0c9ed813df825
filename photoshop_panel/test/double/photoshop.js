/**
 * A strict double of Photoshop, in German: it holds documents in memory with real pixels and refuses what Photoshop
 * refuses (rules.js). `quirks` are habits that only some releases have, or that nobody has seen yet.
 */
import { makeAction } from "./action.js";
import { makeCore, push, restore } from "./core.js";
import { makeDom } from "./dom.js";
import { makeImaging } from "./imaging.js";
import { copied, every, makeNode, samples } from "./tree.js";

/** Names are Photoshop's, values are the double's own where no document gives them: nobody may rely on them. */
export const constants = {
  BitsPerChannelType: { ONE: "bitDepth1", EIGHT: "bitDepth8", SIXTEEN: "bitDepth16", THIRTYTWO: "bitDepth32" },
  DocumentMode: {
    RGB: "RGBColorMode",
    GRAYSCALE: "grayscaleMode",
    CMYK: "CMYKColorMode",
    LAB: "labColorMode",
    INDEXEDCOLOR: "indexedColorMode",
    BITMAP: "bitmapMode",
    DUOTONE: "duotoneMode",
  },
  ChangeMode: { RGB: "RGBColorMode" },
  NewDocumentMode: {
    RGB: "newRGBMode",
    GRAYSCALE: "newGrayscaleMode",
    CMYK: "newCMYKMode",
    LAB: "newLabMode",
  },
  DocumentFill: { TRANSPARENT: "transparent" },
  ElementPlacement: { PLACEBEFORE: "placeBefore", PLACEAFTER: "placeAfter", PLACEINSIDE: "placeInside" },
  LayerKind: { NORMAL: "pixel", GROUP: "group" },
  BlendMode: { NORMAL: "normal", PASSTHROUGH: "passThrough", MULTIPLY: "multiply" },
};

export function makePhotoshop({ quirks = {} } = {}) {
  const state = {
    docs: [],
    active: 0,
    modal: 0,
    busy: 0,
    live: 0,
    calls: 0,
    nextDoc: 59,
    nextLayer: 2,
    quirks,
    listeners: [],
    changed: new Set(),
    alerts: [],
    emit(event, descriptor) {
      if (state.modal) return; // silent
      for (const { events, hear } of state.listeners) if (events.includes(event)) hear(event, descriptor);
    },
    add(more) {
      const doc = {
        id: state.nextDoc++,
        name: "Unbenannt-1",
        path: "",
        width: 8,
        height: 8,
        resolution: 72,
        mode: "RGBColorMode",
        bits: 8,
        profile: "sRGB IEC61966-2.1",
        layers: [],
        selection: null,
        active: [],
        quickMask: false,
        suspended: null,
        history: [],
        at: -1,
        nextState: 1000,
        ...more,
      };
      state.docs.push(doc);
      state.active = doc.id;
      return doc;
    },
    close(doc) {
      state.docs = state.docs.filter((one) => one !== doc);
      if (state.active === doc.id) state.active = state.docs[0]?.id ?? 0;
    },
  };
  const app = makeDom(state, constants);
  const core = makeCore(state);
  const ps = { app, core, action: makeAction(state), imaging: makeImaging(state), constants };
  return { ps, state, artist: makeArtist(state) };
}

/** What the artist does: no modal scope, no questions. */
function makeArtist(state) {
  const nodeOf = (doc, id) => [...every(doc.layers)].find((one) => one.id === id);
  return {
    /** Open a document. `layers` from the top; see `pixel`, `group`, `invert`. */
    open({ layers = [], ...more }) {
      const doc = state.add(more);
      doc.layers = layers;
      doc.active = layers.length ? [layers[0].id] : [];
      state.nextLayer = Math.max(state.nextLayer, ...[...every(layers)].map((one) => one.id + 1));
      push(doc, "Öffnen");
      return doc;
    },
    pixel(name, bits, box, value, more = {}) {
      const components = more.background ? 3 : 4;
      const count = (box.right - box.left) * (box.bottom - box.top);
      const data = samples(bits, count * components);
      for (let at = 0; at < count * components; at++) {
        const c = at % components;
        data[at] = typeof value === "function" ? value(Math.floor(at / components), c) : value[c];
      }
      return makeNode(state.nextLayer++, name, "pixel", { box, data, components, ...more });
    },
    group: (name, children, more = {}) => makeNode(state.nextLayer++, name, "group", { children, ...more }),
    invert: (more = {}) => makeNode(state.nextLayer++, "Umkehren 1", "invert", more),
    nodeOf,
    select(doc, box, data) {
      const count = (box.right - box.left) * (box.bottom - box.top);
      doc.selection = { box, data: data ?? new Uint8Array(count).fill(255) };
      push(doc, "Auswahl");
      state.emit("historyStateChanged", { documentID: doc.id });
    },
    undo(doc) {
      doc.at--;
      restore(doc, doc.history[doc.at].snap);
      state.emit("historyStateChanged", { documentID: doc.id });
    },
    stroke(doc) {
      push(doc, "Pinsel");
      state.emit("historyStateChanged", { documentID: doc.id });
    },
    close: (doc) => state.close(doc),
    /** What a PSD holds comes back: layers with their ids and packets, no selection, no history. */
    saveAndReopen(doc, path) {
      const { name, width, height, resolution, mode, bits, profile, layers } = doc;
      state.close(doc);
      return this.open({ name, width, height, resolution, mode, bits, profile, path, layers: copied(layers) });
    },
    /** Image ▸ Duplicate. */
    duplicate(doc) {
      const { width, height, resolution, mode, bits, profile, layers } = doc;
      const more = { width, height, resolution, mode, bits, profile, layers: copied(layers) };
      return this.open({ ...more, name: `${doc.name} Kopie`, path: "" });
    },
  };
}
