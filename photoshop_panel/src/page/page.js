/** The page: puts its rooms together, and the panel beside them. */

import { Album } from "./album.js";
import { makeBar } from "./bar.js";
import { makeCorner } from "./corner.js";
import { Easel } from "./easel.js";
import { checkSize, dropped, opened, sample, save } from "./files.js";
import { makeHost } from "./host_canvas.js";
import { LayerList } from "./layer_list.js";
import { layer } from "./layers.js";
import { Selection } from "./selection.js";
import { keys, pairingText, store } from "./session.js";
import { listen } from "./shortcuts.js";
import { makeTabs } from "./tabs.js";
import { Tools } from "./tools.js";

/** @import { Act, Host, Link, LinkOptions, View } from "../seams.js" */
/** @import { PageDocument } from "./document.js" */

/**
 * What a guest needs.
 * @typedef {object} Needs
 * @property {Host} host
 * @property {(hear: LinkOptions["hear"], state: LinkOptions["state"]) => Link} dial
 * @property {(view: View) => void} show
 */

/**
 * The rooms that both hosts share.
 * @typedef {object} Rooms
 * @property {(needs: Needs) => Act & { refresh(): Promise<void> }} makeGuest
 * @property {(root: any, act: Act, hang: Host["hang"]) => { show(view: View): void }} makePanel
 * @property {(options: LinkOptions) => Link} makeLink
 * @property {string} version
 */

const UNPAIRED =
  "Run sfumato open in a terminal: it opens this page with its key. To go on in this window, paste what it prints.";
/** How much one press enlarges the canvas on each side, as a part of it. */
const MORE = 0.25;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const part = (id) => /** @type {T} */ (document.getElementById(id));

/** Open the page. @param {Rooms} rooms */
export function openPage({ makeGuest, makePanel, makeLink, version }) {
  const text = pairingText();
  const album = new Album();
  const frame = part("easel");
  const easel = new Easel(frame, part("picture"), part("veil"));
  const tools = new Tools(easel, { cursor: part("cursor"), band: part("band") });
  const layers = new LayerList(part("layers"), {
    opacity: part("opacity"),
    invert: part("invert"),
    invertLayer: () => layer({ kind: "invert", name: "Invert", box: [0, 0, 0, 0] }),
  });
  const present = () => frame.focus({ preventScroll: true });
  const host = makeHost(album, { keys, store, version: browser(), present });

  // ---- what the artist does -----------------------------------------------------------------------------------------

  const say = (/** @type {string} */ words) => {
    part("trouble-text").textContent = words;
    part("trouble").hidden = !words;
  };
  const add = async (/** @type {Promise<PageDocument>} */ coming) => {
    say("");
    document.body.toggleAttribute("data-opening", true);
    try {
      album.add(await coming);
      host.present();
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    } finally {
      document.body.toggleAttribute("data-opening", false);
    }
  };
  const close = (/** @type {PageDocument} */ one) => {
    if (!one.unsaved || confirm(`“${one.name}” has layers that were not saved. Close it?`)) album.close(one);
  };
  const chooser = /** @type {HTMLInputElement} */ (part("file"));
  chooser.addEventListener("change", () => {
    for (const file of chooser.files ?? []) void add(opened(file));
    chooser.value = ""; // the same file may be chosen again
  });
  /** @type {(act: (one: PageDocument) => void) => () => void} */
  const onDocument = (act) => () => {
    tools.stop();
    try {
      if (album.active) act(album.active);
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  };
  const deeds = {
    open: () => chooser.click(),
    sample: () => void add(sample()),
    deselect: onDocument((one) => one.select("Deselect", new Selection(one.state.width, one.state.height))),
    enlarge: onDocument(enlarge),
    undo: onDocument((one) => one.undo()),
    redo: onDocument((one) => one.redo()),
    fit: () => easel.fit(),
    whole: () => easel.whole(),
    save: onDocument((one) => void save(one).catch((error) => say(`The picture was not saved: ${error.message}`))),
  };
  part("drop-open").addEventListener("click", deeds.open);
  part("drop-sample").addEventListener("click", deeds.sample);
  part("trouble-away").addEventListener("click", () => say(""));
  dropped(document.body, (files) => files.forEach((file) => void add(opened(file))));

  // ---- what is shown ------------------------------------------------------------------------------------------------

  const bar = makeBar(part, { album, easel, tools, deeds });
  const tabs = makeTabs(part("tabs"), album, close);
  const look = () => {
    const { active } = album;
    document.body.toggleAttribute("data-empty", !active);
    part("hint").hidden = !active || store.get("hinted") !== null;
    document.title = active ? `${active.name} – Sfumato` : "Sfumato";
    layers.show(active);
    tabs();
    bar();
  };
  album.watch((_, change) => {
    if (change.document === null) {
      tools.stop();
      easel.turnTo(album.active);
    } else if (change.document === album.active && change.before && change.after) {
      easel.changed(change.before, change.after);
      if (change.after.selection.bounds) store.set("hinted", "yes");
    }
    look();
  });
  addEventListener("beforeunload", (event) => {
    if (album.documents.some((one) => one.unsaved)) event.preventDefault();
  });

  // ---- the panel ----------------------------------------------------------------------------------------------------

  const corner = makeCorner(part("corner"));
  /** @type {View | null} */
  let view = null;
  /** @type {{ show(view: View): void } | null} */
  let panel = null;
  const show = (/** @type {View} */ now) => {
    view = now;
    panel?.show(now);
    corner(now.corner);
  };
  const dial = (/** @type {LinkOptions["hear"]} */ hear, /** @type {LinkOptions["state"]} */ state) =>
    makeLink({
      about: { name: "sfumato-page", version, host: host.name },
      hosts: [...new Set([location.hostname, "localhost", "127.0.0.1"])],
      port: Number(location.port) || 80,
      keys,
      socket: (url, protocol) => new WebSocket(url, protocol),
      hear,
      state: (now, words) => state(now, now === "unpaired" ? UNPAIRED : words),
    });
  const guest = makeGuest({ host, dial, show });
  panel = makePanel(part("panel"), guest, host.hang);
  if (view) show(view);
  if (text) guest.pair(text);

  listen(
    {
      "Ctrl+Z": deeds.undo,
      "Ctrl+Shift+Z": deeds.redo,
      "Ctrl+Y": deeds.redo,
      "Ctrl+D": deeds.deselect,
      "Ctrl+S": deeds.save,
      "Ctrl+O": deeds.open,
      R: () => tools.choose("rectangle"),
      B: () => tools.choose("brush"),
      "[": () => tools.grow(-1),
      "]": () => tools.grow(1),
      0: deeds.fit,
      1: deeds.whole,
      "+": () => easel.zoom(1.25),
      "-": () => easel.zoom(0.8),
      Escape: () => (tools.gesture ? tools.stop() : guest.cancel()),
      Delete: onDocument((one) => one.remove(one.state.active)),
    },
    (held) => tools.space(held),
  );
  look();
  void guest.refresh();
  return { album, host, easel, tools };
}

/** @param {PageDocument} one */
function enlarge(one) {
  const { width, height } = one.state;
  const [across, down] = [Math.round(width * MORE), Math.round(height * MORE)];
  checkSize(one.name, width + 2 * across, height + 2 * down);
  one.enlarge(across, down, across, down);
}

/** Which browser this is, for the bridge's log. */
function browser() {
  return navigator.userAgent.match(/(?:Firefox|Edg|Chrome|Version)\/[\d.]+/)?.[0] ?? "unknown";
}
