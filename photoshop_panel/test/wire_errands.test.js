/** What this side asked for and what came of it: jobs, questions, durable messages. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ACCEPTED,
  FILL,
  JOB,
  OTHER,
  TAKE,
  Told,
  WANT,
  done,
  error,
  fetched,
  layer,
  live,
  soon,
  whole,
} from "./told.js";

// ---- each durable message once --------------------------------------------------------------------------------------

test("what is not settled is told once, however often it is said", () => {
  const told = Told.accepted();
  told.events = [];
  live(1).forEach((one) => told.errands.hear(one));
  const [first] = told.events;
  assert.deepEqual(told.told, ["layer0"]);
  assert.deepEqual(told.hear(done(2)), ["done"]);
  assert.equal(told.reopened(), "", "the job is over: nothing to ask again");
  assert.deepEqual(told.hear(layer(1), done(2), ""), []);
  told.errands.settle(first.message, "inserted");
  told.errands.settle(done(2), "inserted");
  assert.equal(told.said, "ack 1 inserted, ack 2");
  const late = { t: "progress", job: JOB, phase: "painting", step: 1, steps: 2, seconds_left: null };
  assert.deepEqual(told.hear(late), [], "the job is over");
});

test("an ack that was lost is said again with what became of the layer", () => {
  const told = Told.accepted();
  told.hear(live(1));
  told.errands.settle(layer(1), "discarded");
  told.errands.settle(layer(1), "inserted");
  assert.equal(told.said, "ack 1 discarded", "the first word counts");
  assert.equal(told.reopened(), "fill");
  assert.deepEqual(told.hear(layer(1), "ack 1 discarded"), []);
});

test("a number is the one that was said last", () => {
  const told = Told.accepted();
  told.hear(live(3));
  told.reopened();
  told.hear(layer(7));
  told.errands.settle(layer(3), "inserted");
  assert.equal(told.said, "ack 7 inserted");
});

test("numbers of a session that was lost settle nothing", () => {
  const told = Told.accepted();
  told.hear(live(1));
  assert.equal(told.reopened(false), "fill");
  told.errands.settle(layer(1), "inserted");
  assert.equal(told.said, "", "the new session counts from 1 again: 1 could be another layer");
  assert.deepEqual(told.hear(layer(2), "ack 2 inserted"), []);
});

test("what was told before all was dropped is settled under the number that it has then", () => {
  const told = Told.accepted();
  told.hear(live(1), done(2));
  told.errands.drop();
  told.reopened(false);
  told.errands.settle(layer(1), "inserted");
  assert.equal(told.said, "");
  told.errands.begin(TAKE, null);
  assert.deepEqual(told.hear(ACCEPTED, layer(5), done(6), "take, ack 5 inserted"), ["accepted", "done"]);
});

test("what nobody settles stays with the bridge", () => {
  const told = Told.accepted();
  told.hear(live(1), done(2));
  told.errands.settle(done(2), "inserted");
  assert.equal(told.said, "ack 2");
  assert.deepEqual(told.hear(layer(1), ""), [], "neither fetched nor discarded");
  told.errands.settle(layer(1), "inserted");
  assert.equal(told.said, "ack 1 inserted");
});

test("a layer that nobody here asked for stays with the bridge", () => {
  const told = Told.accepted();
  assert.deepEqual(told.hear(live(1, 0, OTHER), layer(2, 1, { job: OTHER }), done(3, OTHER), ""), []);
});

test("progress and previews need no settling", () => {
  const told = Told.accepted();
  const progress = { t: "progress", job: JOB, phase: "painting", step: 1, steps: 2, seconds_left: null };
  assert.deepEqual(told.hear(progress, { ...progress, job: OTHER }), ["progress"]);
  told.errands.settle(progress, "inserted");
  assert.equal(told.said, "");
});

// ---- done -----------------------------------------------------------------------------------------------------------

test("done waits for the pixels of its layers", () => {
  const told = Told.accepted();
  const [announced, first, pixels] = live(1);
  assert.deepEqual(told.hear(announced, first, done(2)), []);
  assert.ok(told.errands.busy);
  assert.deepEqual(told.hear(pixels), ["layer0", "done"]);
  assert.ok(!told.errands.busy);
});

test("done waits over a cut", () => {
  const told = Told.accepted();
  told.hear(live(1).slice(0, 2), done(2));
  assert.equal(told.reopened(), "fill");
  assert.deepEqual(told.hear(layer(1), done(2), "fetch abx0 layer 0, fetch abx0 layer mask 0"), []);
  assert.deepEqual(told.hear(fetched(2, "layer", 36)), []);
  assert.deepEqual(told.hear(fetched(4, "layer mask", 12)), ["layer0", "done"]);
});

test("done of a lost session does not outlive it", () => {
  const told = Told.accepted();
  told.hear(live(1).slice(0, 2), live(2, 1).slice(0, 2), done(3));
  told.reopened(false);
  assert.deepEqual(told.hear(live(1)), ["layer0"], "the other one is still to come");
  assert.deepEqual(told.hear(live(2, 1), done(3)), ["layer1", "done"]);
});

test("a layer that is gone is said, and its job goes on", () => {
  const told = Told.accepted();
  told.hear(layer(1), done(2));
  const expired = error("result.expired", { re: "fetch" });
  told.errands.hear(expired);
  assert.equal(told.events[0].message.job, JOB);
  assert.deepEqual(told.told, ["error", "done"]);
  assert.deepEqual(told.hear(expired), [], "the same of its mask");
});

// ---- refusals -------------------------------------------------------------------------------------------------------

for (const re of ["fill", "stream", null]) {
  test(`a job that is refused is over (${re})`, () => {
    const told = new Told();
    told.errands.begin(FILL, null);
    assert.deepEqual(told.hear(error("queue.full", { retry: "later", re, job: JOB })), ["error"]);
    assert.ok(!told.errands.busy);
    const late = error("job.unknown", { re: "stream", job: JOB, s: 1 });
    assert.deepEqual(told.hear(late, { ...late, re: null }), [], "its pixels were on their way");
    assert.equal(told.reopened(), "");
  });
}

test("pixels of a job that is refused stay here", async () => {
  const told = new Told();
  told.errands.begin(FILL, async () => whole);
  told.hear(WANT);
  await soon();
  assert.equal(told.outbox.bulk.length, 2);
  told.hear(error("limit.spool", { retry: "later", job: JOB }));
  assert.equal(told.outbox.bulk.length, 0);
});

test("an error of no job is an event", () => {
  const told = Told.accepted();
  const unknown = error("job.unknown", { re: "cancel", job: OTHER });
  assert.deepEqual(told.hear(error("limit.spool", { re: "ack" }), unknown), ["error", "error"]);
  assert.ok(told.errands.busy);
});

test("a cancel that comes too late is no event", () => {
  const told = Told.accepted();
  assert.deepEqual(told.hear(error("job.unknown", { re: "cancel", job: JOB })), []);
  assert.ok(told.errands.busy);
});

test("an error that ends the conversation is thrown", () => {
  const told = Told.accepted();
  assert.throws(() => told.hear(error("auth.elsewhere", { text: "opened elsewhere" })), {
    code: "auth.elsewhere",
    message: "opened elsewhere",
  });
});

// ---- taking over ----------------------------------------------------------------------------------------------------

test("a job that was taken over is told like a fill", () => {
  const told = new Told();
  told.errands.begin(TAKE, null);
  assert.ok(told.errands.busy);
  told.hear(ACCEPTED, layer(1), done(2), "take, fetch abx0 layer 0, fetch abx0 layer mask 0");
  assert.deepEqual(told.hear(fetched(2, "layer", 36)), []);
  assert.equal(told.reopened(), "take");
  assert.deepEqual(told.hear(layer(1), done(2), ACCEPTED, layer(4), done(5), "fetch abx0 layer mask 0"), []);
  assert.deepEqual(told.hear(fetched(2, "layer mask", 12)), ["layer0", "done"]);
  told.errands.settle(layer(4), "inserted");
  assert.equal(told.said, "ack 4 inserted");
});

test("what is open elsewhere is refused", () => {
  const told = new Told();
  told.errands.begin(TAKE, null);
  assert.deepEqual(told.hear(error("job.busy", { retry: "later", re: "take", job: JOB })), ["error"]);
  assert.ok(!told.errands.busy);
});

test("one's own job is told again as far as it is not settled", () => {
  const told = Told.accepted();
  told.hear(live(1), live(2, 1), done(3));
  told.errands.settle(layer(1), "inserted");
  told.errands.settle(done(3), "inserted");
  assert.equal(told.said, "ack 1 inserted, ack 3");
  told.errands.begin(TAKE, null);
  assert.deepEqual(
    told.hear(ACCEPTED, layer(4, 1), done(5), "take, fetch abx1 layer 0, fetch abx1 layer mask 0"),
    ["accepted"],
  );
  assert.deepEqual(told.hear(fetched(6, "layer", 36), fetched(8, "layer mask", 12)), ["layer1", "done"]);
  told.errands.settle(layer(2, 1), "inserted");
  told.errands.settle(done(5), "inserted");
  assert.equal(told.said, "ack 4 inserted, ack 5");
});

// ---- questions ------------------------------------------------------------------------------------------------------

test("a question is asked again after a cut until it is answered", () => {
  const told = Told.accepted();
  told.errands.question({ t: "jobs" });
  told.errands.question({ t: "capabilities" });
  const parts = [1, 2].map((part) => ({ t: "capabilities", revision: 1, part, parts: 2 }));
  assert.deepEqual(told.hear(parts[0], "jobs, capabilities"), ["capabilities"]);
  assert.equal(told.reopened(), "jobs, capabilities, fill");
  assert.deepEqual(told.hear({ t: "jobs", jobs: [] }, parts), ["jobs", "capabilities", "capabilities"]);
  assert.equal(told.reopened(), "fill");
  told.errands.question({ t: "jobs" });
  told.hear(error("wire.type", { re: "jobs" }));
  assert.equal(told.reopened(), "fill");
});

test("what is asked while nobody listens is said once somebody does", () => {
  const told = new Told();
  told.outbox = null;
  told.errands.begin(FILL, null);
  told.errands.question({ t: "jobs" });
  assert.equal(told.reopened(false), "jobs, fill");
  told.errands.drop();
  assert.ok(!told.errands.busy);
  assert.equal(told.reopened(false), "");
});
