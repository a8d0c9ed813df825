/** A text of a few lines that the artist writes: Enter goes, Shift+Enter is a new line, arrow keys walk the history. */

import { box, control, greyField, plain, put, say } from "./fittings.js";
import { makeWalk } from "./walk.js";

/** px: two lines, and eight. Beyond them the field scrolls in a browser; UXP's does not, and hides the rest. */
const LEAST = 54;
const MOST = 164;

/**
 * The text field. Its text is the artist's: `show` changes it only where it is another one.
 *
 * @param {string} name
 * @param {string} invitation stands in it while it is empty
 * @param {(text: string) => void} changed
 * @param {() => void} entered
 */
export function makePrompt(name, invitation, changed, entered) {
  /** @type {string[]} */
  let history = [];
  /** @type {((back: number) => string | null) | null} */
  let walk = null;
  let composing = false;
  const field = control("textarea", name, "sf-field sf-prompt");
  /** The same text, as wide and never seen: it tells how high the field has to be. */
  const echo = box("sf-echo");
  const unseen = box("sf-unseen", echo);
  say(unseen, "aria-hidden", "true"); // a screen reader would read it twice
  let fitting = false;
  const fit = () => {
    if (fitting) return;
    fitting = true;
    requestAnimationFrame(() => {
      fitting = false;
      put(echo, { textContent: `${field.value}\u200b` }); // an empty last line counts, too
      requestAnimationFrame(() => {
        const height = `${Math.min(MOST, Math.max(LEAST, echo.offsetHeight + 2))}px`;
        if (field.style.height !== height) field.style.height = height;
      });
    });
  };
  /** @param {string} text */
  const write = (text) => {
    field.value = text;
    field.selectionStart = field.selectionEnd = text.length;
    fit();
  };
  /** One step through the history; false at its ends. @param {number} back */
  const step = (back) => {
    const walking = walk ?? makeWalk(field.value, history);
    const text = walking(back);
    if (text === null) return false;
    walk = walking;
    write(text);
    changed(text);
    return true;
  };

  field.addEventListener("compositionstart", () => {
    composing = true;
  });
  field.addEventListener("compositionend", () => {
    composing = false;
  });
  field.addEventListener("input", () => {
    walk = null;
    fit();
    changed(field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (composing || !plain(event)) return; // Enter and the arrows belong to the input method while it composes
    if (event.key === "Enter") {
      event.preventDefault();
      if (!event.repeat) entered();
      return;
    }
    const back = { ArrowUp: 1, ArrowDown: -1 }[/** @type {string} */ (event.key)];
    if (!back) return;
    const caret = field.selectionStart;
    const end = field.value.length;
    if (caret !== field.selectionEnd) return;
    if (walk && caret === end) {
      if (step(back)) event.preventDefault();
      return;
    }
    const beyond = back > 0 ? field.value.slice(0, caret) : field.value.slice(caret);
    if (beyond.includes("\n")) return;
    // Where a long line breaks is known to nobody but the field. So let the key move the caret; where it stayed, or
    // went to the very end as most systems have it, that was the first or the last line.
    setTimeout(() => {
      if (field.value.length === end && [caret, back > 0 ? 0 : end].includes(field.selectionStart)) step(back);
    }, 0);
  });

  return {
    field,
    whole: box("sf-column", field, unseen),
    /**
     * Show a text.
     *
     * @param {string} text
     * @param {string} why greys the field
     * @param {string[]} [used] the history, the newest last
     */
    show(text, why, used = []) {
      history = used;
      if (text !== field.value && !composing) {
        walk = null;
        write(text);
      }
      greyField(field, why);
      put(field, { placeholder: why ? "" : invitation });
    },
  };
}
