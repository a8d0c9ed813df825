/** Mistakes that somebody could make where layers are written, as in mistakes.js. */

const OUTSIDE = "outside of the mask no value changes, at 8, 16 and 32 bit, and the mask equals the selection";
const AS_BEFORE =
  "selection and selected layers are as before; the heir of a selected one is selected in its place";
const WHOLE = "where the mask is whole the pixels are those that came, at every depth";

export const WRITING_MISTAKES = {
  "pixels that were put are kept": {
    file: "writing.js",
    probe: OUTSIDE,
    from: "pixels.dispose();",
    to: "",
  },
  "masks that were put are kept": {
    file: "writing.js",
    probe: OUTSIDE,
    from: "await act(imageData);\n  } finally {\n    imageData.dispose();",
    to: "await act(imageData);\n  } finally {",
  },
  "no profile is given": {
    file: "writing.js",
    probe: "a document of another profile gets colours, not numbers",
    from: "    colorProfile: PROFILE,\n",
    to: "",
  },
  "16 bits are put in Photoshop's range": {
    file: "writing.js",
    probe: WHOLE,
    from: "    colorProfile: PROFILE,\n    fullRange: true,",
    to: "    colorProfile: PROFILE,",
  },
  "sRGB is put as linear light": {
    file: "writing.js",
    probe: WHOLE,
    from: 'depth === "f32" ? toLight(samples, channels) : samples',
    to: "samples",
  },
  "pixels are put at the corner": {
    file: "writing.js",
    probe: OUTSIDE,
    from: "const common = { documentID: document.id, layerID: layer, replace: true, targetBounds: { left, top } };",
    to:
      "const common = { documentID: document.id, layerID: layer, replace: true, targetBounds: { " +
      "left: 0, top: 0 } };",
  },
  "the new layer stays selected": {
    file: "writing.js",
    probe: AS_BEFORE,
    from: "await play(ps.action, selected(document.id, heirs));",
    to: "",
  },
  "nobody inherits the selection": {
    file: "writing.js",
    probe: AS_BEFORE,
    from: "replaced && id === replaced.id ? layer.id : id",
    to: "id",
  },
  "it is put where the selected layer is": {
    file: "placing.js",
    probe: "all layers were sampled: on top of everything; else just above what was sampled",
    from: "  await lift(layer, clipped && !name);\n",
    to: "",
  },
  "it is put between a layer and what is clipped to it": {
    file: "placing.js",
    probe: "nothing comes between a layer and what is clipped to it, and nothing is clipped that was not",
    from: "under: anchor && !heir ? clippingOf(before, anchor)[0] : anchor,",
    to: "under: anchor,",
  },
  "it stays clipped as Photoshop made it": {
    file: "placing.js",
    probe: "nothing comes between a layer and what is clipped to it, and nothing is clipped that was not",
    from: "    await clip(ps, document, before, one.id, on);\n",
    to: "",
  },
  "a later variation stays clipped as Photoshop made it": {
    file: "placing.js",
    probe: "nothing comes between a layer and what is clipped to it, and nothing is clipped that was not",
    from: "    await clip(ps, document, before, layer.id, false);\n",
    to: "",
  },
  "what was clipped to its forerunner is released": {
    file: "placing.js",
    probe: "the heir of a layer bears what was clipped to it, and is clipped as it was",
    from: "if (one.clipped === wanted && !(released && wanted)) continue;",
    to: "if (one.clipped === wanted) continue;",
  },
  "the heir is not clipped as its forerunner was": {
    file: "placing.js",
    probe: "the heir of a layer bears what was clipped to it, and is clipped as it was",
    from: "clipped: heir && anchor.clipped,",
    to: "clipped: false,",
  },
  "a later variation is visible": {
    file: "writing.js",
    probe: "variations lie in a group, the later ones hidden below; one is shown at a time",
    from: "[...(place.group ? [layer.id] : []), ...",
    to: "[...",
  },
  "the depth is not looked at": {
    file: "writing.js",
    probe: "a document of another depth than the layer was made for says both numbers",
    from: "if (one.picture.depth !== depth) {",
    to: 'if (one.picture.depth === "f32" && depth !== "f32") {',
  },
};
