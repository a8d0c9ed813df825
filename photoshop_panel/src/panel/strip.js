/** The variations that are there, as thumbnails. */

import { box, mark, plain, put, say, see } from "./fittings.js";
import { makeFrame } from "./shots.js";

/** @import { Act, Host, Shot, Tile, View } from "../seams.js" */

/** A thumbnail fits into a square of so many px: four of them in a row of a panel of 320. */
const SIDE = 64;

/**
 * Thumbnails in rows. A click or the arrow keys show a variation in the document; the one that is shown there is
 * framed.
 *
 * @param {Act} act
 * @param {Host["hang"]} hang
 */
export function makeStrip(act, hang) {
  /** @type {Tile[]} */
  let tiles = [];
  /** @type {Map<string, { tile: UxpElement, show(shot: Shot | null): void }>} */
  const hung = new Map();
  const strip = box("sf-strip");
  say(strip, "role", "listbox");
  say(strip, "aria-label", "Variations");

  /** @param {string} key */
  const make = (key) => {
    const frame = makeFrame(hang, "sf-thumb", within);
    const tile = box("sf-tile", frame.frame);
    say(tile, "role", "option");
    say(tile, "tabindex", "-1");
    tile.addEventListener("click", () => choose(key));
    tile.addEventListener("keydown", (event) => {
      if (plain(event) && step(event.key, key)) event.preventDefault();
    });
    const one = {
      tile,
      /** The tile has its height before the picture is there: nothing below it moves. @param {Shot | null} shot */
      show(shot) {
        if (shot) [, frame.frame.style.height] = within(shot);
        frame.show(shot);
      },
    };
    hung.set(key, one);
    return one;
  };

  /** Only one tile takes the keyboard: Tab would else stop at each. @param {string} key */
  const reach = (key) => {
    for (const [one, { tile }] of hung) say(tile, "tabindex", one === key ? "0" : "-1");
  };
  /** @param {string} key */
  const choose = (key) => {
    reach(key);
    hung.get(key)?.tile.focus();
    if (!tiles.find((tile) => tile.key === key)?.shown) act.choose(key);
  };
  /** True where the key means something here. @param {string} pressed @param {string} key */
  const step = (pressed, key) => {
    const at = tiles.findIndex((tile) => tile.key === key);
    const row = Math.max(1, Math.floor(strip.offsetWidth / ((hung.get(key)?.tile.offsetWidth ?? SIDE) + 2)));
    const last = tiles.length - 1;
    /** @type {Record<string, number>} */
    const ways = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - row, ArrowDown: at + row, Home: 0, End: last };
    const to = pressed === " " || pressed === "Enter" ? at : ways[pressed];
    if (to === undefined) return false;
    if (tiles[to]) choose(tiles[to].key);
    return true;
  };

  return {
    strip,
    /**
     * Show these. A thumbnail that stayed is neither moved nor drawn again.
     *
     * @param {View} view
     */
    show(view) {
      tiles = view.tiles;
      const keys = new Set(tiles.map((tile) => tile.key));
      for (const [key, one] of hung) {
        if (keys.has(key)) continue;
        one.show(null);
        one.tile.remove();
        hung.delete(key);
      }
      tiles.forEach(({ key, title, shot, shown }, at) => {
        const one = hung.get(key) ?? make(key);
        if (strip.children[at] !== one.tile) strip.insertBefore(one.tile, strip.children[at] ?? null);
        one.show(shot);
        put(one.tile, { title });
        say(one.tile, "aria-label", title);
        say(one.tile, "aria-selected", String(shown));
        mark(one.tile, "sf-shown", shown);
      });
      if (tiles.length && !strip.contains(document.activeElement)) {
        reach((tiles.find((tile) => tile.shown) ?? tiles[0]).key);
      }
      see(strip, tiles.length > 0);
    },
  };
}

/**
 * Width and height of a picture in a square.
 *
 * @param {Shot} shot
 * @returns {[string, string]}
 */
function within(shot) {
  const fit = SIDE / Math.max(shot.width, shot.height);
  return [`${Math.max(1, Math.round(shot.width * fit))}px`, `${Math.max(1, Math.round(shot.height * fit))}px`];
}
