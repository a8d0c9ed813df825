/** What the artist turns most: strength, variations, model. */

import { box, control, greyButton, greyField, line, mark, plain, press, put, say, usable, words } from "./fittings.js";
import { makePicker } from "./picker.js";

/** @import { View } from "../seams.js" */
/** @import { Draft } from "./draft.js" */

const WEAKEST = 5;
/** Strengths worth finding again: refine, change, paint anew. */
const MARKS = [30, 60, 100];
const MOST = 8;
const TIP = "100 % paints anew; less keeps more of what is there.";

/**
 * Three lines below the prompt.
 *
 * @param {Draft} draft
 */
export function makeKnobs(draft) {
  const slider = control("input", "Strength", "sf-slider");
  slider.type = "range";
  put(slider, { min: String(WEAKEST), max: "100", step: "1" });
  const percent = words("sf-percent");
  const marks = box("sf-marks");
  MARKS.forEach((at, index) => {
    const tick = box("sf-mark");
    tick.style.flexGrow = String(at - (MARKS[index - 1] ?? WEAKEST));
    marks.appendChild(tick);
  });
  /** @param {number} strength */
  const write = (strength) => {
    put(percent, { textContent: `${strength} %` });
    say(slider, "aria-valuetext", `${strength} %`);
    slider.style.setProperty("--sf-at", `${(100 * (strength - WEAKEST)) / (100 - WEAKEST)}%`);
  };
  slider.addEventListener("input", () => {
    draft.change({ strength: Number(slider.value) });
    write(draft.fields.strength);
  });

  /** @param {number} count */
  const pick = (count) => {
    draft.change({ count });
    ring(count);
  };
  const counts = Array.from({ length: MOST }, (_, index) => {
    const count = index + 1;
    const button = press("sf-count", () => pick(count));
    put(button, { textContent: String(count) });
    say(button, "role", "radio");
    say(button, "aria-label", count === 1 ? "1 variation" : `${count} variations`);
    button.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[/** @type {string} */ (event.key)];
      if (!step || !plain(event)) return;
      event.preventDefault();
      const next = counts[index + step];
      if (!next || !usable(button)) return;
      next.focus();
      pick(count + step);
    });
    return button;
  });
  const group = box("sf-joined", ...counts);
  say(group, "role", "radiogroup");
  say(group, "aria-label", "Variations");
  /** Only the one that is set takes the keyboard: Tab would else stop at each of them. @param {number} count */
  const ring = (count) => {
    counts.forEach((button, index) => {
      const set = index + 1 === count;
      mark(button, "sf-set", set);
      say(button, "aria-checked", String(set));
      say(button, "tabindex", set ? "0" : "-1");
    });
  };

  const model = makePicker("Model", (id) => draft.change({ model: id }));

  return {
    knobs: box(
      "sf-lines",
      line("Strength", box("sf-row", box("sf-column sf-grow", slider, marks), percent)),
      line("Variations", group),
      line("Model", model.field),
    ),
    /**
     * Show the fields as the draft has them.
     *
     * @param {View} view
     */
    show({ greyed, models }) {
      const { strength, count, model: id } = draft.fields;
      put(slider, { value: String(strength) });
      write(strength);
      greyField(slider, greyed.strength ?? "", TIP);
      mark(percent, "sf-faint", Boolean(greyed.strength));
      ring(count);
      for (const button of counts) greyButton(button, greyed.count ?? "");
      model.show(models, id, greyed.model ?? "", models.find((one) => one.id === id)?.why);
    },
  };
}
