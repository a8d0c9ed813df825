/** The Photoshop host on the strict double: every probe, and what the double itself refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHost } from "../src/photoshop/host_photoshop.js";
import { KEEPING } from "./double/probes_keeping.js";
import { READING } from "./double/probes_reading.js";
import { WRITING } from "./double/probes_writing.js";
import { HABITS } from "./double/seat.js";

const PROBES = { reading: READING, writing: WRITING, keeping: KEEPING };

for (const [room, probes] of Object.entries(PROBES)) {
  for (const [name, probe] of Object.entries(probes)) test(`${room}: ${name}`, () => probe(makeHost));
}

/** Habits that nobody need notice, and who notices after all: layers are asked one by one then. */
const UNSEEN = {
  noMultiGet: ["a look at two hundred layers costs no more calls than one at two"],
  points: ["a look at two hundred layers costs no more calls than one at two"],
  deepMasks: [],
  noFreshMask: [],
  noXmp: [
    "memory, result and tag survive save and reopen, in another session, too",
    "a duplicate beside its original has a tag of its own, and its layers remember",
  ],
};

for (const [habit, noticed] of Object.entries(UNSEEN)) {
  test(`all of it on a Photoshop with ${habit}`, async () => {
    HABITS[habit] = true;
    try {
      for (const [name, probe] of Object.values(PROBES).flatMap(Object.entries)) {
        if (noticed.includes(name)) await assert.rejects(probe(makeHost), name);
        else await probe(makeHost).catch((error) => assert.fail(`${name}: ${error.stack}`));
      }
    } finally {
      delete HABITS[habit];
    }
  });
}

test("the probes are all different", () => {
  const names = Object.values(PROBES).flatMap(Object.keys);
  assert.equal(new Set(names).size, names.length);
});
