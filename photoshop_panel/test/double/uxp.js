/** The double's `uxp`, and what UXP puts beside it. Storages outlive a restart where Photoshop's do. */
import { no } from "./rules.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[&<>"]/g, (one) => ESCAPES[one]);
const plain = (text) => Object.entries(ESCAPES).reduceRight((all, [one, code]) => all.replaceAll(code, one), text);

/** XMP packets, as far as simple properties go. */
function makeXmp() {
  const prefixes = new Map();
  class XMPMeta {
    static registerNamespace(namespace, prefix) {
      prefixes.set(namespace, prefix);
      return prefix;
    }
    constructor(packet = "") {
      this.held = new Map();
      for (const [, space, name, value] of packet.matchAll(/<p:v s="([^"]*)" n="([^"]*)">([^<]*)<\/p:v>/g)) {
        this.held.set(`${plain(space)}|${name}`, plain(value));
      }
    }
    setProperty(namespace, name, value) {
      if (!prefixes.has(namespace)) throw new Error("Unregistered namespace");
      if (typeof value !== "string") throw new TypeError("propValue");
      this.held.set(`${namespace}|${name}`, value);
    }
    getProperty(namespace, name) {
      const value = this.held.get(`${namespace}|${name}`);
      return value === undefined ? undefined : { namespace, path: name, value };
    }
    serialize() {
      const all = [...this.held].map(([key, value]) => {
        const [space, name] = key.split("|");
        return `<p:v s="${escaped(space)}" n="${name}">${escaped(value)}</p:v>`;
      });
      return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>${all.join("")}</rdf:RDF></x:xmpmeta>`;
    }
  }
  return { XMPMeta };
}

/** A localStorage. */
export function makeLocalStorage(held = new Map()) {
  return {
    held,
    getItem: (name) => held.get(name) ?? null,
    setItem: (name, value) => void held.set(name, String(value)),
    removeItem: (name) => void held.delete(name),
  };
}

export function makeUxp({ secure = new Map() } = {}) {
  const points = { set: null, late: false };
  return {
    points,
    secure,
    host: { name: "photoshop", version: "26.1.0", uiLocale: "de_DE" },
    versions: { uxp: "uxp-8.1.0", plugin: "0.1.0" },
    xmp: makeXmp(),
    storage: {
      secureStorage: {
        async getItem(name) {
          return secure.has(name) ? secure.get(name) : new Uint8Array(0);
        },
        async setItem(name, value) {
          if (!value.length) throw no("uxp.secure", "The value is empty.");
          secure.set(name, Uint8Array.from(value));
        },
        async removeItem(name) {
          if (!secure.delete(name)) throw no("uxp.secure", "Nothing was found to remove.");
        },
      },
    },
    entrypoints: {
      setup(given) {
        if (points.late) throw no("uxp.setup", "entrypoints.setup was called too late.");
        if (points.set) throw no("uxp.setup", "entrypoints.setup was called twice.");
        points.set = given;
      },
    },
  };
}
