/** Why something is greyed, in words below it: Photoshop shows no tooltip that one could rely on. */

/**
 * Gathers the sentences of one view. Several fields are greyed for the same reason; each sentence is said once, where
 * it comes first.
 */
export function makeReasons() {
  /** @type {Set<string>} */
  const known = new Set();
  /**
   * What of these texts was not said yet, as one text.
   *
   * @param {(string | undefined)[]} texts
   * @returns {string}
   */
  return (texts) => {
    const fresh = texts.flatMap(sentences).filter((one) => !known.has(one) && known.add(one));
    return fresh.join(" ");
  };
}

/**
 * The sentences of a text: each ends with a stop before a space.
 *
 * @param {string | undefined} text
 * @returns {string[]}
 */
function sentences(text) {
  return (text ?? "")
    .replace(/([.!?])\s+/g, "$1\n")
    .split("\n")
    .filter(Boolean);
}
