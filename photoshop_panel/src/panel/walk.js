/** Earlier prompts, one after the other. */

/**
 * A walk through what was written before. It starts at what is being written, which is never lost by walking.
 *
 * @param {string} draft what is being written
 * @param {string[]} history the newest last
 */
export function makeWalk(draft, history) {
  const stops = [draft, ...history.filter((one) => one !== draft).reverse()];
  let at = 0;
  /**
   * So many steps back (1) or forth (-1). Null at the ends.
   *
   * @param {number} back
   * @returns {string | null}
   */
  return (back) => {
    if (stops[at + back] === undefined) return null;
    at += back;
    return stops[at];
  };
}
