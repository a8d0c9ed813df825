/** A tab for each open document; one alone needs none. */

/** @import { Album } from "./album.js" */
/** @import { PageDocument } from "./document.js" */

/**
 * Shows the tabs.
 * @param {HTMLElement} strip
 * @param {Album} album
 * @param {(document: PageDocument) => void} close asked to close a document
 * @returns {() => void} to be called when the album has changed
 */
export function makeTabs(strip, album, close) {
  /** @param {PageDocument} one */
  const tab = (one) => {
    const item = document.createElement("span");
    const name = document.createElement("button");
    const away = document.createElement("button");
    item.className = "tab";
    name.type = away.type = "button";
    name.className = "tab-name";
    away.className = "away";
    name.textContent = name.title = one.name;
    away.textContent = "×";
    away.setAttribute("aria-label", `Close ${one.name}`);
    name.addEventListener("click", () => album.turnTo(one));
    away.addEventListener("click", () => close(one));
    item.append(name, away);
    return { item, name };
  };
  /** @type {Map<PageDocument, ReturnType<typeof tab>>} */
  let tabs = new Map();
  return () => {
    const before = tabs;
    tabs = new Map(album.documents.map((one) => [one, before.get(one) ?? tab(one)]));
    for (const [one, { item }] of before) if (!tabs.has(one)) item.remove();
    for (const [one, { item, name }] of tabs) {
      name.setAttribute("aria-current", String(one === album.active));
      if (!item.isConnected) strip.append(item);
    }
    strip.hidden = album.documents.length === 0;
  };
}
