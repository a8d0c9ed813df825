/** Everything that the panel shows, put together from what the guest knows. Pure. */

/** @import { Fields, Mode, View } from "../seams.js" */
/** @import { Abilities } from "./abilities.js" */
/** @import { Fills } from "./fills.js" */
/** @import { Keep } from "./keep.js" */
/** @import { Planning } from "./planning.js" */
/** @import { Now } from "./now.js" */
/** @import { Waiting } from "./waiting.js" */
/** @import { Work } from "./works.js" */

import { labelOf } from "./gestures.js";
import { questions, reason, remembered } from "./showing.js";
import { alike, modeBefore } from "./sight.js";
import { tilesOf } from "./works.js";

const GIB = 2 ** 30;

/** @typedef {{abilities: Abilities, fills: Fills, waiting: Waiting, planning: Planning, keep: Keep}} Rooms */

/**
 * @param {Now} now
 * @param {Rooms} rooms
 * @returns {View}
 */
export function viewOf(now, { abilities, fills, waiting, planning, keep }) {
  const { editing, fields } = now;
  const { canvas, scene } = now.sighted;
  const meant = abilities.meant(fields);
  const mode = modeBefore(scene, meant);
  const works = fills.of(canvas);
  const running = fills.running(canvas);
  const first = running.length ? running[0] : null;
  const all = running.length ? running : works;
  const edits = !!editing && alike(editing.canvas, canvas);
  const last = all.length ? all[all.length - 1] : null;
  /** @param {Mode} one */
  const whyNot = (one) => reason(one, scene, fields, abilities);
  const why = whyNot(mode);
  return {
    title: scene ? scene.name : "",
    fields,
    go: { label: labelOf(mode, scene, meant), why: why || planning.refused },
    remove: { label: "Remove", why: whyNot("remove") },
    detail: { label: "Enhance detail", why: whyNot("detail") },
    cancel: { label: "Cancel", why: running.length ? "" : "Nothing runs." },
    plan: why ? "" : planning.text,
    notes: why ? [] : planning.notes,
    models: abilities.models(),
    loras: abilities.loras(fields),
    greyed: abilities.greyed(fields),
    layer: remembered(now.hand, scene, abilities, fields),
    fraction: first ? first.fraction : null,
    doing: first ? first.phase : "",
    preview: first ? first.preview : null,
    tiles: last ? tilesOf(last) : [],
    offers: [...fills.offers(canvas), ...waiting.offers(canvas), ...questions(scene, edits)],
    status: now.state || abilities.status(),
    error: now.error,
    history: keep.prompts,
    waiting: now.busy,
    pairing: now.online === "unpaired" ? now.state : null,
    corner: cornerOf(abilities, fields, first),
  };
}

/**
 * Engine, model, device, queue and memory, as far as they are known.
 *
 * @param {Abilities} abilities
 * @param {Fields} fields
 * @param {Work | null} running
 * @returns {[string, string][]}
 */
export function cornerOf(abilities, fields, running) {
  if (!abilities.known) return [];
  const builtIn = abilities.builtIn(fields);
  const chosen = abilities.models().find((one) => one.id === fields.model);
  const { free, memory } = abilities.device;
  const machine = builtIn ? "CPU" : abilities.machine();
  const measured = typeof free === "number" && memory > 0 && machine === abilities.machine();
  /** @type {[string, string][]} */
  const rows = [
    ["Engine", builtIn ? "Built-in fill" : "Diffusion"],
    ["Model", builtIn ? "none" : chosen ? chosen.title : String(fields.model)],
    ["Device", machine],
    ["Queue", queueOf(running)],
    ["Memory", measured ? `${(free / GIB).toFixed(1)} of ${(memory / GIB).toFixed(1)} GB free` : ""],
  ];
  return rows.filter(([, value]) => value);
}

/** @param {Work | null} running */
function queueOf(running) {
  if (!running) return "empty";
  if (running.ahead === null) return "";
  if (!running.ahead) return "none before this one";
  return `${running.ahead} fill${running.ahead > 1 ? "s" : ""} before this one`;
}
