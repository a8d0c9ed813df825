/*
 * Looks on from inside the bridge's page, before any of its own script runs: when a key was pressed, what the bridge
 * said, when the panel and the list of layers showed it, how often the screen turned, which blobs are held.
 */
(() => {
  const CONTROL = 0; // byte 3 of a message: a map, not pixels (docs/protocol.md, *Messages*)
  const HEAD = 24;
  const eyes = {
    ready: 0, // when the panel first said what paints
    pressed: 0,
    said: [], // [moment, map in msgpack] of each control message
    sent: 0, // bytes
    layers: [], // [how many rows, the first turn of the screen after that]
    urls: new Set(),
    watching: false,
    ticks: null,
    watch() {
      Object.assign(eyes, { pressed: 0, said: [], sent: 0, layers: [], watching: true });
    },
    told() {
      eyes.watching = false;
      return {
        pressed: eyes.pressed,
        sent: eyes.sent,
        layers: eyes.layers,
        said: eyes.said.map(([at, map]) => [at, Array.from(map)]),
      };
    },
    /** Note each turn of the screen from now on. */
    turn() {
      const ticks = [];
      eyes.ticks = ticks;
      const tick = () => {
        ticks.push(performance.now());
        if (eyes.ticks === ticks) requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    },
    turned() {
      const { ticks } = eyes;
      eyes.ticks = null;
      return ticks;
    },
  };
  window.eyes = eyes;

  addEventListener("keydown", (event) => {
    if (!eyes.pressed) eyes.pressed = event.timeStamp;
  }, true);
  window.WebSocket = class extends WebSocket {
    constructor(...words) {
      super(...words);
      this.addEventListener("message", ({ data }) => {
        if (!eyes.watching || !(data instanceof ArrayBuffer)) return;
        if (new Uint8Array(data)[3] === CONTROL) eyes.said.push([performance.now(), new Uint8Array(data.slice(HEAD))]);
      });
    }
    send(message) {
      eyes.sent += message.byteLength ?? message.length;
      super.send(message);
    }
  };
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL(blob);
    eyes.urls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    eyes.urls.delete(url);
    revokeObjectURL(url);
  };

  let rows = 0;
  new MutationObserver(() => {
    if (!eyes.ready && document.querySelector(".sf-status")?.textContent.startsWith("Built-in")) {
      eyes.ready = performance.now();
    }
    const now = document.getElementById("layers")?.children.length ?? 0;
    if (now === rows) return;
    rows = now;
    if (eyes.watching) requestAnimationFrame(() => eyes.layers.push([now, performance.now()]));
  }).observe(document, { childList: true, subtree: true, characterData: true });
})();
