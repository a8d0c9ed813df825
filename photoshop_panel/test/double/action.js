/** The double's `action`: the commands that the panel plays, and notifications. */
import { no, unasked } from "./rules.js";
import { boundsOf, every, placeOf } from "./tree.js";

const GONE = { _obj: "error", message: "Das Objekt „Ebene“ ist momentan nicht verfügbar.", result: -25922 };
const READS = ["get", "multiGet"];

/** A rectangle of a descriptor; in points where no release is known to measure so. */
function rectangle(box, points) {
  const [_unit, scale] = points ? ["distanceUnit", points] : ["pixelsUnit", 1];
  const side = (value) => ({ _unit, _value: value * scale });
  return { _obj: "rectangle", ...Object.fromEntries(Object.entries(box).map(([name, value]) => [name, side(value)])) };
}

/** Layers from the bottom up, a group's end before what is in it. */
function* flat(nodes) {
  for (const one of [...nodes].reverse()) {
    if (one.kind === "group") {
      yield { node: one, section: "layerSectionEnd" };
      yield* flat(one.children);
      yield { node: one, section: "layerSectionStart" };
    } else yield { node: one, section: "layerSectionContent" };
  }
}

const KINDS = { pixel: 1, invert: 2, group: 7, smart: 5 };
const GET = {
  layerID: ({ node, section }) => (section === "layerSectionEnd" ? -node.id : node.id),
  name: ({ node, section }) => (section === "layerSectionEnd" ? "</Layer group>" : node.name),
  layerKind: ({ node, section }) => (section === "layerSectionEnd" ? 13 : node.background ? 12 : KINDS[node.kind]),
  layerSection: ({ section }) => ({ _enum: "layerSectionType", _value: section }),
  background: ({ node }) => node.background,
  visible: ({ node }) => node.visible,
  opacity: ({ node }) => Math.round(node.opacity * 2.55),
  mode: ({ node }) => ({ _enum: "blendMode", _value: node.mode }),
  group: ({ node }) => node.clipped,
  hasUserMask: ({ node }) => node.mask !== null,
  hasVectorMask: () => false,
  bounds: ({ node, points }) => rectangle(boundsOf(node, true), points),
  boundsNoEffects: ({ node, points }) => rectangle(boundsOf(node, true), points),
  boundsNoMask: ({ node, points }) => rectangle(boundsOf(node, false), points),
};

export function makeAction(state) {
  const refs = ({ _target = [] }) => [_target].flat().flatMap((one) => (Array.isArray(one._ref) ? one._ref : [one]));

  /** Document and layer that a command is about; the active ones where it does not say. */
  function aims(command) {
    const doc = refs(command).find((one) => one._ref === "document");
    const layer = refs(command).find((one) => one._ref === "layer");
    const own = state.docs.find((one) => one.id === (doc?._id ?? state.active));
    const node = own && layer?._id ? [...every(own.layers)].find((one) => one.id === layer._id) : null;
    return { doc: own, node, asked: layer?._id };
  }

  function played(command) {
    const { doc, node, asked } = aims(command);
    if (!doc || (asked && !node)) return GONE;
    const property = refs(command).find((one) => one._property)?._property;
    switch (command._obj) {
      case "multiGet": {
        if (state.quirks.noMultiGet) return { ...GONE };
        const [properties, range] = command.extendedReference;
        const points = state.quirks.points ? 72 / doc.resolution : 0;
        const all = [...flat(doc.layers)].map((one) => ({ ...one, points }));
        const first = doc.layers.some((one) => one.background) ? range.index : range.index - 1;
        if (first < 0) return GONE; // without a Background layer the lowest is 1
        const list = all.slice(first).map((one) =>
          Object.fromEntries(properties.filter((name) => name in GET).map((name) => [name, GET[name](one)])),
        );
        return { list };
      }
      case "get":
        if (property !== "XMPMetadataAsUTF8" || !node) throw new Error(`The double gets no ${property}.`);
        return node.xmp ? { XMPMetadataAsUTF8: node.xmp } : GONE;
      case "set":
        if (property !== "XMPMetadataAsUTF8" || !command.to[property]) throw new Error("The double sets XMP alone.");
        if (state.quirks.noXmp || !/^<x:xmpmeta[^]*<\/x:xmpmeta>$/.test(command.to[property])) {
          return { _obj: "error", message: "Der Parameter ist ungültig.", result: -1715 };
        }
        node.xmp = command.to[property].replace("<x:xmpmeta ", '<x:xmpmeta x:xmptk="Adobe XMP Core" '); // written anew
        state.touch(doc, "Metadaten");
        return {};
      case "hide":
      case "show": {
        const on = command._obj === "show";
        if (state.quirks.undoableVisibility && node.visible !== on) state.touch(doc, "Sichtbarkeit");
        node.visible = on;
        return {};
      }
      case "select":
        if (command.makeVisible !== false) node.visible = true;
        doc.active = command.selectionModifier ? [...doc.active, node.id] : [node.id];
        return {};
      case "selectNoLayers":
        doc.active = [];
        return {};
      case "delete": {
        const { list, at } = placeOf(doc.layers, node.id);
        list.splice(at, 1);
        state.touch(doc, "Ebene löschen");
        return {};
      }
      case "make": {
        if (command.new?._class !== "channel") throw new Error("The double makes masks alone.");
        if (doc.active.length !== 1) return GONE;
        const active = [...every(doc.layers)].find((one) => one.id === doc.active[0]);
        const canvas = { left: 0, top: 0, right: doc.width, bottom: doc.height };
        active.mask = { box: canvas, data: new Uint8Array(doc.width * doc.height).fill(255), fill: 255 };
        state.touch(doc, "Ebenenmaske hinzufügen");
        return {};
      }
      default:
        throw new Error(`The double plays no ${command._obj}.`);
    }
  }

  return {
    async batchPlay(commands, options) {
      if (!Array.isArray(commands)) throw new Error("Argument 1 has an invalid type. Expected type: array");
      state.calls++;
      const results = [];
      for (const command of commands) {
        if (!READS.includes(command._obj) && !state.modal) {
          throw unasked(command._obj);
        }
        const result = played(command);
        results.push(result);
        if (result._obj === "error" && !options?.continueOnError) break;
      }
      return results;
    },
    async addNotificationListener(events, hear) {
      if (events.includes("all")) throw no("events.all", "'all' needs developer mode.");
      state.listeners.push({ events, hear });
    },
  };
}
