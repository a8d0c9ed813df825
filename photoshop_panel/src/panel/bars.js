/** What can be answered: offers, and what the layer at hand can be asked for. */

import { box, press, put, say, see, showButton, tell, words } from "./fittings.js";

/** @import { Act, Offer, View } from "../seams.js" */
/** @import { Draft } from "./draft.js" */
/** @import { makeReasons } from "./reasons.js" */

/**
 * The bars with a question, at the top.
 *
 * @param {Act} act
 */
export function makeOffers(act) {
  /** @type {Map<string, UxpElement>} */
  const bars = new Map();
  const offers = box("sf-bars");

  /** @param {Offer} offer */
  const bar = ({ key, text, answers }) => {
    const said = words("sf-text", text);
    say(said, "role", "status");
    const buttons = answers.map(([word, label]) => {
      const button = press("", () => act.answer(key, word));
      put(button, { textContent: label });
      return button;
    });
    const made = box("sf-bar", said, box("sf-answers", ...buttons));
    say(made, "role", "group");
    say(made, "aria-label", text);
    return made;
  };

  return {
    offers,
    /**
     * Show what is asked now. Bars that stayed are not made anew: a finger may be on a button.
     *
     * @param {View} view
     */
    show(view) {
      const asked = new Map(view.offers.map((offer) => [JSON.stringify(offer), offer]));
      for (const [same, gone] of bars) {
        if (asked.has(same)) continue;
        gone.remove();
        bars.delete(same);
      }
      [...asked].forEach(([same, offer], at) => {
        const one = bars.get(same) ?? bar(offer);
        bars.set(same, one);
        if (offers.children[at] !== one) offers.insertBefore(one, offers.children[at] ?? null);
      });
      see(offers, view.offers.length > 0);
    },
  };
}

/**
 * The bar of the layer at hand, among the results, where it moves nothing that one writes into.
 *
 * @param {Act} act
 * @param {Draft} draft
 */
export function makeLayer(act, draft) {
  const name = words("sf-title");
  const again = press("", () => act.again());
  const vary = press("", () => act.vary());
  const refine = press("", () => act.refine());
  const edit = press("", () => {
    draft.giveWay();
    act.editSettings();
  });
  const why = words("sf-why");
  const layer = box("sf-bar", name, box("sf-asks", again, vary, refine, edit), why);
  say(layer, "role", "group");

  return {
    layer,
    /**
     * Show what can be done with it.
     *
     * @param {View} view
     * @param {ReturnType<typeof makeReasons>} reasons
     */
    show(view, reasons) {
      see(layer, view.layer !== null);
      if (!view.layer) return;
      const can = view.layer;
      put(name, { textContent: can.name, title: can.name });
      say(layer, "aria-label", can.name);
      showButton(again, can.again, "Once more, with another seed.");
      showButton(vary, can.vary, "Relatives of this layer.");
      showButton(refine, can.refine, "Repaint this layer by the prompt, keeping some of it.");
      showButton(edit, can.edit, "Take its settings into the fields.");
      tell(why, reasons([can.again.why, can.vary.why, can.refine.why, can.edit.why]));
    },
  };
}
