/** A number that may be left to somebody else. */

import { control, greyField, mark, put, say } from "./fittings.js";
import { read, stepped, written } from "./reading.js";

/** @import { Range } from "./reading.js" */

/**
 * An entry for digits. Empty means null, and the entry says in grey who decides then; `empty: null` where somebody has
 * to be told a number. The arrow keys go one step, with Shift ten.
 *
 * What is no number of its range is marked and not told; the entry returns to the last one that was when left.
 *
 * @param {string} name
 * @param {Range & { empty: string | null, step: number }} range
 * @param {(value: any) => void} changed
 * @param {() => void} entered Enter was pressed
 */
export function makeNumber(name, range, changed, entered) {
  /** @type {number | null} */
  let value = null;
  const field = control("input", name, "sf-field sf-number");
  put(field, { type: "text", placeholder: range.empty ?? "" });
  say(field, "autocomplete", "off");

  /** @param {boolean} wrong */
  const doubt = (wrong) => {
    mark(field, "sf-wrong", wrong);
    say(field, "aria-invalid", wrong ? "true" : null);
  };
  const write = () => {
    put(field, { value: written(value, range) });
    doubt(false);
  };

  field.addEventListener("input", () => {
    const meant = read(field.value, range);
    const wrong = meant === undefined || (meant === null && range.empty === null);
    doubt(wrong);
    if (wrong) return;
    value = meant;
    changed(meant);
  });
  field.addEventListener("blur", () => {
    if (field.classList.contains("sf-wrong")) write();
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const up = { ArrowUp: 1, ArrowDown: -1 }[/** @type {string} */ (event.key)];
    if (up && value !== null) {
      event.preventDefault();
      value = stepped(value, event.shiftKey ? 10 * up : up, range.step, range);
      write();
      changed(value);
    } else if (event.key === "Enter" && !event.shiftKey && !event.repeat) {
      event.preventDefault();
      entered();
    }
  });

  return {
    field,
    /**
     * Show a number; what is being typed stays as it is where it means the same.
     *
     * @param {number | null} now
     * @param {string} why greys it
     * @param {string} [tip]
     */
    show(now, why, tip) {
      if (now !== value) {
        value = now;
        write();
      }
      greyField(field, why, tip);
    },
  };
}
