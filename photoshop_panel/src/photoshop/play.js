/** batchPlay: it resolves also where a command failed, with an `error` in the place of its result (batchplay.md). */

/**
 * Play commands. Throws what Photoshop says of the first that failed.
 *
 * @param {Photoshop["action"]} action
 * @param {PsAction[]} commands
 * @returns {Promise<PsAction[]>}
 */
export async function play(action, commands) {
  if (!commands.length) return [];
  const results = await action.batchPlay(commands, {});
  const failed = results.find((one) => one._obj === "error");
  if (failed) throw Object.assign(new Error(String(failed.message)), { number: failed.result });
  return results;
}

/**
 * A reference to a layer of a document, which need not be the active one.
 *
 * @param {number} id
 * @param {number} layer
 * @returns {PsAction[]}
 */
export function layerOf(id, layer) {
  return [
    { _ref: "layer", _id: layer },
    { _ref: "document", _id: id },
  ];
}

/**
 * Commands that show or hide layers.
 *
 * @param {number} id the document
 * @param {number[]} layers
 * @param {boolean} visible
 * @returns {PsAction[]}
 */
export function shown(id, layers, visible) {
  return layers.map((one) => ({ _obj: visible ? "show" : "hide", _target: layerOf(id, one) }));
}

/**
 * Commands that select layers, and no others, without showing them.
 *
 * @param {number} id the document
 * @param {number[]} layers none: no layer is selected
 * @returns {PsAction[]}
 */
export function selected(id, layers) {
  if (!layers.length) {
    const target = { _ref: "layer", _enum: "ordinal", _value: "targetEnum" };
    return [{ _obj: "selectNoLayers", _target: [target, { _ref: "document", _id: id }] }];
  }
  const more = { selectionModifier: { _enum: "selectionModifierType", _value: "addToSelection" } };
  return layers.map((one, at) => ({
    _obj: "select",
    _target: layerOf(id, one),
    makeVisible: false,
    ...(at ? more : {}),
  }));
}
