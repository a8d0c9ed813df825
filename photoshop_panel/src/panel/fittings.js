/** What every part of the panel is built from. No part knows another; each shows its piece of a View. */

/** @import { Button } from "../seams.js" */

/**
 * A box with what is in it.
 *
 * @param {string} classes
 * @param {...UxpElement} inside
 * @returns {UxpElement}
 */
export function box(classes, ...inside) {
  const made = document.createElement("div");
  made.className = classes;
  for (const one of inside) made.appendChild(one);
  return made;
}

/**
 * A line of text.
 *
 * @param {string} classes
 * @param {string} [text]
 * @returns {UxpElement}
 */
export function words(classes, text = "") {
  const made = box(classes);
  made.textContent = text;
  return made;
}

/**
 * A control with a name for screen readers and tests.
 *
 * @param {"input" | "textarea" | "select"} kind
 * @param {string} name
 * @param {string} classes
 * @returns {UxpControl}
 */
export function control(kind, name, classes) {
  const made = document.createElement(kind);
  made.className = classes;
  say(made, "aria-label", name);
  return made;
}

/**
 * Set the properties that differ. Setting one to what it is may draw it anew, or move a caret, many times a second.
 *
 * @param {UxpElement} element
 * @param {Record<string, unknown>} values
 */
export function put(element, values) {
  const there = /** @type {any} */ (element);
  for (const [name, value] of Object.entries(values)) {
    if (there[name] !== value) there[name] = value;
  }
}

/**
 * Set an attribute where it differs; null takes it away.
 *
 * @param {UxpElement} element
 * @param {string} name
 * @param {string | null} value
 */
export function say(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/**
 * Give it a class, or take it away, where that differs.
 *
 * @param {UxpElement} element
 * @param {string} name
 * @param {boolean} on
 */
export function mark(element, name, on) {
  if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}

/**
 * Show it or not. UXP does not know the attribute `hidden`, and was seen to pass over a `display` that a class brings.
 *
 * @param {UxpElement} element
 * @param {boolean} visible
 */
export function see(element, visible) {
  const display = visible ? "" : "none";
  if (element.style.display !== display) element.style.display = display;
}

/**
 * Show a text, or nothing at all where it is empty.
 *
 * @param {UxpElement} element
 * @param {string} text
 */
export function tell(element, text) {
  put(element, { textContent: text });
  see(element, Boolean(text));
}

/**
 * A button, which `showButton` writes on. Greyed it does nothing. It is no `<button>`: Photoshop draws those itself, as
 * grey pills that take no colour and nothing but text (reported by authors of at least five plug-ins).
 *
 * @param {string} classes
 * @param {() => void} pressed
 * @returns {UxpElement}
 */
export function press(classes, pressed) {
  const made = box(`sf-button ${classes}`);
  say(made, "role", "button");
  say(made, "tabindex", "0");
  const go = () => {
    if (usable(made)) pressed();
  };
  made.addEventListener("click", go);
  made.addEventListener("keydown", (event) => {
    if (!plain(event) || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    if (!event.repeat) go();
  });
  return made;
}

/**
 * Grey a button and say why. It keeps the keyboard: whoever pressed it by a key can press it again.
 *
 * @param {UxpElement} button
 * @param {string} why empty: it can be used
 * @param {string} [tip]
 */
export function greyButton(button, why, tip = "") {
  mark(button, "sf-greyed", Boolean(why));
  say(button, "aria-disabled", why ? "true" : null);
  put(button, { title: why || tip });
}

/**
 * Whether a button is not greyed. By its class: UXP promises nothing of attributes whose name begins with `aria`.
 *
 * @param {UxpElement} button
 */
export function usable(button) {
  return !button.classList.contains("sf-greyed");
}

/**
 * Grey a field and say why.
 *
 * @param {UxpControl} field
 * @param {string} why empty: it can be used
 * @param {string} [tip]
 */
export function greyField(field, why, tip = "") {
  put(field, { disabled: Boolean(why), title: why || tip });
}

/**
 * Write on a button and grey it as the View says.
 *
 * @param {UxpElement} widget
 * @param {Button} button
 * @param {string} [tip]
 */
export function showButton(widget, button, tip = "") {
  put(widget, { textContent: button.label });
  greyButton(widget, button.why, tip);
}

/**
 * A label and what it names, side by side, or one below the other where the panel is narrow.
 *
 * @param {string} label
 * @param {...UxpElement} inside
 * @returns {UxpElement}
 */
export function line(label, ...inside) {
  const name = words("sf-label", label);
  say(name, "aria-hidden", "true"); // the control bears the same name itself: UXP has no <label for>
  return box("sf-line", name, box("sf-value", ...inside));
}

/**
 * Whether a key means its plain self: no other key is held, and no input method is composing with it.
 *
 * @param {UxpKeyEvent} event
 * @returns {boolean}
 */
export function plain(event) {
  return !(event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
}
