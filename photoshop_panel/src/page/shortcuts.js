/** The keys of the page. While a text field has the keyboard, they are its own. */

/** What the keys do. Ctrl or Cmd: written as Ctrl. @typedef {Record<string, () => void>} Keymap */

/** Fields that take typing. */
const TYPED = new Set(["text", "number", "search", "password", "email", "url"]);

/** True where a key belongs to the field that has the keyboard. @param {EventTarget | null} target */
export function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return TYPED.has(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/**
 * What a key is called in a Keymap: "Ctrl+Shift+Z", "R", "[", "Escape".
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">} event
 */
export function called({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  const letter = key.length === 1 ? key.toUpperCase() : key;
  const shift = shiftKey && /^[A-Z]$/.test(letter); // "[" is with Shift on some keyboards and without on others
  return `${ctrlKey || metaKey ? "Ctrl+" : ""}${altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${letter}`;
}

/**
 * Listen to the keys.
 * @param {Keymap} keymap
 * @param {(held: boolean) => void} space told while Space is held
 */
export function listen(keymap, space) {
  addEventListener("keydown", (event) => {
    if (typing(event.target) || event.isComposing || event.defaultPrevented) return;
    if (event.key === " ") {
      if (event.target instanceof HTMLButtonElement) return; // Space presses it
      event.preventDefault();
      if (!event.repeat) space(true);
      return;
    }
    const act = keymap[called(event)];
    if (!act) return;
    event.preventDefault();
    act();
  });
  addEventListener("keyup", (event) => event.key === " " && space(false));
  addEventListener("blur", () => space(false));
}
