/** The LoRAs that are worn: one line each, and a list to add from. */

import { box, greyButton, press, put, say, see, words } from "./fittings.js";
import { makeNumber } from "./number.js";
import { makePicker } from "./picker.js";

/** @import { Choice, View } from "../seams.js" */
/** @import { Draft } from "./draft.js" */

/** As many as a recipe takes. */
const MOST = 16;
const ADD = { id: null, title: "Add a LoRA …", why: "" };
const WEIGHTS = { least: -2, most: 2, digits: 2, step: 0.05, empty: null };

/**
 * Add, weigh from −2 to 2, remove.
 *
 * @param {Draft} draft
 * @param {() => void} entered Enter was pressed in a weight
 */
export function makeLoras(draft, entered) {
  /** @typedef {{ row: UxpElement, show(choice: Choice, weight: number, why: string): void }} Line */
  /** @type {Map<string, Line>} */
  const lines = new Map();
  const worn = box("sf-lines");
  const picker = makePicker("LoRAs", (id) => {
    draft.change({ loras: [...draft.fields.loras, { id, weight: 1 }] });
    offer();
  });
  /** @type {Choice[]} */
  let known = [];
  let greyed = "";

  /** The list again says what it is for, without those that are worn. */
  const offer = () => {
    const ids = new Set(draft.fields.loras.map((one) => one.id));
    const full = ids.size >= MOST ? `${MOST} LoRAs are worn, as many as there may be. Remove one first.` : "";
    picker.show([ADD, ...known.filter((one) => !ids.has(/** @type {string} */ (one.id)))], null, greyed || full);
  };

  /** @param {string} id @returns {Line} */
  const make = (id) => {
    const title = words("sf-title sf-grow");
    const weight = makeNumber("", WEIGHTS, (value) => {
      draft.change({ loras: draft.fields.loras.map((one) => (one.id === id ? { id, weight: value } : one)) });
    }, entered);
    const remove = press("sf-icon", () => {
      draft.change({ loras: draft.fields.loras.filter((one) => one.id !== id) });
    });
    put(remove, { textContent: "×" });
    const row = box("sf-row sf-lora", title, weight.field, remove);
    return {
      row,
      show(choice, value, why) {
        put(title, { textContent: choice.title, title: choice.why || choice.title });
        say(weight.field, "aria-label", `Weight of ${choice.title}`);
        say(remove, "aria-label", `Remove ${choice.title}`);
        weight.show(value, why);
        greyButton(remove, why, "Remove");
      },
    };
  };

  return {
    picker: picker.field,
    worn,
    /**
     * Show what the draft wears. A line that stayed keeps its controls, and so the finger on them.
     *
     * @param {View} view
     */
    show(view) {
      known = view.loras;
      greyed = view.greyed.loras ?? "";
      const now = draft.fields.loras;
      for (const [id, one] of lines) {
        if (now.some((lora) => lora.id === id)) continue;
        one.row.remove();
        lines.delete(id);
      }
      now.forEach(({ id, weight }, at) => {
        const one = lines.get(id) ?? make(id);
        lines.set(id, one);
        if (worn.children[at] !== one.row) worn.insertBefore(one.row, worn.children[at] ?? null);
        const choice = known.find((lora) => lora.id === id) ?? { id, title: id, why: "This LoRA is not there." };
        one.show(choice, weight, greyed);
      });
      see(worn, now.length > 0);
      offer();
    },
  };
}
