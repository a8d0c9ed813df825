/**
 * Mistakes that somebody could make in the host: in which file, instead of what, what stands there then, and by which
 * probe it must be seen.
 */

const EXACT = "the composite is read in the document's own depth, bit for bit";
const TRIMMED = "trimmed pixels lie where they belong, the rest is 0";
const BELOW = "an adjustment layer above does not count below, and stays";
const ONE_STEP = "a layer is one undo step with its own name, also with a group or in the place of another one";
const AS_BEFORE =
  "selection and selected layers are as before; the heir of a selected one is selected in its place";
const BUSY = "a busy Photoshop is waited for, visibly, and nothing is dropped";
const REOPENED = "memory, result and tag survive save and reopen, in another session, too";

export const MISTAKES = {
  "pixels that were read are kept": {
    file: "reading.js",
    probe: EXACT,
    from: "return depth === \"f32\" ? toSeen(whole, channels) : whole;\n  } finally {\n    imageData.dispose();",
    to: "return depth === \"f32\" ? toSeen(whole, channels) : whole;\n  } finally {",
  },
  "a selection that was read is kept": {
    file: "reading.js",
    probe: "a soft selection over the edge comes as it is inside, and 0 elsewhere",
    from: "return whole;\n  } finally {\n    imageData.dispose();",
    to: "return whole;\n  } finally {",
  },
  "the history is not suspended": {
    file: "canvas.js",
    probe: ONE_STEP,
    from: "step ? oneStep(",
    to: "!1 ? oneStep(",
  },
  "it is resumed in the same tick": {
    file: "turns.js",
    probe: ONE_STEP,
    from: "await pause(20);",
    to: "",
  },
  "8 bits are asked for of every document": {
    file: "reading.js",
    probe: EXACT,
    from: '...(depth === "u8" ? { componentSize: 8 } : {}),',
    to: "componentSize: 8,",
  },
  "no profile is asked for": {
    file: "reading.js",
    probe: "a document of another profile is read as sRGB",
    from: "    colorProfile: PROFILE,\n",
    to: "    colorProfile: /** @type {any} */ (undefined),\n",
  },
  "16 bits are read in Photoshop's range": {
    file: "reading.js",
    probe: EXACT,
    from: "const given = await imageData.getData({ chunky: true, fullRange: true });",
    to: "const given = await imageData.getData({ chunky: true });",
  },
  "linear light is taken for sRGB": {
    file: "reading.js",
    probe: "32 bit comes as sRGB, above white, too",
    from: "toSeen(whole, channels)",
    to: "whole",
  },
  "pixels are laid where they were asked for": {
    file: "reading.js",
    probe: TRIMMED,
    from: "[sourceBounds.left, sourceBounds.top, imageData.width, imageData.height]",
    to: "[box[0], box[1], imageData.width, imageData.height]",
  },
  "transparency goes unnoticed": {
    file: "reading.js",
    probe: "three channels of a transparent picture are refused, and four are announced from then on",
    from: "if (channels === 3 && (trimmed || imageData.components === 4)) throw transparent();",
    to: "",
  },
  "three components are taken for four": {
    file: "reading.js",
    probe: "four channels of a Background layer are opaque",
    from: "channels === 4 && imageData.components === 3 ? widened(given, depth) : given",
    to: "given",
  },
  "a box without pixels is asked for": {
    file: "reading.js",
    probe: "where nothing is, nothing is asked of Photoshop",
    from: 'if (!seen.some((row) => row.kind === "other" || !isEmpty(shared(row.box, box)))) {',
    to: "if (!seen.length) {",
  },
  "the selection is not clipped": {
    file: "reading.js",
    probe: "a soft selection over the edge comes as it is inside, and 0 elsewhere",
    from: "bounds ? shared(boxOf(bounds), [0, 0, document.width, document.height]) : NOTHING",
    to: "bounds ? boxOf(bounds) : NOTHING",
  },
  "it is read without a turn": {
    file: "canvas.js",
    probe: EXACT,
    from: "return this._place.turns.take(name, async (context) => inside(context), () => this.open());",
    to: "return inside(/** @type {any} */ ({}));",
  },
  "the turn has no name": {
    file: "turns.js",
    probe: EXACT,
    from: "{ commandName: name }",
    to: "/** @type {any} */ ({})",
  },
  "each reading takes a turn of its own": {
    file: "canvas.js",
    probe: "all that is read for one fill is read in one turn",
    from: "together(read) {\n    return this._turn(",
    to: "together(read) {\n    return read();\n    this._turn(",
  },
  "what lies above counts": {
    file: "isolating.js",
    probe: BELOW,
    from: "at < first || (spot.sample",
    to: "at < -1 || (spot.sample",
  },
  "a layer is sampled without what is clipped to it": {
    file: "isolating.js",
    probe: "a layer and what is clipped to it are sampled as one",
    from: "const own = row === anchor ? clippingOf(rows, row) : [row];",
    to: "const own = row === anchor ? clippingOf(rows, row).slice(-1) : [row];",
  },
  "a layer's own pixels are read without what is clipped to it": {
    file: "reading.js",
    probe: "a layer and what is clipped to it are sampled as one",
    from: "const lid = anchor && isPlain(anchor) && clippingOf(rows, anchor)[0];",
    to: "const lid = anchor && isPlain(anchor) && anchor;",
  },
  "what was hidden for a reading stays hidden": {
    file: "isolating.js",
    probe: BELOW,
    from: "...shown(id, ids(changes.hide), true), ",
    to: "",
  },
  "a reading becomes an undo step": {
    file: "isolating.js",
    probe: "in a group: what lies above in it and above it does not count, nor what the group does to all",
    from: "resumeHistory(suspended, false)",
    to: "resumeHistory(suspended, true)",
  },
  "the group's own opacity is read with it": {
    file: "isolating.js",
    probe: "in a group: what lies above in it and above it does not count, nor what the group does to all",
    from: "for (const row of changes.bare) restore.push(...bared(ps, document, row));",
    to: "",
  },
  "a mask is not read with its layer": {
    file: "isolating.js",
    probe: "the current layer is read alone, be it hidden, masked or what else",
    from: "row.clipped || (row.plain && row.masked === false)",
    to: "row.clipped || row.plain",
  },
  "selecting shows what was hidden": {
    file: "play.js",
    probe: AS_BEFORE,
    from: "makeVisible: false,",
    to: "",
  },
  "the active document gets it": {
    file: "canvas.js",
    probe: "it lands in the document that it was made for, and another one stays the active one",
    from: "if (elsewhere) ps.app.activeDocument = document;",
    to: "",
  },
  "another document stays in front": {
    file: "canvas.js",
    probe: "it lands in the document that it was made for, and another one stays the active one",
    from: "if (elsewhere) ps.app.activeDocument = elsewhere;",
    to: "",
  },
  "an error is swallowed": {
    file: "turns.js",
    probe: "any error leaves the document as it was",
    from: "await hostControl.resumeHistory(suspended, false).catch(() => {});\n    throw error;",
    to: "await hostControl.resumeHistory(suspended, true);\n    throw error;",
  },
  "what was replaced stays hidden after an error": {
    file: "canvas.js",
    probe: "an error at the very end leaves it as it was, too",
    from: ", ...shown(this.id, visible, true)]",
    to: "]",
  },
  "bytes of the wire are taken where they lie": {
    file: "pixels.js",
    probe: "bytes of the wire may begin anywhere",
    from: "const own = bytes.slice();",
    to: "const own = new Uint8Array(bytes.buffer, 0, bytes.length);",
  },
  "a busy Photoshop is an error": {
    file: "turns.js",
    probe: BUSY,
    from: "if (failed && (ended || !isBusy(failed.error))) throw failed.error;",
    to: "if (failed) throw failed.error;",
  },
  "a busy Photoshop is waited for in silence": {
    file: "turns.js",
    probe: BUSY,
    from: "if (!told) tell(BUSY);",
    to: "",
  },
  "our own error 9 is taken for a busy Photoshop": {
    file: "turns.js",
    probe: "an error of its own is no busy Photoshop",
    from:
      "if (ended && \"error\" in ended) throw ended.error;\n" +
      "        if (ended && !failed) return ended.value;\n" +
      "        if (failed && (ended || ",
    to: "if (ended && !failed) return ended.value;\n        if (failed && (",
  },
  "turns overtake each other": {
    file: "turns.js",
    probe: "two layers that come at once are put one after the other",
    from: "const done = tail.then(() => enter(name, act, going));",
    to: "const done = enter(name, act, going);",
  },
  "a closed document is waited for": {
    file: "turns.js",
    probe:
      "reading waits, too; a document that is closed while it waits is told, and nobody waits any more",
    from: 'if (!going()) throw refusal("job.lost", CLOSED);',
    to: "if (wait > 300 && !going()) return /** @type {any} */ (undefined);",
  },
  "the layer does not remember": {
    file: "memory.js",
    probe: REOPENED,
    from: "await play(action, [command]);",
    to: "",
  },
  "a layer without a packet ends the question": {
    file: "memory.js",
    probe: REOPENED,
    from: "const options = { continueOnError: true };",
    to: "const options = {};",
  },
  "the fallback is forgotten": {
    file: "memory.js",
    probe: "where Photoshop refuses the packet the panel's storage remembers",
    from: "store.set(KEPT, ",
    to: "void (",
  },
  "a name is taken for a path": {
    file: "tags.js",
    probe: "two documents that were never saved are not one, though they have one name",
    from: "/[\\\\/]/.test(path)",
    to: "path",
  },
  "a duplicate has its original's tag": {
    file: "canvas.js",
    probe: "a duplicate beside its original has a tag of its own, and its layers remember",
    from: "isTag(tag) && !taken(tag, this.id)",
    to: "isTag(tag)",
  },
  "the first look is for our own change": {
    file: "watching.js",
    probe: "the artist's changes are looked at soon, once for many, and ours are not",
    from: "=== own()) return;",
    to: "=== -7) return;",
  },
  "every brush is looked at": {
    file: "watching.js",
    probe: "the artist's changes are looked at soon, once for many, and ours are not",
    from: '_property !== "selection"',
    to: '_property === "nothing"',
  },
  "a look waits for quiet for ever": {
    file: "watching.js",
    probe: "changes that never rest are looked at all the same",
    from: "Math.min(QUIET, since + LONGEST - now())",
    to: "QUIET",
  },
  "layers are asked one by one": {
    file: "stack.js",
    probe: "a look at two hundred layers costs no more calls than one at two",
    from: "(await asked(ps, document).catch(() => null)) ?? walked",
    to: "walked",
  },
};
