/** Largest websocket message, bytes. */
export const MESSAGE = 1 << 20;
/** Largest msgpack map of a control message, bytes. */
export const MAP = 64 << 10;
/** Deepest nesting of maps and lists in a control message; the map itself is the first level. */
export const DEPTH = 8;
/** Largest payload of one data message, bytes. */
export const CHUNK = 256 << 10;
/** Bytes that a sender may put on a new stream before the receiver grants more. */
export const CREDIT = 4 << 20;
/** Bytes of a nonce, a mac and a key. */
export const NONCE = 32;
/** The version of the wire that the panel speaks. */
export const VERSION = 1;
/** The port of a bridge that nobody told another one. */
export const PORT = 4717;
