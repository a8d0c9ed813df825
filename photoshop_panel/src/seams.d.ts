/**
 * The seams of the panel: plain values, and what its rooms say to each other. No room knows another but by these.
 *
 *   wire/   the conversation with the bridge       (Link)
 *   guest/  what a gesture means, what becomes of what the bridge says: no window, no host, no socket
 *   panel/  the window: shows a View, says Acts     (View, Act)
 *   photoshop/, page/   the two hosts              (Host, Canvas)
 *
 * Words as in docs/words.md; twins of `gimp_plugin`'s rooms bear the same names.
 */

// ---- values of the wire (docs/protocol.md) --------------------------------------------------------------------------

/** x, y, width, height in whole document pixels. */
export type Box = [number, number, number, number];
/** Samples are little-endian; u16 goes to 65535, f32 1.0 is white. */
export type Depth = "u8" | "u16" | "f32";

/** Pixels at rest: interleaved, rows top to bottom without padding, straight alpha, sRGB. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3 | 4;
  depth: Depth;
}

/** What the bridge knows of the document. `tag`: 32 hex letters that the host keeps in the document. */
export interface DocumentFacts {
  tag: string;
  width: number;
  height: number;
  channels: 3 | 4;
  depth: Depth;
}

export type Mode = "fill" | "remove" | "expand" | "detail";

/** Everything that the artist chose; only `mode` is required. */
export interface Recipe {
  mode: Mode;
  prompt?: string;
  negative?: string;
  model?: string | null;
  strength?: number;
  seed?: number | null;
  count?: number;
  steps?: number | null;
  guidance?: number | null;
  loras?: { id: string; weight: number }[];
  context?: "canvas" | Box | null;
  blend?: number;
  source?: "near" | "wide" | "all";
  scale?: 1 | 2 | 4;
  made?: unknown;
}

/** What a `fill` says, but for the job's name. */
export interface Ask {
  document: DocumentFacts;
  selection: Box | null;
  content: Box | null;
  recipe: Recipe;
}

/** A control message: `t` is its type, the other names are those of docs/protocol.md. */
export type Message = { t: string } & Record<string, any>;

/** What the bridge wants to see. */
export interface Want {
  t: "want";
  job: string;
  plan: { text?: string; notes?: string[] } & Record<string, any>;
  image?: { box: Box; channels: 3 | 4; depth: Depth } | null;
  mask?: { box: Box } | null;
}

/** What went wrong, for an artist: what happened, both numbers, what to do. */
export interface Refusal extends Error {
  code: string;
  retry: "never" | "later" | "now";
}

// ---- wire/ ----------------------------------------------------------------------------------------------------------

/**
 * Something that the bridge said. A `layer` comes once whole: `picture` its bytes, `shape` what they are, `mask` its
 * layer mask (one byte for each pixel of `message.box`, null: all 255). A `preview` has `picture` and `shape`.
 */
export interface Event {
  message: Message;
  shape?: Picture;
  picture?: Uint8Array;
  mask?: Uint8Array | null;
}

/** Reads what is wanted; may throw a Refusal, then the job is cancelled and told as an `error` event that names it. */
export type Read = (want: Want) => Promise<{ image: Uint8Array; mask: Uint8Array | null }>;

export type Settled = "inserted" | "discarded";

/**
 * calling   the first try
 * open      `text` is empty, or says that panel and bridge are of two releases
 * away      cut; it comes back by itself, under the same session
 * closed    no bridge answers, or it refused; `text` says what to do; it is tried again quietly every 3 s
 * unpaired  the bridge does not know this panel: a pairing text is needed
 */
export type LinkState = "calling" | "open" | "away" | "closed" | "unpaired";

/** The conversation with the bridge: version 1 of the wire, reconnect, credit, resume; each durable thing told once. */
export interface Link {
  /** Ask for a fill (`dry`: for its plan alone; then `read` is null and the job is over with its `want`). */
  begin(job: string, ask: Ask, read: Read | null, more?: { region?: string; replaces?: string; dry?: boolean }): void;
  /** Take over a job that nobody holds (`take`). */
  adopt(job: string): void;
  cancel(job: string): void;
  askJobs(): void;
  askCapabilities(): void;
  /** A layer is in the document or not wanted, a `done` was heard. */
  settle(event: Event, state?: Settled): void;
  /** Pair by what `sfumato pair` printed: `26 characters` or `26 characters:port`. Throws a Refusal; else it opens. */
  pair(text: string): Promise<void>;
  /** Try to reach the bridge now, if it is not open: a gesture was made. */
  call(): void;
  close(): void;
  /** True while a job that was begun or adopted is not over. */
  readonly busy: boolean;
}

/** Where the panel keeps the key that it was paired with. Both may fail: then it is paired again. */
export interface Keys {
  load(): Promise<{ id: string; key: Uint8Array } | null>;
  save(id: string, key: Uint8Array): Promise<void>;
  forget(): Promise<void>;
}

export interface LinkOptions {
  about: { name: string; version: string; host: string };
  /** Tried in turn: `localhost` first in Photoshop. */
  hosts: string[];
  port: number;
  keys: Keys;
  /** Opens a websocket; the constructor may throw (Photoshop: permission denied). */
  socket: (url: string, protocol: string) => WebSocket;
  hear: (event: Event) => void;
  state: (state: LinkState, text: string) => void;
  /** Called with the port after pairing by a text that names one. */
  ported?: (port: number) => void;
}

// ---- hosts ----------------------------------------------------------------------------------------------------------

export type Sample = "all" | "below" | "current";

/** Which layers are read, and so where the result goes: `anchor` is the id of the layer below it, 0 for none. */
export interface Spot {
  sample: Sample;
  anchor: number;
}

/**
 * What the artist has before them at one moment.
 *
 * selection  null where nothing is selected; clipped to the canvas
 * content    the box of visible pixels where the canvas goes on beyond them, else null
 * active     the selected layer's id, 0 where there is none or several
 * memory     what `Finished.memory` said when that layer was inserted; null where it is none of ours
 * trouble    why nothing can be read or inserted now, and what to do; empty where all is well
 */
export interface Scene {
  name: string;
  document: DocumentFacts;
  selection: Box | null;
  content: Box | null;
  kind: "rgb" | "gray" | "cmyk" | "lab" | "indexed";
  active: number;
  layer: string;
  memory: string | null;
  trouble: string;
}

/** A layer to insert. `memory` is a text that the document keeps with the layer; `result` the bridge's name for it. */
export interface Finished {
  name: string;
  box: Box;
  picture: Picture;
  pixels: Uint8Array;
  mask: Uint8Array | null;
  result: string;
  memory: string;
}

/** Where a layer lies now: ids of layer and group, 0 for none. */
export interface Put {
  layer: number;
  group: number;
}

/** A document that is open in the host. Ids of layers are positive integers that survive save and reopen if they can. */
export interface Canvas {
  /** The same document is the same key. */
  readonly key: string;
  /** False once it was closed. */
  open(): boolean;
  /** The document's tag; made, and kept in the document by `mark`. */
  tag(): Promise<string>;
  mark(): Promise<void>;
  /** What the artist has before them; null once it was closed. */
  scene(sample: Sample): Promise<Scene | null>;
  has(layer: number): Promise<boolean>;
  /** The bridge's names of all layers of ours in the document. */
  results(): Promise<Set<string>>;
  /** The boxes of the outermost layers by their ids: tells whether the canvas was moved under them. */
  frame(): Promise<Map<number, Box>>;
  /** The box of a layer as it lies now; null where it is gone. */
  where(layer: number): Promise<Box | null>;
  /**
   * The pixels of a box, as the layers of `spot` show it without some of them: `channels` and `depth` as asked, what
   * has no pixels is 0. Throws a Refusal `picture.size` with `channels: 4` on it where 3 were asked for and there is
   * transparency: ask anew with 4.
   */
  read(box: Box, channels: 3 | 4, depth: Depth, spot: Spot, without: number[]): Promise<Uint8Array>;
  /** The selection's coverage of a box, one byte a pixel. */
  coverage(box: Box): Promise<Uint8Array>;
  /** The box of a layer inside the canvas, and its layer mask there (null: all 255). */
  maskOf(layer: number): Promise<{ box: Box; mask: Uint8Array | null }>;
  /** All that is read for one fill, in one turn in which the artist changes nothing. */
  together<T>(reading: () => Promise<T>): Promise<T>;
  /**
   * Put a layer into the document: one undo step; selection and active layer as before (the heir of a selected
   * `replaces` is selected in its place). spot "all": on top of everything; else just above `anchor`.
   * several: one of several variations; the first makes a group (its name without the seed), `beside` is that group
   * for the others: these are invisible. replaces: a layer that it lies above and hides.
   */
  insert(one: Finished, spot: Spot, several: boolean, beside: number, replaces: number): Promise<Put>;
  /** Make one variation visible and its siblings not. */
  showOnly(layer: number, siblings: number[]): Promise<void>;
  /** Select what a layer's mask covers. */
  selectMask(layer: number): Promise<void>;
  /** Make it RGB. */
  convert(): Promise<void>;
}

/** The program that the panel lives in. */
export interface Host {
  readonly name: "Photoshop" | "browser page";
  readonly version: string;
  readonly keys: Keys;
  /** Small texts that survive a restart; the browser's die with its tab where they must. */
  readonly store: { get(name: string): string | null; set(name: string, text: string): void };
  canvases(): Promise<Canvas[]>;
  /** The document that the artist works on. */
  active(): Promise<Canvas | null>;
  /** `look` is called, soon, whenever something may have changed: selection, layers, document. Never while we write. */
  watch(look: () => void): void;
  /** `wait` is called with a sentence while the host lets nobody in, and with "" when it does again. */
  waits(wait: (text: string) => void): void;
  /** A layer as a document of its own. */
  openDocument(one: Finished): Promise<Canvas>;
  /** Something that an `<img>` can show. `free` it when it is not shown any more. */
  hang(shot: Shot): Promise<{ url: string; free(): void }>;
  /** Give the keyboard back to the canvas. */
  present(): void;
}

// ---- panel/ ---------------------------------------------------------------------------------------------------------

/** What the artist sets; meanings and ranges as in gimp_plugin.view.Fields. strength in percent, 5 to 100. */
export interface Fields {
  prompt: string;
  strength: number;
  count: number;
  model: string | null;
  negative: string;
  steps: number | null;
  guidance: number | null;
  seed: number | null;
  locked: boolean;
  loras: { id: string; weight: number }[];
  sample: Sample;
  blend: number;
  context: "auto" | "canvas";
  source: "near" | "wide" | "all";
}

/** What a button will do, and why it cannot where it is greyed out (empty: it can). */
export interface Button {
  label: string;
  why: string;
}

/** One entry of a list; `why` says why it cannot be chosen. */
export interface Choice {
  id: string | null;
  title: string;
  why: string;
}

/** A small picture: u8, sRGB, 3 or 4 channels. */
export interface Shot {
  width: number;
  height: number;
  channels: 3 | 4;
  pixels: Uint8Array;
}

/** A thumbnail of one variation. */
export interface Tile {
  key: string;
  title: string;
  shot: Shot;
  shown: boolean;
}

/** A bar with a sentence and what may be answered: [word for the program, label]. */
export interface Offer {
  key: string;
  text: string;
  answers: [string, string][];
}

/** The layer at hand, and what can be done with it. */
export interface Remembered {
  name: string;
  again: Button;
  vary: Button;
  refine: Button;
  edit: Button;
}

/** Everything that the panel shows, at one moment: as gimp_plugin.view.View, and the last three. */
export interface View {
  title: string;
  fields: Fields;
  go: Button;
  remove: Button;
  detail: Button;
  cancel: Button;
  plan: string;
  notes: string[];
  models: Choice[];
  loras: Choice[];
  greyed: Record<string, string>;
  layer: Remembered | null;
  /** 0 to 1; null while nothing runs. */
  fraction: number | null;
  doing: string;
  preview: Shot | null;
  tiles: Tile[];
  offers: Offer[];
  status: string;
  error: string;
  /** Prompts that were used, the newest last. */
  history: string[];
  /** A sentence while the host lets nobody in: "Photoshop is busy: finish your current tool." Else empty. */
  waiting: string;
  /** Not null where a pairing text is needed: what to do. The panel then shows one field for it. */
  pairing: string | null;
  /** Engine, model, device, queue, memory, as [what, value]: the page's corner. */
  corner: [string, string][];
}

/** What the artist can do: guest/guest.js does it. */
export interface Act {
  edit(fields: Fields): void;
  go(): void;
  remove(): void;
  detail(): void;
  cancel(): void;
  again(): void;
  vary(): void;
  refine(): void;
  editSettings(): void;
  choose(key: string): void;
  answer(key: string, word: string): void;
  /** What was pasted into the pairing field. */
  pair(text: string): void;
}
