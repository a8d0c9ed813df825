/** One document that is open in Photoshop. */
import { shared } from "./boxes.js";
import { isTag } from "./memory.js";
import { play, selected, shown } from "./play.js";
import * as reading from "./reading.js";
import { CLOSED, refusal } from "./refusals.js";
import { depthOf, sceneOf } from "./seeing.js";
import { every, find, stackOf } from "./stack.js";
import { fresh, setTag, tagOf } from "./tags.js";
import { oneStep } from "./turns.js";
import * as writing from "./writing.js";

/** @import { Box, Canvas, Depth, Finished, Host, Put, Sample, Scene, Spot } from "../seams.js" */
/** @import { Memory, Note } from "./memory.js" */
/** @import { Row } from "./stack.js" */
/** @import { Turns } from "./turns.js" */

/**
 * What the documents of one Photoshop share.
 *
 * @typedef {{
 *   ps: Photoshop, turns: Turns, memory: Memory, store: Host["store"],
 *   pause: (milliseconds: number) => Promise<void>, taken: (tag: string, id: number) => boolean,
 *   wrote: (document: PsDocument) => void,
 * }} Place
 */

/** @implements {Canvas} */
export class PhotoshopCanvas {
  /**
   * @param {Place} place
   * @param {number} id
   */
  constructor(place, id) {
    this.id = id;
    this.key = String(id);
    this._place = place;
    this._tag = "";
    this._marked = false;
    /** @type {PsContext | null} */
    this._context = null;
    /** Samples that turned out to be transparent. @type {Set<Sample>} */
    this._transparent = new Set();
    /** A note is written with its layer and never again. @type {Map<number, Note | null>} */
    this._notes = new Map();
  }

  /** The document; null once it was closed. */
  get document() {
    const { documents } = this._place.ps.app;
    for (let at = 0; at < documents.length; at++) if (documents[at].id === this.id) return documents[at];
    return null;
  }

  open() {
    return this.document !== null;
  }

  /** Its tag, where that was asked for before. */
  get named() {
    return this._tag;
  }

  async tag() {
    if (this._tag) return this._tag;
    const { store, taken } = this._place;
    const document = this.document;
    const known = document ? tagOf(store, document) : "";
    const notes = document ? await this._remembered(await stackOf(this._place.ps, document)) : new Map();
    const tags = [known, ...[...notes.values()].map((note) => note?.tag)];
    // A duplicated document brings its layers, and by them the tag of another one that may be open.
    this._tag = this._tag || (tags.find((tag) => isTag(tag) && !taken(tag, this.id)) ?? fresh());
    return this._tag;
  }

  async mark() {
    await this.tag();
    this._marked = true;
    this._address();
  }

  /** Remember which file this is, also where it was saved under another name meanwhile. */
  _address() {
    const { document } = this;
    if (this._marked && document) setTag(this._place.store, document, this._tag);
  }

  // ---- looking ------------------------------------------------------------------------------------------------------

  /**
   * @param {Sample} sample
   * @returns {Promise<Scene | null>}
   */
  async scene(sample) {
    const tag = await this.tag();
    const document = this.document;
    if (!document) return null;
    this._address();
    const { ps } = this._place;
    const rows = await stackOf(ps, document);
    if (!this.open()) return null;
    const chosen = document.activeLayers;
    const active = chosen.length === 1 ? find(rows, chosen[0].id) : null;
    const note = active ? (await this._remembered([active], false)).get(active.id) : null;
    if (!this.open()) return null;
    const seen = sceneOf(ps.constants, document, rows, active, { sample, transparent: this._transparent.has(sample) });
    return { ...seen, document: { tag, ...seen.document }, memory: note?.memory ?? null };
  }

  /** @param {number} layer */
  async has(layer) {
    return (await this._row(layer)) !== null;
  }

  async results() {
    const document = this.document;
    const rows = document ? await stackOf(this._place.ps, document) : [];
    const there = new Set([...every(rows)].map((row) => row.id));
    const notes = [...(await this._remembered(rows))].filter(([id, note]) => note && there.has(id));
    return new Set(notes.map(([, note]) => /** @type {Note} */ (note).result));
  }

  async frame() {
    const document = this.document;
    const rows = document ? await stackOf(this._place.ps, document) : [];
    return new Map(rows.map((row) => [row.id, row.box]));
  }

  /** @param {number} layer */
  async where(layer) {
    const row = await this._row(layer);
    if (!row) return null;
    const note = (await this._remembered([row], false)).get(layer);
    if (!note || note.told[2] !== row.box[2] || note.told[3] !== row.box[3]) return row.box;
    const [x, y, width, height] = note.box;
    return /** @type {Box} */ ([x + row.box[0] - note.told[0], y + row.box[1] - note.told[1], width, height]);
  }

  /** @param {number} layer */
  async _row(layer) {
    const document = this.document;
    return document && layer ? find(await stackOf(this._place.ps, document), layer) : null;
  }

  /**
   * The notes of layers; each is asked for once.
   *
   * @param {Row[]} rows
   * @param {boolean} [inside] those in groups, too
   */
  async _remembered(rows, inside = true) {
    const ids = inside ? [...every(rows)].map((row) => row.id) : rows.map((row) => row.id);
    const unknown = ids.filter((id) => !this._notes.has(id));
    if (unknown.length && this.open()) {
      const read = await this._place.memory.read(this.id, unknown, this._tag);
      // Before the tag is known, what is kept elsewhere cannot be found: it is asked for again.
      for (const [id, note] of read) if (note || this._tag) this._notes.set(id, note);
    }
    return new Map(ids.map((id) => [id, this._notes.get(id) ?? null]));
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  /**
   * @template T
   * @param {string} name
   * @param {(context: PsContext, document: PsDocument) => Promise<T>} act
   * @returns {Promise<T>}
   */
  async _turn(name, act) {
    const inside = (/** @type {PsContext} */ context) => {
      const document = this.document;
      if (!document) throw refusal("job.lost", CLOSED);
      return act(context, document);
    };
    if (this._context) return inside(this._context);
    return this._place.turns.take(name, async (context) => inside(context), () => this.open());
  }

  /**
   * @template T
   * @param {() => Promise<T>} read
   * @returns {Promise<T>}
   */
  together(read) {
    return this._turn("Sfumato reads the picture", async (context) => {
      this._context = context;
      try {
        return await read();
      } finally {
        this._context = null;
      }
    });
  }

  /**
   * @param {Box} box
   * @param {3 | 4} channels
   * @param {Depth} depth
   * @param {Spot} spot
   * @param {number[]} without
   */
  read(box, channels, depth, spot, without) {
    return this._turn("Sfumato reads the picture", async (context, document) => {
      const { ps } = this._place;
      const asked = { box, channels, depth, spot, without };
      try {
        return await reading.read(ps, context, document, await stackOf(ps, document), asked);
      } catch (error) {
        if (/** @type {any} */ (error).channels === 4) this._transparent.add(spot.sample);
        throw error;
      }
    });
  }

  /** @param {Box} box */
  coverage(box) {
    return this._turn("Sfumato reads the selection", (_, document) =>
      reading.coverage(this._place.ps.imaging, document, box),
    );
  }

  /** @param {number} layer */
  maskOf(layer) {
    return this._turn("Sfumato reads a layer mask", async (_, document) => this._mask(document, layer));
  }

  /**
   * @param {PsDocument} document
   * @param {number} layer
   */
  async _mask(document, layer) {
    const row = await this._row(layer);
    const lies = await this.where(layer);
    if (!row || !lies) throw refusal("job.lost", "The layer was deleted.");
    const box = shared(lies, [0, 0, document.width, document.height]);
    if (row.masked === false) return { box, mask: null };
    const mask = reading.maskOf(this._place.ps.imaging, document, layer, box);
    // Where it is not known whether there is a mask, a failure means that there is none.
    return { box, mask: row.masked ? await mask : await mask.catch(() => null) };
  }

  // ---- writing ------------------------------------------------------------------------------------------------------

  /**
   * @param {Finished} one
   * @param {Spot} spot
   * @param {boolean} several
   * @param {number} beside
   * @param {number} replaces
   * @returns {Promise<Put>}
   */
  async insert(one, spot, several, beside, replaces) {
    const tag = await this.tag();
    return this._written("Sfumato inserts a layer", one.name, async (document) => {
      const { ps, memory } = this._place;
      const order = { one, spot, several, beside, replaces };
      const { layer, group, told } = await writing.insert(ps, document, depthOf(ps.constants, document), order);
      const note = { result: one.result, memory: one.memory, tag, box: one.box, told };
      await memory.write(this.id, layer, note);
      this._notes.set(layer, note);
      return { layer, group };
    });
  }

  /**
   * @param {number} layer
   * @param {number[]} siblings
   */
  showOnly(layer, siblings) {
    return this._written("Sfumato shows a variation", "", (document) =>
      writing.showOnly(this._place.ps, document, layer, siblings),
    );
  }

  /** @param {number} layer */
  selectMask(layer) {
    return this._written("Sfumato selects a layer mask", "", async (document) => {
      const { box, mask } = await this._mask(document, layer);
      await writing.select(this._place.ps.imaging, document, box, mask ?? new Uint8Array(box[2] * box[3]).fill(255));
    });
  }

  convert() {
    return this._written("Sfumato converts to RGB", "", (document) =>
      document.changeMode(this._place.ps.constants.ChangeMode.RGB),
    );
  }

  /**
   * Write in a turn, with this document as the active one: commands that make something do so in the active document.
   *
   * @template T
   * @param {string} name
   * @param {string} step the undo step's name; empty: Photoshop makes its own
   * @param {(document: PsDocument) => Promise<T>} act
   * @returns {Promise<T>}
   */
  _written(name, step, act) {
    const { ps, pause, wrote } = this._place;
    return this._turn(name, async (context, document) => {
      const before = ps.app.activeDocument;
      const elsewhere = before && before.id !== this.id ? before : null;
      const chosen = writing.chosenIn(document);
      const rows = step ? [...every(await stackOf(ps, document))] : [];
      const visible = rows.filter((row) => row.visible).map((row) => row.id);
      if (elsewhere) ps.app.activeDocument = document;
      try {
        return await (step ? oneStep(context, this.id, step, pause, () => act(document)) : act(document));
      } catch (error) {
        // What is rolled back may leave selected layers and visibility, which are no matter of history.
        await play(ps.action, [...selected(this.id, chosen), ...shown(this.id, visible, true)]).catch(() => {});
        throw error;
      } finally {
        if (elsewhere) ps.app.activeDocument = elsewhere;
        wrote(document);
      }
    });
  }
}
