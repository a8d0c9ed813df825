/** Who talks with whom: pairing by what `sfumato pair` prints, and a stranger between panel and bridge. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { packControl, unpack } from "../src/wire/frames.js";
import { seated, started } from "./photoshop_artist.js";
import { HEIGHT, WIDTH, opened, selects } from "./photoshop_picture.js";
import { NO_BRIDGE, served } from "./real_bridge.js";

const options = { skip: NO_BRIDGE, timeout: 240_000 };
const bridge = served();

function selected(artist) {
  const doc = opened(artist, 8);
  selects(artist, doc);
  return doc;
}

async function removes(artist, doc) {
  await artist.press("Remove");
  await artist.until(() => artist.ours(doc).length);
  await artist.done();
}

const named = (secure) => /^(\w+) [0-9a-f]{64}$/.exec(Buffer.from(secure.get("sfumato.key")).toString())[1];

test("paired in one paste; the next start asks nothing; where the key is gone it asks again", options, async (t) => {
  const first = started(t, {});
  const doc = selected(first);
  await first.until(() => first.says(/sfumato pair/));
  assert.equal(first.usable("Remove"), null);
  assert.equal(first.sockets.length, 0, "nobody is called without a key");
  const text = bridge.pairing();
  assert.match(text, new RegExp(`^[A-Z2-7]{26}:${bridge.port}$`));
  await first.type(text, "Pairing text");
  await first.press("Pair");
  await removes(first, doc);
  assert.deepEqual([first.view.pairing, first.field("Pairing text"), first.view.error], [null, undefined, ""]);
  const { secure, storage } = first;
  assert.notEqual(named(secure), "local");
  assert.ok(bridge.pairing("--list").includes(named(secure)));
  await first.leave();

  const second = started(t, { secure, storage });
  await removes(second, selected(second));
  assert.equal(second.view.pairing, null);
  await second.leave();

  secure.clear();
  const third = started(t, { secure, storage });
  const other = selected(third);
  await third.until(() => third.says(/sfumato pair/));
  assert.equal(third.sockets.length, 0);
  await third.type(text, "Pairing text");
  await third.press("Pair");
  await third.until(() => third.says(/not known|too old|used/i));
  assert.deepEqual([third.usable("Remove"), secure.size], [null, 0], "it serves once");
  await third.type(bridge.pairing(), "Pairing text");
  await third.enter("Pair", "Pairing text");
  await removes(third, other);
});

test("a panel that is revoked while it is open is told so, and asks to be paired", options, async (t) => {
  const artist = started(t, {});
  const doc = selected(artist);
  await artist.type(bridge.pairing(), "Pairing text");
  await artist.press("Pair");
  await removes(artist, doc);
  bridge.pairing("--revoke", named(artist.secure));
  await artist.until(() => artist.says(/does not know this panel any more/));
  assert.deepEqual([artist.secure.size, artist.usable("Remove")], [0, null]);
});

test("a relay on another port is refused before a pixel leaves", options, async (t) => {
  let sent = 0;
  const peers = new Set();
  const relay = createServer((panel) => {
    const onward = connect(bridge.port, "127.0.0.1");
    for (const peer of [panel, onward]) peers.add(peer.on("error", () => {}));
    panel.on("data", (bytes) => {
      sent += bytes.length;
      // The bridge looks at the port that was dialled: a relay that means to go on writes the bridge's own.
      const text = bytes.toString("latin1").replace(/^(host: [\w.]+:)\d+/im, `$1${bridge.port}`);
      onward.write(Buffer.from(text, "latin1"));
    });
    onward.pipe(panel);
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    peers.forEach((peer) => peer.destroy());
    relay.close();
  });
  const { port } = relay.address();
  const artist = await seated(t, bridge, { port });
  const doc = selected(artist);
  await artist.until(() => artist.view?.status && !/^Calling/.test(artist.view.status));
  assert.match(artist.view.status, /^The client could not prove that it holds the key/);
  await artist.press("Remove");
  await artist.until(() => artist.view.error);
  assert.equal(artist.view.error, artist.view.status);
  assert.equal(doc.history.length, 2);
  assert.ok(sent > 100, "it was never called");
  assert.ok(sent < WIDTH * HEIGHT * 3, `${sent} bytes left`); // it dials again and again
});

test("whoever answers like a bridge and does not hold the key hears nothing more", options, async (t) => {
  const heard = [];
  const stranger = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "sfumato.v1" });
  t.after(() => stranger.close());
  stranger.on("connection", (panel) => {
    const [instance, nonce, limits] = [randomBytes(16), randomBytes(32), { message: 1 << 20 }];
    panel.send(packControl({ t: "hello", protocol: [1, 1], version: "0.1.0", instance, nonce, limits }));
    panel.on("message", (message) => {
      heard.push(unpack(Uint8Array.from(message)).control?.t);
      const [mac, session] = [randomBytes(32), randomBytes(16)];
      panel.send(packControl({ t: "welcome", mac, session, resumed: false, features: [] }));
    });
  });
  await new Promise((resolve) => stranger.once("listening", resolve));
  const { port } = stranger.address();
  const artist = await seated(t, bridge, { port });
  const doc = selected(artist);
  await artist.until(() => artist.says(new RegExp(`^Something answers on port ${port}, but it is not your bridge`)));
  await artist.press("Remove");
  await artist.until(() => artist.view.error);
  assert.deepEqual([doc.history.length, new Set(heard)], [2, new Set(["auth"])]);
});
