/** What is being painted: how far it is, how it looks so far, and the way to stop it. */

import { box, press, put, say, see, showButton, words } from "./fittings.js";
import { makeFrame } from "./shots.js";

/** @import { Act, Host, Shot, View } from "../seams.js" */

/** A preview is at most so many times as high as the panel is wide. */
const TALLEST = 0.75;

/**
 * Progress and preview. Visible only while something runs.
 *
 * @param {Act} act
 * @param {Host["hang"]} hang
 */
export function makeEasel(act, hang) {
  const doing = words("sf-small sf-grow");
  const done = box("sf-done");
  const bar = box("sf-progress", done);
  say(bar, "role", "progressbar");
  say(bar, "aria-label", "Progress");
  say(bar, "aria-valuemin", "0");
  say(bar, "aria-valuemax", "100");
  const cancel = press("sf-cancel", () => act.cancel());
  const progress = box("sf-easel", box("sf-row", box("sf-column sf-grow", doing, bar), cancel));
  const frame = makeFrame(hang, "sf-preview", (shot) => [`${width(shot)}%`, "auto"]);
  say(frame.frame, "role", "img");
  say(frame.frame, "aria-label", "Preview");

  return {
    progress,
    preview: frame.frame,
    /**
     * Show how far it is.
     *
     * @param {View} view
     */
    show(view) {
      const percent = String(Math.round(100 * Math.min(1, Math.max(0, view.fraction ?? 0))));
      see(progress, view.fraction !== null);
      put(doing, { textContent: view.doing });
      say(bar, "aria-valuenow", percent);
      say(bar, "aria-valuetext", view.doing || `${percent} %`);
      if (done.style.width !== `${percent}%`) done.style.width = `${percent}%`;
      showButton(cancel, view.cancel, "Esc");
      frame.show(view.preview);
      see(frame.frame, view.preview !== null);
    },
  };
}

/**
 * How wide a picture hangs, in percent of the panel, so that it is no higher than TALLEST.
 *
 * @param {Shot} shot
 */
function width(shot) {
  return Math.round(100 * Math.min(1, (TALLEST * shot.width) / shot.height));
}
