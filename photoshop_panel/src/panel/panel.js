/**
 * The panel's window: it renders a View and calls an Act, and knows neither host nor bridge.
 *
 * This room lays it out. `prompt`, `knobs`, `drawer` and `loras` hold what the artist sets, on one `draft`; `bars`,
 * `pairing`, `easel` and `strip` show what there is to answer, to watch and to choose from.
 */

import { makeLayer, makeOffers } from "./bars.js";
import { makeDraft } from "./draft.js";
import { makeDrawer } from "./drawer.js";
import { makeEasel } from "./easel.js";
import { box, mark, press, put, say, see, showButton, tell, words } from "./fittings.js";
import { makeKnobs } from "./knobs.js";
import { makePairing, shut, veil } from "./pairing.js";
import { makePrompt } from "./prompt.js";
import { makeReasons } from "./reasons.js";
import { makeStrip } from "./strip.js";

/** @import { Act, Host, View } from "../seams.js" */

const FIRST_STEPS = "Select a part of the picture, say what should be there, and press Enter.";
/** The same where no prompt is read. */
const UNREAD_STEPS = "Select a part of the picture, and press Enter.";

/**
 * Make the panel in `root`, which it fills. It decides nothing: `show` renders a View, what the artist does goes to the
 * Act. panel.css has to be loaded.
 *
 * @param {UxpElement} root
 * @param {Act} act
 * @param {Host["hang"]} hang
 */
export function makePanel(root, act, hang) {
  const draft = makeDraft((fields) => act.edit(fields));
  let paired = true;
  const go = () => {
    if (paired) act.go();
  };

  const title = words("sf-title sf-heading");
  const waiting = words("sf-bar sf-waiting");
  say(waiting, "role", "status");
  const pairing = makePairing(act);
  const offers = makeOffers(act);
  const prompt = makePrompt("Prompt", "What should be there?", (text) => draft.change({ prompt: text }), go);
  const unread = words("sf-why");
  const knobs = makeKnobs(draft);
  const goes = press("sf-go", go);
  const remove = press("", () => act.remove());
  const detail = press("", () => act.detail());
  const doing = box("sf-doing", goes, remove, detail);
  const plan = words("sf-plan sf-small");
  const notes = words("sf-why");
  const cannot = words("sf-why");
  const easel = makeEasel(act, hang);
  const error = words("sf-bar sf-error");
  say(error, "role", "alert");
  const strip = makeStrip(act, hang);
  const layer = makeLayer(act, draft);
  const hint = words("sf-hint");
  const drawer = makeDrawer(go, draft, () => {
    invite();
    column.scrollTop = drawer.drawer.offsetTop - column.offsetTop;
  });
  const status = words("sf-status");
  say(status, "role", "status");

  const said = box("sf-said", plan, notes, cannot);
  const fields = box("sf-part sf-fields", prompt.whole, unread, knobs.knobs, doing, said);
  const results = box("sf-part", easel.progress, easel.preview, strip.strip, layer.layer);
  const column = box(
    "sf-column sf-page",
    title,
    waiting,
    pairing.card,
    offers.offers,
    fields,
    error,
    results,
    hint,
    drawer.drawer,
  );
  mark(root, "sf", true);
  say(root, "tabindex", "-1"); // so that Esc is heard after a click beside the controls
  for (const part of [column, status]) root.appendChild(part);

  root.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") act.cancel();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) go();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** Where the error stands: above the results, or right below the card. @param {UxpElement} follower */
  const lead = (follower) => {
    if (follower === led) return;
    led = follower;
    column.insertBefore(error, follower);
  };
  let led = results;
  let idle = false;
  const invite = () => see(hint, idle && !drawer.open);

  return {
    /**
     * Show this. May be called many times a second: only what differs is touched.
     *
     * @param {View} given
     */
    show(given) {
      const view = shut(given);
      const why = view.greyed;
      paired = view.pairing === null;
      draft.hear(view.fields);
      tell(title, view.title);
      const other = (/** @type {string} */ text) => (text === view.pairing ? "" : text); // the card says it
      tell(status, other(view.status));
      put(status, { title: view.status });
      tell(waiting, view.waiting);
      pairing.show(view);
      lead(paired ? results : offers.offers);
      veil([fields, results, drawer.drawer], !paired);
      offers.show(view);

      const reasons = makeReasons();
      prompt.show(draft.fields.prompt, why.prompt ?? "", view.history);
      tell(unread, reasons([why.prompt]));
      knobs.show(view);
      showButton(goes, view.go);
      showButton(remove, view.remove, "Take away what is selected.");
      see(remove, view.remove.label !== view.go.label); // one button that says so is enough
      showButton(detail, view.detail, "Sharpen what is selected, pixel by pixel.");
      tell(plan, paired ? reasons([view.go.why]) || view.plan : "");
      tell(notes, view.notes.join("\n"));
      const { strength, count, model } = why;
      tell(cannot, paired ? reasons([strength, count, model, view.remove.why, view.detail.why]) : "");
      easel.show(view);
      tell(error, other(view.error));
      strip.show(view);
      layer.show(view, paired ? reasons : () => "");

      put(hint, { textContent: why.prompt ? UNREAD_STEPS : FIRST_STEPS });
      const empty = !(view.tiles.length || view.preview || view.layer || view.error);
      idle = paired && Boolean(view.title) && view.fraction === null && empty;
      invite();
      drawer.show(view);
    },

    /** Ready to write: where no prompt is read, ready for Enter. */
    focus() {
      (prompt.field.disabled ? goes : prompt.field).focus();
    },
  };
}
