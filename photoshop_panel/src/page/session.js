/** What the page remembers: until its tab is closed, and never longer. Another program may have this port tomorrow. */

/** @import { Host, Keys } from "../seams.js" */

const KEY = "sfumato-key";

/** The key that the page was paired with. @type {Keys} */
export const keys = {
  async load() {
    const kept = sessionStorage.getItem(KEY);
    if (!kept) return null;
    const { id, key } = JSON.parse(kept);
    return { id, key: Uint8Array.from(key) };
  },
  async save(id, key) {
    sessionStorage.setItem(KEY, JSON.stringify({ id, key: [...key] }));
  },
  async forget() {
    sessionStorage.removeItem(KEY);
  },
};

/** Small texts. A browser that keeps nothing forgets them; no more is lost. @type {Host["store"]} */
export const store = {
  get(name) {
    try {
      return sessionStorage.getItem(`sfumato-${name}`);
    } catch {
      return null;
    }
  },
  set(name, text) {
    try {
      sessionStorage.setItem(`sfumato-${name}`, text);
    } catch {
      // full, or forbidden by the browser's settings: nothing that matters depends on it
    }
  },
};

/** The pairing text that `sfumato open` put behind the address; taken away at once, so that no history keeps it. */
export function pairingText() {
  const text = location.hash.slice(1);
  if (text) history.replaceState(null, "", location.pathname);
  return text;
}
