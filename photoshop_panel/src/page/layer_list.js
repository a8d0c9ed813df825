/** The strip of layers: which there are, which are visible, which is active. */

import { every, find } from "./layers.js";
import { maskThumb, thumb } from "./thumbs.js";

/** @import { PageDocument } from "./document.js" */
/** @import { Layer } from "./layers.js" */

/**
 * @typedef {{ item: HTMLElement, eye: HTMLButtonElement, name: HTMLButtonElement, label: HTMLElement, pictures:
 * HTMLElement, away: HTMLButtonElement, of: Layer | null }} Row
 */

/** The strip. */
export class LayerList {
  /**
   * @param {HTMLElement} list
   * @param {{ opacity: HTMLInputElement, invert: HTMLButtonElement, invertLayer: () => Layer }} foot
   */
  constructor(list, foot) {
    this.list = list;
    this.foot = foot;
    /** @type {PageDocument | null} */
    this.document = null;
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    const active = () => this.document?.state.active ?? 0;
    foot.opacity.addEventListener("change", () => this.document?.fade(active(), foot.opacity.valueAsNumber));
    foot.invert.addEventListener("click", () => this.document?.add("Invert", foot.invertLayer(), active()));
  }

  /** Show the layers of a document, or of none. @param {PageDocument | null} document */
  show(document) {
    this.document = document;
    const state = document?.state;
    const layers = state?.layers ?? [];
    const all = every(layers);
    const ids = new Set(all.map((one) => one.id));
    for (const [id, row] of this.rows) if (!ids.has(id)) row.item.remove();
    this.rows = new Map([...this.rows].filter(([id]) => ids.has(id)));
    all.forEach((one, k) => {
      const row = this.rows.get(one.id) ?? this.#row(one.id);
      this.rows.set(one.id, row);
      if (row.of !== one) this.#fill(row, one, !layers.includes(one));
      row.of = one;
      row.name.setAttribute("aria-current", String(one.id === state?.active));
      if (this.list.children[k] !== row.item) this.list.insertBefore(row.item, this.list.children[k] ?? null);
    });
    const active = find(layers, state?.active ?? 0);
    this.foot.invert.disabled = !document;
    this.foot.opacity.disabled = !active || active.kind === "group";
    this.foot.opacity.value = String(active?.opacity ?? 255);
  }

  /** @param {number} id @returns {Row} */
  #row(id) {
    const item = document.createElement("li");
    const eye = button("eye", () => this.document?.show(id, eye.getAttribute("aria-pressed") !== "true"));
    const name = button("layer-name", () => this.document?.activate(id));
    const away = button("away", () => this.document?.remove(id));
    const pictures = document.createElement("span");
    pictures.className = "thumbs";
    const label = document.createElement("span");
    name.append(pictures, label);
    away.textContent = "×";
    item.append(eye, name, away);
    return { item, eye, name, label, pictures, away, of: null };
  }

  /** @param {Row} row @param {Layer} one @param {boolean} inside */
  #fill(row, one, inside) {
    row.item.className = inside ? "layer inside" : "layer";
    row.eye.setAttribute("aria-pressed", String(one.visible));
    row.eye.setAttribute("aria-label", `${one.name}: visible`);
    row.eye.title = one.visible ? "Hide" : "Show";
    row.away.setAttribute("aria-label", `Delete ${one.name}`);
    row.away.title = "Delete";
    row.label.textContent = one.name;
    row.name.title = one.name;
    if (row.of?.pixels === one.pixels && row.of?.mask === one.mask && row.of) return;
    const shown = [thumb(one), maskThumb(one)].filter((drawn) => drawn !== null);
    row.pictures.replaceChildren(...shown);
  }
}

/** @param {string} name @param {() => void} act */
function button(name, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.addEventListener("click", act);
  return made;
}
