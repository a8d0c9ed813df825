/**
 * The mutual handshake, bound to the port: nothing secret crosses the wire (docs/protocol.md, *Handshake*). The port is
 * the one that was dialled, so that neither a stranger nor a relay on another port is believed.
 */
/** @import { Message } from "../seams.js" */
import { NONCE, VERSION } from "./limits.js";
import { refuse } from "./refusal.js";
import { hkdf, hmac, joined, same, sha256 } from "./sha256.js";

/**
 * How a conversation begins: `first` makes the answer to `hello` (`bytes`: as it arrived, with its prefix), `last` what
 * comes of the message that the bridge then says; it throws a Refusal where that does not prove the key.
 *
 * @template T
 * @typedef {{ awaits: string, first: (hello: Message, bytes: Uint8Array) => Message, last: (said: Message) => T }}
 *   Introduction
 */
/** @typedef {{ name: string, version: string, host: string }} About */
/** @typedef {{ id: string, key: Uint8Array }} Key */
/** @typedef {{ session: Uint8Array, resumed: boolean, version: string }} Welcomed `version`: the bridge's release */

/**
 * 32 bytes that only a holder of `key` can make, for this port and this very `hello`.
 *
 * @param {Uint8Array} key
 * @param {string} label ASCII
 * @param {Uint8Array} bridgeNonce
 * @param {Uint8Array} clientNonce
 * @param {number} port
 * @param {Uint8Array} hello
 * @param {string} id the key's, ASCII
 * @returns {Uint8Array}
 */
export function mac(key, label, bridgeNonce, clientNonce, port, hello, id) {
  const dialled = Uint8Array.of(port & 0xff, port >> 8);
  return hmac(key, joined(ascii(label), bridgeNonce, clientNonce, dialled, sha256(hello), ascii(id)));
}

/**
 * Come with a key.
 *
 * @param {Key} key
 * @param {About} about
 * @param {number} port
 * @param {Uint8Array | null} session to resume
 * @param {Uint8Array} [nonce]
 * @returns {Introduction<Welcomed>}
 */
export function introduce({ id, key }, about, port, session, nonce = random()) {
  let [bridgeNonce, heard, version] = [nonce, nonce, ""];
  return {
    awaits: "welcome",
    first(hello, bytes) {
      checkVersion(hello);
      [bridgeNonce, heard, version] = [hello.nonce, bytes, hello.version];
      const proof = mac(key, "sfumato.v1 client", bridgeNonce, nonce, port, bytes, id);
      const more = session ? { session } : {};
      return { t: "auth", client: about, protocol: VERSION, key_id: id, nonce, mac: proof, ...more };
    },
    last(welcome) {
      const proof = mac(key, "sfumato.v1 server", bridgeNonce, nonce, port, heard, id);
      if (!same(proof, welcome.mac)) throw stranger(port);
      return { session: welcome.session.slice(), resumed: welcome.resumed, version };
    },
  };
}

/**
 * Come with the 16 bytes of a pairing text; what comes of it is the key to come with from then on.
 *
 * @param {Uint8Array} secret
 * @param {About} about
 * @param {number} port
 * @param {Uint8Array} [nonce]
 * @returns {Introduction<Key>}
 */
export function introduceByPairing(secret, about, port, nonce = random()) {
  let [bridgeNonce, heard] = [nonce, nonce];
  return {
    awaits: "paired",
    first(hello, bytes) {
      checkVersion(hello);
      [bridgeNonce, heard] = [hello.nonce, bytes];
      const proof = mac(secret, "sfumato.v1 pair client", bridgeNonce, nonce, port, bytes, "");
      return { t: "pair", client: about, protocol: VERSION, nonce, mac: proof };
    },
    last(paired) {
      const id = paired.key_id;
      const proof = mac(secret, "sfumato.v1 pair server", bridgeNonce, nonce, port, heard, id);
      if (!same(proof, paired.mac)) throw stranger(port);
      const info = joined(ascii("sfumato.v1 key"), ascii(id));
      return { id, key: hkdf(secret, joined(bridgeNonce, nonce), info, NONCE) };
    },
  };
}

/**
 * @param {number} port
 * @returns {import("../seams.js").Refusal} something answers that is not the artist's bridge
 */
export function stranger(port) {
  const text = `Something answers on port ${port}, but it is not your bridge; nothing was sent to it. `;
  const next = "End that program, or start the bridge on another port: sfumato serve --port ";
  return refuse("auth.failed", `${text}${next}${port === 4718 ? 4719 : 4718}`, "later");
}

/** @param {Message} hello */
function checkVersion(hello) {
  const newest = hello.protocol[hello.protocol.length - 1];
  if (hello.protocol[0] <= VERSION && VERSION <= newest) return;
  const older = newest < VERSION ? "the bridge" : "the panel";
  throw refuse("auth.version", `The bridge speaks protocol ${newest}, this panel ${VERSION}. Update ${older}.`);
}

/** @returns {Uint8Array} */
function random() {
  return crypto.getRandomValues(new Uint8Array(NONCE));
}

/** @param {string} text */
function ascii(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
