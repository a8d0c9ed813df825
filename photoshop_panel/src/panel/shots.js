/** Small pictures on the screen. */

import { box, see } from "./fittings.js";

/** @import { Host, Shot } from "../seams.js" */

/**
 * A place where one picture hangs. What hangs there is taken down, and its memory freed, as soon as another one is
 * ready or none is wanted; a picture that was ready too late is never shown.
 *
 * @param {Host["hang"]} hang
 * @param {string} classes
 * @param {(shot: Shot) => [string, string]} fit width and height of a picture, as CSS lengths
 */
export function makeFrame(hang, classes, fit) {
  const picture = document.createElement("img");
  picture.alt = "";
  const frame = box(`sf-frame ${classes}`, picture);
  /** @type {Shot | null} */
  let wanted = null;
  let free = () => {};
  see(picture, false);

  /** @param {Shot} shot */
  const ready = async (shot) => {
    /** @type {{ url: string, free(): void }} */
    let hung;
    try {
      hung = await hang(shot);
    } catch {
      return; // without a picture the panel still works
    }
    if (shot !== wanted) {
      hung.free();
      return;
    }
    const before = free;
    free = () => hung.free();
    [picture.style.width, picture.style.height] = fit(shot);
    picture.src = hung.url;
    see(picture, true);
    before();
  };

  return {
    frame,
    /**
     * Show this picture, or none.
     *
     * @param {Shot | null} shot
     */
    show(shot) {
      if (alike(shot, wanted)) return;
      wanted = shot;
      if (shot) {
        ready(shot);
      } else {
        see(picture, false);
        picture.removeAttribute("src");
        free();
        free = () => {};
      }
    },
  };
}

/**
 * Whether two pictures are the same. Nearly always that is told without looking at a pixel.
 *
 * @param {Shot | null} one
 * @param {Shot | null} other
 */
function alike(one, other) {
  if (one === other || !one || !other) return one === other;
  const [mine, theirs] = [one.pixels, other.pixels];
  if (one.width !== other.width || one.channels !== other.channels || mine.length !== theirs.length) return false;
  return mine === theirs || mine.every((value, at) => value === theirs[at]);
}
