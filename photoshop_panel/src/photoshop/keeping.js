/** What the panel keeps on this machine: small texts, and the key that it was paired with. */

/** @import { Host, Keys } from "../seams.js" */

const KEY = "sfumato.key";

/**
 * UXP's localStorage, which survives a restart. A full one loses what is set, and says nothing: nothing depends on it.
 *
 * @returns {Host["store"]}
 */
export function makeStore() {
  return {
    get(name) {
      try {
        return localStorage.getItem(name);
      } catch {
        return null;
      }
    },
    set(name, text) {
      try {
        localStorage.setItem(name, text);
      } catch {
        // see above
      }
    },
  };
}

/**
 * The key in secureStorage: encrypted for this user. It is a cache by its documentation, and may vanish: then the panel
 * is paired again.
 *
 * @param {Uxp["storage"]["secureStorage"]} secure
 * @returns {Keys}
 */
export function makeKeys(secure) {
  return {
    async load() {
      try {
        const text = String.fromCharCode(...(await secure.getItem(KEY)));
        const found = /^([A-Za-z0-9]{1,64}) ([0-9a-f]{64})$/.exec(text);
        return found && { id: found[1], key: Uint8Array.from(found[2].match(/../g) ?? [], (one) => parseInt(one, 16)) };
      } catch {
        return null;
      }
    },
    async save(id, key) {
      const hex = Array.from(key, (one) => one.toString(16).padStart(2, "0")).join("");
      await secure.setItem(KEY, Uint8Array.from(`${id} ${hex}`, (one) => one.charCodeAt(0)));
    },
    async forget() {
      await secure.removeItem(KEY).catch(() => {}); // it is rejected where there is none
    },
  };
}
