/** @import { Refusal } from "../seams.js" */

/** Codes that end a conversation; the bridge closes right after the `error` (docs/protocol.md, *Errors*). */
export const ENDS = new Set([
  "wire.malformed",
  "wire.text",
  "auth.failed",
  "auth.key",
  "auth.pair",
  "auth.version",
  "auth.slow",
  "auth.elsewhere",
  "limit.session",
]);

/**
 * Something was refused: what happened, both numbers, what to do.
 *
 * @param {string} code one of docs/protocol.md
 * @param {string} text for an artist
 * @param {Refusal["retry"]} [retry] whether trying again can help
 * @returns {Refusal}
 */
export function refuse(code, text, retry = "never") {
  return Object.assign(new Error(text), { name: "Refusal", code, retry });
}

/**
 * @param {string} what
 * @returns {Refusal} `wire.malformed`: a fault of one of the two programs
 */
export function malformed(what) {
  return refuse("wire.malformed", `A message could not be read: ${what}. Update the panel or the bridge.`);
}
