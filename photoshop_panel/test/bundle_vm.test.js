/** The bundle as build.mjs makes it, in a room that has what UXP documents and nothing else, on the strict double. */
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { build } from "esbuild";
import { all, makePage } from "./double/page.js";
import { makePhotoshop } from "./double/photoshop.js";
import { picture } from "./double/seat.js";
import { makeLocalStorage, makeUxp } from "./double/uxp.js";

const ROOM = fileURLToPath(new URL("../src/photoshop/", import.meta.url));

const { outputFiles } = await build({
  entryPoints: [`${ROOM}entry_photoshop.js`],
  inject: [`${ROOM}text_coding.js`],
  bundle: true,
  minify: true,
  write: false,
  charset: "utf8",
  format: "cjs",
  target: "es2020",
  external: ["photoshop", "uxp"],
});
const CODE = outputFiles[0].text;

/** Photoshop with the plug-in loaded. Timers are those of the test: none keeps it running. */
function loaded(secure) {
  const photoshop = makePhotoshop();
  const uxp = makeUxp({ secure });
  const page = makePage();
  const dialled = [];
  class WebSocket {
    constructor(url, protocol) {
      dialled.push([url, protocol]);
      Object.assign(this, { readyState: 0, bufferedAmount: 0, binaryType: "blob", protocol });
    }
    send() {}
    close() {}
  }
  const modules = { photoshop: photoshop.ps, uxp };
  const room = {
    require: (name) => modules[name] ?? assert.fail(`require("${name}")`),
    module: { exports: {} },
    document: page.document,
    localStorage: makeLocalStorage(),
    WebSocket,
    setTimeout: (call, milliseconds) => setTimeout(call, milliseconds).unref(),
    clearTimeout,
    setInterval: (call, milliseconds) => setInterval(call, milliseconds).unref(),
    clearInterval,
    requestAnimationFrame: (call) => setTimeout(() => call(0), 1).unref(),
    console,
    performance: { now: () => performance.now() },
    crypto: { getRandomValues: (array) => webcrypto.getRandomValues(array) },
    Blob: class {},
    ImageBlob: class {},
    URL: { createObjectURL: () => "blob:uxp/1", revokeObjectURL() {} },
  };
  const missing = ["TextEncoder", "TextDecoder", "queueMicrotask", "structuredClone", "fetch", "Worker"];
  const context = vm.createContext(room);
  for (const name of missing) assert.equal(vm.runInContext(`typeof ${name}`, context), "undefined");
  vm.runInContext(CODE, context, { filename: "panel.js" });
  uxp.points.late = true;
  return { ...photoshop, uxp, page, dialled };
}

/** Wait until something is so: the guest looks and the link reads its key in their own time. */
async function until(fact) {
  const end = Date.now() + 20000;
  while (!fact() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(fact(), String(fact));
}

test("it loads, and registers panel and commands while it is loaded", () => {
  const { uxp, state } = loaded();
  const { panels, commands } = uxp.points.set;
  assert.deepEqual(Object.keys(panels), ["sfumato"]);
  assert.deepEqual(Object.keys(commands), ["fill", "remove", "again", "cancel"]);
  assert.equal(state.modal, 0);
});

test("the panel is shown in the element that UXP gives, once", async () => {
  const { uxp, page } = loaded();
  const root = page.create("div");
  const { create, show } = uxp.points.set.panels.sfumato;
  create(root);
  show(root);
  assert.equal(root.contains(page.app), true);
  await until(() => [...all(page.app)].length > 20);
  assert.equal([...all(page.app)].filter((one) => one.getAttribute("aria-label") === "Prompt").length, 1);
});

test("without a key the panel asks for one, and nothing is dialled", async () => {
  const { uxp, page, dialled } = loaded();
  uxp.points.set.panels.sfumato.create(page.body);
  await until(() => page.app.textContent.includes("sfumato pair"));
  assert.deepEqual(dialled, []);
});

test("a command acts without the panel, and says in a box why it cannot", async () => {
  const here = loaded();
  picture(here);
  here.uxp.points.set.commands.fill.run();
  await until(() => here.state.alerts.length > 0);
  assert.match(here.state.alerts[0], /sfumato pair/);
  here.uxp.points.set.commands.again.run();
  await until(() => here.state.alerts.length > 1);
});

test("localhost is dialled first", async () => {
  const key = `k1 ${"ab".repeat(32)}`;
  const here = loaded(new Map([["sfumato.key", Uint8Array.from(key, (one) => one.charCodeAt(0))]]));
  await until(() => here.dialled.length > 0);
  assert.deepEqual(here.dialled[0], ["ws://localhost:4717/v1", "sfumato.v1"]);
});

test("the self-test runs from the panel's menu, and is taken away by it", async () => {
  const { uxp, page, state } = loaded();
  const { create, menuItems, invokeMenu } = uxp.points.set.panels.sfumato;
  create(page.body);
  invokeMenu(menuItems[0].id);
  const area = page.document.getElementById("self-test");
  const { log } = console;
  console.log = () => {};
  await until(() => area.value.startsWith("{")).finally(() => (console.log = log));
  const report = JSON.parse(area.value);
  assert.equal(report.passed, report.of, area.value);
  assert.deepEqual([state.docs.length, state.live], [0, 0]);
  invokeMenu(menuItems[0].id);
  assert.equal(page.document.getElementById("self-test"), null);
});

test("it is small", () => {
  assert.ok(CODE.length < 160_000, `${CODE.length} characters`);
  assert.ok(!/\beval\(|new Function|innerHTML|https?:\/\//.test(CODE));
});
