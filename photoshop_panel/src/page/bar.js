/** The bar on top: what it shows follows the document, the tools and the easel. */

import { BRUSH } from "./tools.js";

/** @import { Album } from "./album.js" */
/** @import { Easel } from "./easel.js" */
/** @import { Tools } from "./tools.js" */

/**
 * What the buttons do, by their ids.
 * @typedef {Record<"open" | "sample" | "deselect" | "enlarge" | "undo" | "redo" | "fit" | "whole" | "save", () =>
 * void>} Deeds
 */

/**
 * The bar.
 * @param {<T extends HTMLElement>(id: string) => T} part finds a part of the page
 * @param {{ album: Album, easel: Easel, tools: Tools, deeds: Deeds }} page
 * @returns {() => void} to be called when anything has changed
 */
export function makeBar(part, { album, easel, tools, deeds }) {
  const size = /** @type {HTMLInputElement} */ (part("size"));
  const softness = /** @type {HTMLInputElement} */ (part("softness"));
  for (const [id, act] of Object.entries(deeds)) part(id).addEventListener("click", act);
  for (const tool of /** @type {const} */ (["rectangle", "brush"])) {
    part(tool).addEventListener("click", () => tools.choose(tool));
  }
  size.addEventListener("input", () => tools.set({ size: diameter(size.valueAsNumber) }));
  softness.addEventListener("input", () => tools.set({ softness: softness.valueAsNumber / 100 }));

  const show = () => {
    const document = album.active;
    const { past = [], future = [] } = document?.history ?? {};
    const able = (/** @type {string} */ id, /** @type {boolean} */ can) => {
      /** @type {HTMLButtonElement} */ (part(id)).disabled = !can;
    };
    for (const id of ["enlarge", "fit", "whole", "save"]) able(id, document !== null);
    able("deselect", Boolean(document?.state.selection.bounds));
    able("undo", past.length > 0);
    able("redo", future.length > 0);
    part("undo").title = past.length ? `Undo ${past[past.length - 1].name} (Ctrl+Z)` : "Nothing to undo";
    part("redo").title = future.length ? `Redo ${future[future.length - 1].name} (Ctrl+Shift+Z)` : "Nothing to redo";
    for (const tool of ["rectangle", "brush"]) part(tool).setAttribute("aria-pressed", String(tools.tool === tool));
    part("brush-settings").hidden = tools.tool !== "brush";
    size.value = String(slid(tools.brush.size));
    size.setAttribute("aria-valuetext", `${tools.brush.size} pixels`);
    part("size-now").textContent = `${tools.brush.size} px`;
    softness.value = String(Math.round(tools.brush.softness * 100));
    part("softness-now").textContent = `${softness.value} %`;
    part("zoom").textContent = document ? `${Math.round(easel.view.zoom * 1000) / 10} %` : "";
    part("measure").textContent = document ? measure(document.state) : "";
  };
  tools.onChange = easel.onView = show;
  return show;
}

/** @param {import("./history.js").State} state */
function measure({ width, height, selection }) {
  const box = selection.bounds;
  return `${width} × ${height}${box ? `, selected ${box[2]} × ${box[3]}` : ""}`;
}

/** The slider moves by ratios: small brushes are set as finely as large ones. @param {number} slid 0 to 100 */
function diameter(slid) {
  return BRUSH[0] * (BRUSH[1] / BRUSH[0]) ** (slid / 100);
}

/** @param {number} size */
function slid(size) {
  return (100 * Math.log(size / BRUSH[0])) / Math.log(BRUSH[1] / BRUSH[0]);
}
