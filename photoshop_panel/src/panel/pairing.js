/** The one field for what `sfumato pair` printed, and what the panel is meanwhile. */

import { box, control, mark, plain, press, put, say, see, words } from "./fittings.js";

/** @import { Act, Button, View } from "../seams.js" */

/**
 * A card that is there while a pairing text is needed.
 *
 * @param {Act} act
 */
export function makePairing(act) {
  const text = words("sf-text");
  say(text, "role", "status");
  const field = control("input", "Pairing text", "sf-field sf-grow");
  put(field, { type: "text", placeholder: "Paste it here" });
  for (const name of ["autocomplete", "autocapitalize", "autocorrect"]) say(field, name, "off");
  say(field, "spellcheck", "false");
  const pair = () => {
    if (field.value.trim()) act.pair(field.value.trim());
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !plain(event) || event.repeat) return;
    event.preventDefault();
    pair();
  });
  const button = press("sf-go", pair);
  put(button, { textContent: "Pair" });
  const card = box("sf-card", words("sf-heading", "Pair with your bridge"), text, box("sf-row", field, button));
  say(card, "role", "group");
  say(card, "aria-label", "Pair with your bridge");

  return {
    card,
    /**
     * Show what to do; once it is paired, forget what was typed: it is a secret.
     *
     * @param {View} view
     */
    show({ pairing }) {
      see(card, pairing !== null);
      put(text, { textContent: pairing ?? "" });
      if (pairing === null) put(field, { value: "" });
    },
  };
}

/**
 * The view of a panel that is not paired: no button does anything.
 *
 * @param {View} view
 * @returns {View}
 */
export function shut(view) {
  if (view.pairing === null) return view;
  const why = "Pair the panel first.";
  /** @param {Button} button @returns {Button} */
  const without = ({ label }) => ({ label, why });
  const { layer } = view;
  return {
    ...view,
    go: without(view.go),
    remove: without(view.remove),
    detail: without(view.detail),
    layer: layer && {
      name: layer.name,
      again: without(layer.again),
      vary: without(layer.vary),
      refine: without(layer.refine),
      edit: without(layer.edit),
    },
  };
}

/**
 * Grey whole parts of the panel. Their fields are not disabled one by one: what is written into them now is kept, and a
 * field that was disabled is never reached by Tab again in Photoshop (UXP's known issues, User Interface).
 *
 * @param {UxpElement[]} parts
 * @param {boolean} on
 */
export function veil(parts, on) {
  for (const part of parts) {
    mark(part, "sf-veiled", on);
    say(part, "aria-disabled", on ? "true" : null);
  }
}
