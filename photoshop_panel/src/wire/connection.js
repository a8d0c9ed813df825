/** @import { Message, Refusal } from "../seams.js" */
/** @import { Chunk } from "./conversation.js" */
/** @import { Introduction } from "./handshake.js" */
import { Conversation } from "./conversation.js";
import { stranger } from "./handshake.js";
import { refuse } from "./refusal.js";

/** Milliseconds since some moment, and a call after some of them; what `after` returns takes it back. */
/** @typedef {{ now(): number, after(milliseconds: number, call: () => void): () => void }} Clock */

/**
 * How a connection ended.
 *
 * nobody     it never opened: nobody listens, or who listens is silent
 * forbidden  the host does not let the panel dial
 * cut        it was open; coming back is worth trying
 * refused    by either side, as `why` says
 *
 * @typedef {{ how: "nobody" | "forbidden" | "cut" | "refused", why: Refusal }} End
 */

const SUBPROTOCOL = "sfumato.v1";
/** Milliseconds that whatever listens may take to answer, and for its handshake. */
const OPENING = 5_000;
const SHAKING = 10_000;
/** Between two pings: UXP sends no websocket pings, and tells of a dead peer late or never. */
const PING = 20_000;
/** Bytes in the socket's own buffer above which pixels wait here, where a cancel overtakes them. */
const HIGH_WATER = 1 << 20;
/** Milliseconds until that buffer is looked at again: no event tells that it was emptied. */
const DRAINING = 4;

const FORBIDDEN = /manifest entry not found|permission denied/i;

/**
 * Open a websocket, shake hands, and carry what is said until it ends.
 *
 * @template T
 * @param {{
 *   socket: (url: string, protocol: string) => WebSocket,
 *   host: string,
 *   port: number,
 *   introduction: Introduction<T>,
 *   clock: Clock,
 *   opened: (result: T) => void,
 *   heard: (said: Message | Chunk) => void,
 * }} options `opened` is called before anything is `heard`; what `heard` throws ends the connection
 */
export function connect({ socket: make, host, port, introduction, clock, opened, heard }) {
  const conversation = new Conversation(introduction);
  const { outbox } = conversation;
  /** @type {WebSocket | null} */
  let socket = null;
  let reached = false;
  let silent = 0;
  /** @type {(() => void) | null} */
  let draining = null;
  let waiting = clock.after(OPENING, () => over({ how: "nobody", why: stranger(port) }));
  /** @type {(end: End | null) => void} */
  let settle;
  /** @type {(end: End) => void} */
  let finish;

  const line = {
    outbox,
    /** False once it has ended. */
    alive: true,
    /** null once it is open, or how it ended before. @type {Promise<End | null>} */
    result: new Promise((resolve) => (settle = resolve)),
    /** @type {Promise<End>} */
    ended: new Promise((resolve) => (finish = resolve)),
    /** End it from this side; what was said has left. */
    cut: () => over({ how: "cut", why: cutOff(port) }),
  };

  /** @param {End} end */
  function over(end) {
    if (!line.alive) return;
    line.alive = false;
    waiting();
    draining?.();
    outbox.wake = () => {};
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {}; // one that is closed while it opens tells so, and nobody need hear it
      socket.close(1000);
    }
    settle(end);
    finish(end);
  }

  /** Send what may leave. Control always does, so it never waits here. */
  function pump() {
    if (socket?.readyState !== 1) return;
    const room = () => (socket?.bufferedAmount ?? 0) < HIGH_WATER;
    for (let message = outbox.take(room()); message; message = outbox.take(room())) socket.send(message);
    if (outbox.waiting && !draining) {
      draining = clock.after(DRAINING, () => {
        draining = null;
        pump();
      });
    }
  }

  function ping() {
    // Two in a row without a word: a host that stood still for a while hears the answer to the first one late.
    if (silent === 2) return over({ how: "cut", why: cutOff(port) });
    silent += 1;
    outbox.say({ t: "ping", at: clock.now() / 1000 });
    waiting = clock.after(PING, ping);
  }

  /** @param {string | ArrayBuffer} message */
  function receive(message) {
    silent = 0;
    try {
      const shaking = conversation.opened === null;
      const said = conversation.receive(typeof message === "string" ? message : new Uint8Array(message));
      if (said) heard(said);
      if (shaking && conversation.opened !== null) {
        waiting();
        waiting = clock.after(PING, ping);
        opened(conversation.opened);
        settle(null);
      }
    } catch (why) {
      over({ how: "refused", why: /** @type {any} */ (why).code ? /** @type {Refusal} */ (why) : broken(why) });
    }
  }

  /** @param {unknown} said why it failed, as the host tells it */
  function failed(said) {
    if (FORBIDDEN.test(String(said))) over({ how: "forbidden", why: forbidden(port) });
    else over(reached ? { how: "cut", why: cutOff(port) } : { how: "nobody", why: nobody(port) });
  }

  outbox.wake = pump;
  try {
    socket = make(`ws://${host}:${port}/v1`, SUBPROTOCOL);
  } catch (why) {
    failed(why);
    return line;
  }
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    reached = true;
    waiting();
    waiting = clock.after(SHAKING, () => over({ how: "refused", why: stranger(port) }));
  };
  socket.onmessage = ({ data }) => receive(data);
  socket.onerror = (event) => failed(event?.message); // a browser says `close` after it; UXP promises nothing
  socket.onclose = ({ code, reason }) => {
    if (code >= 4400 && code < 4500) over({ how: "refused", why: closed(code, reason) });
    else failed(reason);
  };
  return line;
}

/** @param {number} port */
function nobody(port) {
  return refuse("job.lost", `No bridge is running on port ${port}. Start one in a terminal: sfumato serve`, "later");
}

/** @param {number} port */
function cutOff(port) {
  return refuse("job.lost", `The bridge on port ${port} ended the conversation. Start it anew: sfumato serve`, "now");
}

/** @param {number} port */
function forbidden(port) {
  const text = `The panel is not allowed to reach the bridge on port ${port}. Reload the plug-in (Unload, then Load), `;
  return refuse("job.lost", `${text}or restart Photoshop.`, "later");
}

/** @param {number} code @param {string} reason */
function closed(code, reason) {
  if (code === 4409) {
    return refuse("auth.elsewhere", "This session was opened elsewhere; this connection ends.");
  }
  return refuse("internal", `The bridge ended the conversation (${code} ${reason}). Its log says why.`);
}

/** @param {unknown} why */
function broken(why) {
  return refuse("internal", `The conversation broke (${why}). Please report it.`);
}
