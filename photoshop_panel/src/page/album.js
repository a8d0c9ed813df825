/** The documents that are open on the page, and the one that is shown. */

/** @import { PageDocument } from "./document.js" */
/** @import { State } from "./history.js" */

/**
 * What has changed: `ours` is true where the panel wrote it; `document` null: another is shown.
 * @typedef {{ document: PageDocument | null, before?: State, after?: State }} Change
 */

/** The album. */
export class Album {
  constructor() {
    /** @type {PageDocument[]} */
    this.documents = [];
    /** @type {PageDocument | null} */
    this.active = null;
    /** @type {((ours: boolean, change: Change) => void)[]} */
    this.watchers = [];
  }

  /** Be told of every change of any document. @param {(ours: boolean, change: Change) => void} look */
  watch(look) {
    this.watchers.push(look);
  }

  /** @param {boolean} ours @param {Change} change */
  #tell(ours, change) {
    for (const look of this.watchers) look(ours, change);
  }

  /** Open a document and show it. @param {PageDocument} document */
  add(document) {
    this.documents.push(document);
    document.watch(({ before, after, ours }) => this.#tell(ours, { document, before, after }));
    this.turnTo(document);
  }

  /** Show a document. @param {PageDocument} document */
  turnTo(document) {
    this.active = document;
    this.#tell(false, { document: null });
  }

  /** Close a document; its neighbour is shown. @param {PageDocument} document */
  close(document) {
    const at = this.documents.indexOf(document);
    document.closed = true;
    this.documents.splice(at, 1);
    if (this.active === document) this.active = this.documents[at] ?? this.documents[at - 1] ?? null;
    this.#tell(false, { document: null });
  }
}
