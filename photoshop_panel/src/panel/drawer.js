/** *More*: what is set seldom. */

import { box, greyButton, line, mark, press, put, say, see, tell, words } from "./fittings.js";
import { makeLoras } from "./loras.js";
import { makeNumber } from "./number.js";
import { makePicker } from "./picker.js";
import { makePrompt } from "./prompt.js";
import { makeReasons } from "./reasons.js";

/** @import { Choice, View } from "../seams.js" */
/** @import { Draft } from "./draft.js" */

/** @type {Record<string, Choice[]>} */
const CHOICES = {
  sample: list({ all: "All layers", below: "Current and below", current: "Current layer" }),
  context: list({ auto: "Automatic", canvas: "Whole canvas" }),
  source: list({ near: "Near", wide: "Wide", all: "Whole picture" }),
};
/** @type {Record<string, string>} */
const TIPS = {
  steps: "More steps take longer. Empty: as many as the model needs.",
  guidance: "How closely the prompt is followed. Empty: as the model is made for.",
  seed: "The same seed paints the same again. Empty: each fill draws one.",
  sample: "Which layers are read. The result lies above them.",
  blend: "By how many pixels the layer grows beyond the selection.",
  context: "How much of the picture the model sees.",
  source: "How far away the built-in fill may copy from.",
};
const REASONED = "negative steps guidance seed locked sample blend context source loras".split(" ");

/**
 * A drawer with the fields that have a good value of their own.
 *
 * @param {() => void} go Enter was pressed in a field
 * @param {Draft} draft
 * @param {() => void} opened
 */
export function makeDrawer(go, draft, opened) {
  /** @param {string} name */
  const set = (name) => (/** @type {any} */ value) => draft.change({ [name]: value });
  const negative = makePrompt("Negative prompt", "What should not be there?", set("negative"), go);
  const auto = { empty: "auto", step: 1 };
  /** @type {Record<string, ReturnType<typeof makeNumber>>} */
  const numbers = {
    steps: makeNumber("Steps", { ...auto, least: 1, most: 150, whole: true }, set("steps"), go),
    guidance: makeNumber("Guidance", { ...auto, least: 0, most: 30, step: 0.5 }, set("guidance"), go),
    // A seed that was typed is meant to stay; an emptied one is not.
    seed: makeNumber("Seed", { empty: "random", least: 0, most: 2 ** 32 - 1, whole: true, step: 1 }, (seed) => {
      draft.change({ seed, locked: seed !== null });
      padlock();
    }, go),
    blend: makeNumber("Blend width", { empty: null, least: 0, most: 256, whole: true, step: 1 }, set("blend"), go),
  };
  const lock = press("sf-icon", () => {
    draft.change({ locked: !draft.fields.locked });
    padlock();
  });
  lock.appendChild(box("sf-lock", box("sf-shackle"), box("sf-body")));
  say(lock, "aria-label", "Keep the seed");
  let unlockable = "";
  const padlock = () => {
    const { locked } = draft.fields;
    mark(lock, "sf-set", locked);
    say(lock, "aria-pressed", String(locked));
    greyButton(lock, unlockable, locked ? "The seed stays as it is." : "Every fill draws a new seed.");
  };
  const loras = makeLoras(draft, go);
  const pickers = {
    sample: makePicker("Sample", set("sample")),
    context: makePicker("Context", set("context")),
    source: makePicker("Copy from", set("source")),
  };
  const above = words("sf-above", "Negative prompt");
  say(above, "aria-hidden", "true");
  const why = words("sf-why");
  const inside = box(
    "sf-inside",
    above,
    negative.whole,
    box(
      "sf-lines",
      line("Steps", numbers.steps.field),
      line("Guidance", numbers.guidance.field),
      line("Seed", box("sf-row", numbers.seed.field, lock)),
      line("Sample", pickers.sample.field),
      line("Blend width", box("sf-row", numbers.blend.field, words("sf-unit", "px"))),
      line("Context", pickers.context.field),
      line("Copy from", pickers.source.field),
      line("LoRAs", loras.picker),
    ),
    loras.worn,
    why,
  );

  let open = false;
  const turn = () => {
    open = !open;
    see(inside, open);
    mark(drawer, "sf-open", open);
    say(more, "aria-expanded", String(open));
    put(more, { textContent: open ? "▾ More" : "▸ More" });
    if (open) opened();
  };
  const more = press("sf-more", turn);
  say(more, "aria-label", "More");
  say(more, "aria-expanded", "false");
  put(more, { textContent: "▸ More" });
  see(inside, false);
  const drawer = box("sf-drawer", more, inside);

  return {
    drawer,
    /** Whether it is open. */
    get open() {
      return open;
    },
    /**
     * Show the fields as the draft has them.
     *
     * @param {View} view
     */
    show(view) {
      const { fields } = draft;
      const { greyed } = view;
      negative.show(fields.negative, greyed.negative ?? "");
      for (const [name, number] of Object.entries(numbers)) {
        number.show(/** @type {any} */ (fields)[name], greyed[name] ?? "", TIPS[name]);
      }
      unlockable = greyed.locked || greyed.seed || "";
      padlock();
      for (const [name, picker] of Object.entries(pickers)) {
        picker.show(CHOICES[name], /** @type {any} */ (fields)[name], greyed[name] ?? "", TIPS[name]);
      }
      loras.show(view);
      tell(why, makeReasons()(REASONED.map((name) => greyed[name])));
    },
  };
}

/**
 * @param {Record<string, string>} titles by what a recipe calls them
 * @returns {Choice[]}
 */
function list(titles) {
  return Object.entries(titles).map(([id, title]) => ({ id, title, why: "" }));
}
