/** The double's DOM: documents and layers as the panel sees them. Every property that is asked for is a call. */
import { push } from "./core.js";
import { no, unasked } from "./rules.js";
import { boundsOf, every, makeNode, parentOf, placeOf } from "./tree.js";

const KINDS = { pixel: "pixel", group: "group", invert: "inversion", smart: "smartObject" };

export function makeDom(state, constants) {
  const documents = new Map();

  function must(name) {
    if (!state.modal) throw unasked(name);
  }

  class Layer {
    constructor(doc, id) {
      this.doc = doc;
      this.id = id;
    }
    get node() {
      state.calls++;
      const found = [...every(this.doc.layers)].find((one) => one.id === this.id);
      if (!found) throw new Error("Das Objekt „Ebene“ ist momentan nicht verfügbar.");
      return found;
    }
    get name() {
      return this.node.name;
    }
    get kind() {
      return KINDS[this.node.kind];
    }
    get visible() {
      return this.node.visible;
    }
    set visible(on) {
      must("set");
      this.node.visible = on;
    }
    get opacity() {
      return this.node.opacity;
    }
    set opacity(percent) {
      must("set");
      this.node.opacity = percent;
      state.touch(this.doc, "Deckkraft");
    }
    get blendMode() {
      return this.node.mode;
    }
    set blendMode(mode) {
      must("set");
      this.node.mode = mode;
      state.touch(this.doc, "Füllmethode");
    }
    get layerMaskDensity() {
      return this.node.density;
    }
    set layerMaskDensity(percent) {
      must("set");
      if (!this.node.mask) throw new Error("Die Ebene hat keine Maske.");
      this.node.density = percent;
      state.touch(this.doc, "Maskendichte");
    }
    get vectorMaskDensity() {
      return 100;
    }
    set vectorMaskDensity(_) {
      must("set");
      throw new Error("Die Ebene hat keine Vektormaske.");
    }
    get isBackgroundLayer() {
      return this.node.background;
    }
    get isClippingMask() {
      return this.node.clipped;
    }
    set isClippingMask(on) {
      must("set");
      const { list, at } = placeOf(this.doc.layers, this.id);
      if (on && at === list.length - 1) throw no("layer.clipped", "Darunter ist nichts.");
      this.node.clipped = on;
      for (let above = at - 1; !on && list[above]?.clipped; above--) list[above].clipped = false;
      state.touch(this.doc, "Schnittmaske");
    }
    get boundsNoEffects() {
      return boundsOf(this.node, true);
    }
    get parent() {
      const parent = parentOf(this.doc.layers, this.id);
      return parent ? new Layer(this.doc, parent.id) : null;
    }
    get layers() {
      return this.node.kind === "group" ? this.node.children.map((one) => new Layer(this.doc, one.id)) : undefined;
    }
    move(other, place) {
      must("move");
      const { node, doc } = this;
      if (node.background) throw no("layer.background", "Der Hintergrund kann nicht bewegt werden.");
      if (other.id === this.id) throw new Error("Der Befehl „Verschieben“ ist momentan nicht verfügbar.");
      const { PLACEINSIDE, PLACEAFTER } = constants.ElementPlacement;
      if (place === PLACEINSIDE && other.node.kind !== "group") throw new Error("Keine Gruppe.");
      if (place === PLACEAFTER && other.node.background) throw no("layer.background", "Darunter ist nichts.");
      const from = placeOf(doc.layers, this.id);
      from.list.splice(from.at, 1);
      if (place === PLACEINSIDE) other.node.children.unshift(node);
      else {
        const to = placeOf(doc.layers, other.id);
        const at = to.at + (place === PLACEAFTER ? 1 : 0);
        to.list.splice(at, 0, node);
        if (to.list[at - 1]?.clipped) node.clipped = true;
      }
      state.touch(doc, "Ebenenreihenfolge");
    }
    delete() {
      must("delete");
      const { list, at } = placeOf(this.doc.layers, this.id);
      list.splice(at, 1);
      this.doc.active = this.doc.active.filter((id) => id !== this.id);
      state.touch(this.doc, "Ebene löschen");
    }
  }

  /** Put a new layer above the active one, in its group, and make it the active one. */
  function added(doc, node) {
    const place = doc.active.length ? placeOf(doc.layers, doc.active[0]) : null;
    (place?.list ?? doc.layers).splice(place?.at ?? 0, 0, node);
    if (place?.list[place.at - 1]?.clipped) node.clipped = true;
    doc.active = [node.id];
  }

  class Document {
    constructor(doc) {
      this.doc = doc;
      this.id = doc.id;
    }
    get own() {
      state.calls++;
      if (!state.docs.includes(this.doc)) throw new Error("Das Objekt „Dokument“ ist momentan nicht verfügbar.");
      return this.doc;
    }
    get name() {
      return this.own.name;
    }
    get path() {
      return this.own.path || this.own.name; // what it is before it is saved nobody has written down
    }
    get width() {
      return this.own.width;
    }
    get height() {
      return this.own.height;
    }
    get resolution() {
      return this.own.resolution;
    }
    get mode() {
      return this.own.mode;
    }
    get bitsPerChannel() {
      return `bitDepth${this.own.bits}`;
    }
    get quickMaskMode() {
      return this.own.quickMask;
    }
    get layers() {
      return this.own.layers.map((one) => new Layer(this.doc, one.id));
    }
    get activeLayers() {
      return this.own.active.map((id) => new Layer(this.doc, id));
    }
    get backgroundLayer() {
      const found = this.own.layers.find((one) => one.background);
      return found ? new Layer(this.doc, found.id) : null;
    }
    get activeHistoryState() {
      return { id: this.own.history[this.doc.at].id, name: this.doc.history[this.doc.at].name };
    }
    get historyStates() {
      return this.own.history.map(({ id, name }) => ({ id, name }));
    }
    get selection() {
      const { selection } = this.own;
      return { bounds: selection && { ...selection.box }, solid: Boolean(selection?.data.every((one) => one === 255)) };
    }
    async createPixelLayer({ name } = {}) {
      must("make");
      const doc = state.docs.find((one) => one.id === state.active); // whatever document it was asked of
      const node = makeNode(state.nextLayer++, name ?? `Ebene ${doc.layers.length + 1}`, "pixel");
      added(doc, node);
      state.touch(doc, "Neue Ebene");
      return new Layer(doc, node.id);
    }
    async createLayerGroup({ name, fromLayers = [] } = {}) {
      must("make");
      const { doc } = this;
      const group = makeNode(state.nextLayer++, name ?? `Gruppe ${doc.layers.length + 1}`, "group");
      added(doc, group);
      for (const one of fromLayers) {
        const { list, at } = placeOf(doc.layers, one.id);
        group.children.push(...list.splice(at, 1));
      }
      state.touch(doc, "Neue Gruppe");
      return new Layer(doc, group.id);
    }
    async changeMode(mode) {
      must("convertMode");
      this.own.mode = { RGBColorMode: "RGBColorMode", RGB: "RGBColorMode" }[mode];
      state.touch(this.doc, "RGB-Farbe");
    }
    closeWithoutSaving() {
      must("close");
      state.close(this.doc);
    }
  }

  state.wrap = (doc) => {
    if (!documents.has(doc)) documents.set(doc, new Document(doc));
    return documents.get(doc);
  };

  const app = {
    get documents() {
      return state.docs.map(state.wrap);
    },
    get activeDocument() {
      const doc = state.docs.find((one) => one.id === state.active);
      return doc ? state.wrap(doc) : null;
    },
    set activeDocument(document) {
      must("select");
      state.active = document.id;
    },
    async createDocument({ name, width, height, resolution, mode, depth, fill }) {
      must("make");
      const modes = {
        newRGBMode: "RGBColorMode",
        newGrayscaleMode: "grayscaleMode",
        newCMYKMode: "CMYKColorMode",
        newLabMode: "labColorMode",
      };
      if (![8, 16, 32].includes(depth) || !modes[mode]) throw new Error("createDocument: invalid arguments");
      const doc = state.add({ name, width, height, resolution, mode: modes[mode], bits: depth });
      if (fill !== "transparent") throw new Error("The double makes transparent documents alone.");
      doc.layers = [makeNode(state.nextLayer++, "Ebene 1", "pixel")];
      doc.active = [doc.layers[0].id];
      doc.history = [];
      push(doc, "Neu");
      return state.wrap(doc);
    },
  };
  return app;
}
