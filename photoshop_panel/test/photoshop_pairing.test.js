/** Who talks with whom: pairing by what `sfumato pair` prints, and a stranger between panel and bridge. */
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { Artist } from "./photoshop_artist.js";
import { box } from "./double/seat.js";
import { NO_BRIDGE, RealBridge } from "./real_bridge.js";

const options = { skip: NO_BRIDGE, timeout: 240_000 };
const [WIDTH, HEIGHT] = [160, 120];
let bridge;

before(async () => {
  if (NO_BRIDGE) return;
  bridge = await RealBridge.housed();
  await bridge.start();
});

after(async () => {
  await bridge?.end();
});

function started(t, given) {
  const artist = new Artist(given);
  t.after(() => artist.leave());
  return artist;
}

function opened(artist) {
  const value = (n, c) => [40 + (n % 100), 90, 150][c];
  const ground = artist.artist.pixel("Hintergrund", 8, box(0, 0, WIDTH, HEIGHT), value, { background: true });
  const doc = artist.artist.open({ width: WIDTH, height: HEIGHT, layers: [ground] });
  artist.select(doc, [60, 40, 24, 20]);
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
  const doc = opened(first);
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
  assert.ok(bridge.python("-m", "bridge.cli", "pair", "--list").includes(named(secure)));
  await first.leave();

  const second = started(t, { secure, storage });
  await removes(second, opened(second));
  assert.equal(second.view.pairing, null);
  await second.leave();

  secure.clear();
  const third = started(t, { secure, storage });
  const other = opened(third);
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
  const doc = opened(artist);
  await artist.type(bridge.pairing(), "Pairing text");
  await artist.press("Pair");
  await removes(artist, doc);
  bridge.python("-m", "bridge.cli", "pair", "--revoke", named(artist.secure));
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
  const artist = started(t, { port, secure: new Map([["sfumato.key", await bridge.key()]]) });
  const doc = opened(artist);
  await artist.until(() => artist.view?.status && !/^Calling/.test(artist.view.status));
  const said = artist.view.status;
  assert.match(said, /not your bridge|prove/, said);
  await artist.press("Remove");
  await artist.until(() => artist.view.error);
  assert.match(artist.view.error, /not your bridge|prove/);
  assert.equal(doc.history.length, 2);
  assert.ok(sent > 100, "it was never called");
  assert.ok(sent < (WIDTH * HEIGHT) / 2, `${sent} bytes left`);
});
