/** What is wanted is read and leaves, unless nobody waits for it any more. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { fillOf } from "../src/wire/asks.js";
import { refuse } from "../src/wire/refusal.js";
import { ASK, DOCUMENT, FILL, JOB, OTHER, PICTURE, Told, WANT, done, error, live, soon, whole } from "./told.js";

// ---- reading and uploading ------------------------------------------------------------------------------------------

test("what is wanted is read and leaves", async () => {
  const told = new Told();
  const wants = [];
  told.errands.begin(FILL, async (want) => wants.push(want) && whole);
  assert.deepEqual(told.hear(WANT), ["want"]);
  await soon();
  assert.deepEqual(wants, [WANT]);
  const [, image, mask] = told.messages;
  const pictures = [{ ...PICTURE, width: 8, height: 8 }, { ...PICTURE, channels: 1 }];
  assert.deepEqual(image, { t: "stream", s: 1, job: JOB, use: "image", picture: pictures[0], size: 192 });
  assert.deepEqual(mask, { t: "stream", s: 3, job: JOB, use: "mask", picture: pictures[1], size: 12 });
});

test("a stream that died is sent again", async () => {
  const told = new Told();
  told.errands.begin(FILL, async () => whole);
  told.hear(WANT);
  await soon();
  assert.equal(told.said, "fill, stream 1 image, stream 3 mask");
  assert.deepEqual(told.hear(error("wire.crc", { retry: "now", re: "stream", job: JOB, s: 1 }), "fill"), []);
  told.hear(WANT);
  await soon();
  assert.equal(told.said, "stream 5 image, stream 7 mask");
});

const failures = [
  [refuse("job.lost", "The document was closed.", "later"), "job.lost", "The document was closed.", "later"],
  [new RangeError("gone"), "internal", "The picture could not be read (RangeError: gone).", "never"],
];
for (const [why, code, text, retry] of failures) {
  test(`a read that fails cancels its job (${why.name})`, async () => {
    const thrown = () => {
      throw why;
    };
    for (const read of [() => Promise.reject(why), thrown]) {
      const told = new Told();
      told.errands.begin(FILL, read);
      told.events = [];
      told.errands.hear(WANT);
      await soon();
      const { t, ...said } = told.events.pop().message;
      assert.deepEqual(said, { code, text, retry, detail: {}, re: "fill", job: JOB, s: null });
      assert.deepEqual([t, told.said, told.told], ["error", "fill, cancel", ["want"]]);
      assert.deepEqual(told.hear(live(1), done(2), "ack 1 discarded, ack 2"), [], "what still comes is discarded");
      assert.deepEqual(told.hear(error("job.unknown", { re: "cancel", job: JOB })), []);
      assert.ok(!told.errands.busy);
    }
  });
}

test("pixels of the wrong size are refused before they leave", async () => {
  const cases = [
    [{ ...whole, mask: new Uint8Array(11) }, "The mask that was read has 11 bytes, expected 12 (4 × 3 px, 1 × u8)."],
    [{ ...whole, mask: null }, "The mask that was read has 0 bytes, expected 12 (4 × 3 px, 1 × u8)."],
    [
      { ...whole, image: new Uint8Array(193) },
      "The image that was read has 193 bytes, expected 192 (8 × 8 px, 3 × u8).",
    ],
  ];
  for (const [pixels, text] of cases) {
    const told = new Told();
    told.errands.begin(FILL, async () => pixels);
    told.hear(WANT);
    await soon();
    assert.deepEqual([told.events[0].message.code, told.events[0].message.text], ["picture.size", text]);
    assert.equal(told.said, "fill, cancel");
  }
});

test("what is read for an old want never leaves", async () => {
  const meanwhile = {
    cancelled: (told) => told.errands.cancel(JOB),
    "wanted anew": (told) => told.errands.hear({ ...WANT, plan: { anew: true } }),
    refused: (told) => told.errands.hear(error("queue.full", { re: "fill", job: JOB })),
    cut: (told) => (told.outbox = null),
    "cut and back": (told) => told.reopened(),
    "asked anew": (told) => told.errands.begin(FILL, () => new Promise(() => {})),
    dropped: (told) => told.errands.drop(),
  };
  for (const [name, happen] of Object.entries(meanwhile)) {
    for (const end of ["resolve", "reject"]) {
      const told = new Told();
      const reads = [];
      told.errands.begin(FILL, () => new Promise((resolve, reject) => reads.push({ resolve, reject })));
      told.hear(WANT, "fill");
      happen(told);
      told.events = [];
      reads[0][end](end === "resolve" ? whole : refuse("job.lost", "closed"));
      await soon();
      assert.deepEqual(told.told, [], name);
      if (told.outbox) assert.ok(!told.said.includes("stream"), name);
      if (name !== "wanted anew") continue;
      reads[1].resolve(whole);
      await soon();
      assert.equal(told.said, "stream 1 image, stream 3 mask");
    }
  }
});

test("a plan alone is over with its want", () => {
  const told = new Told();
  told.errands.begin(fillOf(JOB, ASK, { dry: true }), null);
  assert.deepEqual(told.hear({ ...WANT, image: null, mask: null }), ["want"]);
  assert.ok(!told.errands.busy);
});

test("a fill says what it has, and nothing else", () => {
  const more = { region: "r", replaces: OTHER, dry: true };
  const told = new Told();
  told.errands.begin(fillOf(JOB, { ...ASK, selection: null, content: [1, 2, 3, 4] }, more), null);
  const recipe = { mode: "remove", seed: 1 };
  const [said] = told.messages;
  assert.deepEqual(said, { t: "fill", job: JOB, document: DOCUMENT, recipe, content: [1, 2, 3, 4], ...more });
});

test("an ask that is too large is refused, and is no errand", () => {
  const told = new Told();
  told.errands.begin(fillOf(JOB, { ...ASK, recipe: { mode: "fill", prompt: "x".repeat(70_000) } }, {}), null);
  const [{ message }] = told.events;
  assert.deepEqual([message.t, message.code, message.job, message.re], ["error", "limit.message", JOB, "fill"]);
  assert.deepEqual([told.errands.busy, told.said], [false, ""]);
});

// ---- cancel ---------------------------------------------------------------------------------------------------------

test("a cancel stops the upload, and is said again after a cut", async () => {
  const told = new Told();
  told.errands.begin(FILL, async () => whole);
  told.hear(WANT);
  await soon();
  told.errands.cancel(JOB);
  assert.equal(told.said, "fill, stream 1 image, stream 3 mask, abort 1, abort 3, cancel");
  assert.equal(told.reopened(false), "fill, cancel", "it may have been lost, and the job would run");
  assert.deepEqual(told.hear(WANT, ""), [], "nothing more is read");
  assert.deepEqual(told.hear({ ...done(1), state: "cancelled" }), ["done"]);
  assert.equal(told.reopened(), "");
});

test("a cancel of a job of another session waits for a connection, once", () => {
  const told = new Told();
  told.outbox = null;
  told.errands.cancel(OTHER);
  assert.equal(told.reopened(), "cancel");
  assert.equal(told.reopened(), "");
});
