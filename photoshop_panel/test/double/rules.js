/**
 * The rules that the double enforces, each with where it stands. `assumed`: no document and no report says so. Those
 * are on the live checklist, and nothing depends on one without the fallback that is named.
 *
 * docs: AdobeDocs/uxp-photoshop, src/pages/ps-reference, as of 2026-07-08; uxp-api: src/pages/uxp-api there.
 */
export const RULES = {
  "modal.write": { source: "docs media/executeasmodal.md; message: guides/getting-started/editing-the-document" },
  "modal.read": { source: "reported of Photoshop 27.9.1 and 2026: imaging reads outside of a modal scope, same text" },
  "modal.name": { source: "docs media/executeasmodal.md, options: commandName is required" },
  "modal.busy": { source: "docs media/executeasmodal.md: e.number == 9 while somebody else is modal" },
  "modal.nested": { source: "docs media/executeasmodal.md, Notes: nested modal scopes" },
  "modal.silent": { source: "docs media/executeasmodal.md, Event Notifications: none inside of a modal scope" },
  "history.suspend": { source: "docs media/executeasmodal.md: one state with the name that was given" },
  "history.rollback": { source: "docs media/executeasmodal.md: resumeHistory(id, false), and a scope that throws" },
  "history.tick": { source: "reported by zombieyang/sd-ppp: what ends in the tick of resumeHistory is not coalesced" },
  "history.visibility": {
    assumed: true,
    says: "a rollback leaves visibility as it is, because it is no matter of history by default",
    fallback: "isolating.js shows again what it hid before it rolls back",
  },
  "history.forward": {
    assumed: true,
    says: "a suspension that is rolled back keeps the states that can be redone",
    fallback: "only readings of 'below', 'current' and Again suspend; redo after one of them is lost at worst",
  },
  "pixels.trimmed": { source: "docs media/imaging.md, sourceBounds: trimmed to the region that contains pixel data" },
  "pixels.empty": {
    assumed: true,
    says: "where no pixel is, getPixels throws",
    fallback: "reading.js does not ask where no visible layer has a pixel",
  },
  "pixels.integers": { source: "docs media/imaging.md: bounds in pixels; right and bottom are exclusive" },
  "pixels.components": { source: "docs media/imaging.md: 3 or 4 components by whether the source has alpha" },
  "pixels.background": {
    assumed: true,
    says: "the composite of a document with a visible Background layer has 3 components",
    fallback: "reading.js asks the guest to ask anew with 4, and remembers it",
  },
  "pixels.minusone": { source: "reported: zombieyang/sd-ppp#90, componentSize 8 of a 16-bit document: Code: -1" },
  "pixels.range": { source: "docs media/imaging.md: 16 bits are 0..32768, with fullRange 0..65535" },
  "pixels.profile": { source: "docs media/imaging.md: without colorProfile the document's own" },
  "pixels.straight": {
    assumed: true,
    says: "alpha is straight on reading (reported only of writing, SignagePrevizMaster)",
    fallback: "where all is opaque it makes no difference; the self-test reads a half transparent layer",
  },
  "pixels.linear": {
    assumed: true,
    says: "32-bit documents give and take linear light, also with sRGB's profile asked for",
    fallback: "the self-test reads middle gray of a 32-bit document; only how bright the model sees it hangs on it",
  },
  "pixels.count": { source: "docs media/imaging.md: elements == width * height * components" },
  "pixels.depth": { source: "docs media/imaging.md: an array's type is its depth; peers match the document's" },
  "pixels.target": { source: "docs media/imaging.md, targetBounds: without it at (0, 0)" },
  "pixels.layer": { source: "docs media/imaging.md, putPixels: the target must be a pixel layer" },
  "pixels.dispose": { source: "docs media/imaging.md, Performance considerations" },
  "pixels.modes": {
    assumed: true,
    says: "putPixels converts sRGB into CMYK, Lab and Gray documents (promised for profiles in general)",
    fallback: "an error rolls back, the layer is held and offered as a new document",
  },
  "mask.gray": { source: "docs media/imaging.md: one component, Grayscale, Gray Gamma 2.2" },
  "mask.fresh": {
    assumed: true,
    says: "putLayerMask makes a mask where a layer has none",
    fallback: "writing.js makes a white mask by batchPlay and puts it again",
  },
  "mask.depth": {
    assumed: true,
    says: "masks are bytes in documents of any depth",
    fallback: "writing.js tries the document's own depth next; reading.js takes all three",
  },
  "mask.outside": {
    assumed: true,
    says: "a mask that was put covers nothing beyond its box",
    fallback: "the layer has no pixels there; a mask that is read smaller than asked for is 0 beyond",
  },
  "mask.bounds": { source: "reported (softpsd): bounds are cut by the layer mask, boundsNoMask are not" },
  "selection.trimmed": { source: "docs media/imaging.md, getSelection: sourceBounds are the actual bounds" },
  "selection.none": { source: "docs classes/selection.md: bounds; null where nothing is selected (25.0)" },
  "selection.beyond": { source: "docs classes/selection.md: bounds can exceed the canvas" },
  "selection.solid": { source: "docs classes/selection.md: solid" },
  "layer.above": { source: "docs classes/layer.md, move: placeBefore is above; constants: ElementPlacement" },
  "layer.active": {
    assumed: true,
    says: "a new layer is selected, and comes above the selected one, in its group",
    fallback: "writing.js moves it by hand, selects what was selected, and verifies",
  },
  "layer.document": {
    assumed: true,
    says: "createPixelLayer of a document that is not active works on the active one",
    fallback: "canvas.js makes the document active first, and verifies where the layer lies",
  },
  "layer.group": {
    assumed: true,
    says: "createLayerGroup with fromLayers makes the group where the uppermost of them lies",
    fallback: "writing.js moves group and layer to their places by hand, and verifies",
  },
  "layer.background": { source: "docs constants ElementPlacement: nothing lies below a Background layer" },
  "document.path": {
    assumed: true,
    says: "path of a document that was never saved is its name, or anything without a slash",
    fallback: "canvas.js remembers tags by paths with a slash alone; our layers carry the tag",
  },
  "layer.clipped": { source: "Photoshop's manual, clipping masks: they show where the layer below has pixels" },
  "layer.between": { source: "Photoshop's manual, clipping masks: what comes between clipped layers is clipped, too" },
  "layer.released": { source: "Photoshop's manual, clipping masks: with a layer those above it are released" },
  "layer.units": {
    assumed: true,
    says: "multiGet measures layers in pixels at any resolution (comments in public scripts say so)",
    fallback: "stack.js asks the DOM where the unit is another one",
  },
  "batchPlay.error": { source: "docs media/batchplay.md, Result value: it resolves with _obj: error, localized" },
  "batchPlay.stops": { source: "docs media/batchplay.md, continueOnError" },
  "batchPlay.multiGet": { source: "docs media/batchplay.md, Multi-Get" },
  "batchPlay.index": { source: "seen in public scripts: the Background layer has index 0; groups end, then start" },
  "select.visible": { source: "seen in public plug-ins: select shows a hidden layer but for makeVisible: false" },
  "xmp.layer": { source: "two public plug-ins keep state in a layer's XMP and read it back after the PSD was saved" },
  "xmp.history": {
    assumed: true,
    says: "a layer's XMP is written inside of a suspended history without a state of its own",
    fallback: "at worst there is one undo step more; where it is refused the panel's storage keeps the memory",
  },
  "ui.language": { source: "reported: comfyui-photoshop#93, names are localised" },
  "events.all": { source: "docs media/batchplay.md: 'all' works in developer mode only" },
  "events.history": { source: "probed live by SignagePrevizMaster: historyStateChanged covers all edits" },
  "uxp.setup": { source: "uxp-api entry-points; reported: setup later than some 20 ms after loading fails" },
  "uxp.secure": { source: "uxp-api key-value-storage/secure-storage.md: a cache that may vanish" },
  "uxp.body": {
    assumed: true,
    says: "the page's body is shown in the only panel",
    fallback: "starting.js puts the panel into the element that `create` is given, if it is not in it",
  },
  "uxp.encoder": { source: "reported missing in 2023 (stable.art); uxp-api storage.md uses it in an example" },
};

/** What only a live Photoshop can settle: the assumed rules, as sentences. */
export function liveChecklist() {
  return Object.entries(RULES)
    .filter(([, rule]) => rule.assumed)
    .map(([name, rule]) => ({ name, says: rule.says, fallback: rule.fallback }));
}

/** What Photoshop says of a change outside of a modal scope. */
export function unasked(event) {
  const text = `Event: ${event} may modify the state of Photoshop.`;
  return no("modal.write", `${text} Such events are only allowed from inside a modal scope`);
}

/**
 * Photoshop says no. `rule` says by which rule; `number` as Photoshop's errors have it.
 *
 * @param {keyof typeof RULES} rule
 * @param {string} message
 * @param {number} [number]
 */
export function no(rule, message, number) {
  if (!(rule in RULES)) throw new Error(`The double has no rule ${rule}.`);
  return Object.assign(new Error(message), { rule, ...(number === undefined ? {} : { number }) });
}
