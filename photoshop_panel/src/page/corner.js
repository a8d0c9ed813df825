/** The corner: what paints here, on what, and how much waits. */

/**
 * Shows the corner; an empty one is hidden.
 * @param {HTMLElement} list a `<dl>`
 * @returns {(corner: [string, string][]) => void}
 */
export function makeCorner(list) {
  let shown = "";
  return (corner) => {
    const now = JSON.stringify(corner);
    if (now === shown) return;
    shown = now;
    list.hidden = corner.length === 0;
    list.replaceChildren(
      ...corner.flatMap(([what, value]) => {
        const term = document.createElement("dt");
        const text = document.createElement("dd");
        term.textContent = what;
        text.textContent = text.title = value;
        return [term, text];
      }),
    );
  };
}
