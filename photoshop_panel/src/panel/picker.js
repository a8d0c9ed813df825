/** A list to choose one of: models, LoRAs, layers to read. */

import { control, greyField, put } from "./fittings.js";

/** @import { Choice } from "../seams.js" */

/**
 * Shows choices and says which was taken. What cannot be chosen is greyed, with its reason beside it.
 *
 * @param {string} name
 * @param {(id: any) => void} chosen
 */
export function makePicker(name, chosen) {
  /** @type {Choice[]} */
  let listed = [];
  let index = -1;
  /** @type {UxpControl[]} */
  const options = [];
  const field = control("select", name, "sf-field sf-select");

  field.addEventListener("change", () => {
    const taken = listed[field.selectedIndex];
    if (!taken || taken.why) {
      put(field, { selectedIndex: index }); // UXP knows no disabled <option>
      return;
    }
    index = field.selectedIndex;
    chosen(taken.id);
  });

  /** List these; what is the same stays. @param {Choice[]} choices */
  const list = (choices) => {
    choices.forEach((one, at) => {
      if (options[at] && alike([one], [listed[at]])) return;
      const option = document.createElement("option"); // a new one: UXP goes on showing the text that one had first
      option.value = String(at); // without a value UXP's select has none either
      option.textContent = one.why ? `${one.title} – ${one.why}` : one.title;
      option.disabled = Boolean(one.why);
      field.insertBefore(option, options[at] ?? null);
      options[at]?.remove();
      options[at] = option;
    });
    for (const gone of options.splice(choices.length)) gone.remove();
    listed = choices;
  };

  return {
    field,
    /**
     * Show these, with one of them chosen. One that is not among them stands there by its id.
     *
     * @param {Choice[]} choices
     * @param {string | null} id
     * @param {string} why greys it
     * @param {string} [tip]
     */
    show(choices, id, why, tip) {
      const known = choices.some((one) => one.id === id);
      const all = known ? choices : [...choices, { id, title: id ?? "Default", why: "" }];
      if (!alike(all, listed)) list(all);
      index = all.findIndex((one) => one.id === id);
      put(field, { selectedIndex: index });
      greyField(field, why, tip);
    },
  };
}

/**
 * @param {Choice[]} ones
 * @param {Choice[]} others
 */
function alike(ones, others) {
  return (
    ones.length === others.length &&
    ones.every((one, at) => one.id === others[at].id && one.title === others[at].title && one.why === others[at].why)
  );
}
