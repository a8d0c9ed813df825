/**
 * An artist in Photoshop's double, with the panel as entry_photoshop puts it together: the real host, guest, link and
 * window. They do what an artist can do, each act is counted, and they wait until what they need is there.
 */
import assert from "node:assert/strict";
import { URL } from "node:url";
import WebSocket from "ws";
import { makeGuest } from "../src/guest/guest.js";
import { makePanel } from "../src/panel/panel.js";
import { start } from "../src/photoshop/starting.js";
import { makeLink } from "../src/wire/link.js";
import { all, makePage } from "./double/page.js";
import { box, seat, turn } from "./double/seat.js";
import { every } from "./double/tree.js";

/** Milliseconds: a model is loaded meanwhile, on a machine that may be busy. */
const PATIENCE = 120_000;

/** What UXP gives to a page beside the double's own. `hung` are the pictures that were not taken down yet. */
function furnish(page, hung, sockets) {
  class Pictures extends URL {
    static createObjectURL(blob) {
      const url = `blob:uxp/${hung.made++}`;
      hung.held.set(url, blob);
      return url;
    }
    static revokeObjectURL(url) {
      hung.held.delete(url);
    }
  }
  class Socket extends WebSocket {
    constructor(url, protocol) {
      super(url, protocol, { perMessageDeflate: false });
      sockets.push(this);
    }
  }
  const ImageBlob = class {
    constructor(pixels, options) {
      assert.equal(pixels.length, options.width * options.height * options.components);
    }
  };
  const requestAnimationFrame = (call) => setTimeout(() => call(0), 0);
  const { document } = page;
  Object.assign(globalThis, { document, URL: Pictures, WebSocket: Socket, ImageBlob, requestAnimationFrame });
}

/** An artist whose panel was paired with a bridge before, and who leaves when the test ends. */
export async function seated(t, bridge, more = {}) {
  const { id, key } = await bridge.key();
  const kept = Buffer.from(`${id} ${Buffer.from(key).toString("hex")}`);
  return started(t, { port: bridge.port, secure: new Map([["sfumato.key", kept]]), ...more });
}

/** An artist who leaves when the test ends. */
export function started(t, given) {
  const artist = new Artist(given);
  t.after(() => artist.leave());
  return artist;
}

class Artist {
  /**
   * Photoshop is started, and the panel opened. `secure` has the key that it was paired with; `storage` is what an
   * earlier start left. `hears` is called with each message of the bridge before the guest hears it.
   */
  constructor({ port, secure = new Map(), storage = new Map(), hears = () => {} }) {
    if (port) storage.set("sfumato.port", String(port));
    Object.assign(this, seat({ storage, secure }));
    Object.assign(this, { page: makePage(), hung: { made: 0, held: new Map() }, sockets: [], heard: [], acts: 0 });
    furnish(this.page, this.hung, this.sockets);
    start(this.ps, this.uxp, this.host, {
      makeGuest: (parts) => {
        const show = (view) => {
          this.view = view;
          parts.show(view);
        };
        const dial = (hear, state) =>
          parts.dial((event) => {
            this.heard.push(event.message);
            hears(event.message, this);
            hear(event);
          }, state);
        return (this.guest = makeGuest({ ...parts, show, dial }));
      },
      makePanel,
      makeLink: (options) => (this.link = makeLink(options)),
    });
    this.uxp.points.set.panels.sfumato.create(this.page.body);
  }

  /** Photoshop is ended; what runs at the bridge goes on. */
  async leave() {
    this.guest.close();
    for (const socket of this.sockets) socket.terminate();
    await turn();
  }

  // ---- what is seen ---------------------------------------------------------------------------------------------

  get controls() {
    const shown = (one) => !one || (one.style.display !== "none" && shown(one.parentNode));
    return [...all(this.page.app)].filter(shown);
  }

  /** The text of a visible bar or line with these words in it; undefined where there is none. */
  says(words) {
    return this.controls.map((one) => one.textContent).find((text) => words.test(text));
  }

  button(label) {
    return this.controls.find((one) => one.getAttribute("role") === "button" && one.textContent === label);
  }

  field(name) {
    return this.controls.find((one) => one.getAttribute("aria-label") === name);
  }

  /** What the panel says, for those who wait in vain. */
  get told() {
    const { error, status, plan, pairing, waiting, doing, go, offers } = this.view ?? {};
    return JSON.stringify({ error, status, plan, pairing, waiting, doing, go, offers });
  }

  /** Wait until something is so, and return it. */
  async until(fact) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
      const found = fact();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    return assert.fail(`waited in vain: ${fact}\n${this.told}`);
  }

  /** Wait until nothing is under way and the panel shows what there is. */
  async done() {
    for (let quiet = 0; quiet < 3; quiet = this.guest.idle && !this.link.busy ? quiet + 1 : 0) {
      await this.until(() => this.guest.idle && !this.link.busy);
      await this.guest.refresh();
      for (let at = 0; at < 5; at++) await turn();
    }
  }

  /** Our layers in a document, from the top. */
  ours(doc) {
    return [...every(doc.layers)].filter((one) => one.xmp);
  }

  /** Wait until so many layers of ours are there, and everything is quiet. */
  async landed(doc, count) {
    await this.until(() => this.ours(doc).length === count);
    await this.done();
    assert.deepEqual([this.ours(doc).length, this.view.error], [count, ""]);
  }

  // ---- what is done ---------------------------------------------------------------------------------------------

  /** Photoshop: select a box, with coverage or whole. */
  select(doc, selected, coverage) {
    this.acts++;
    this.artist.select(doc, box(...selected), coverage);
  }

  /** Photoshop: click a layer in the Layers panel. */
  pick(doc, ...layers) {
    this.acts++;
    doc.active = layers.map((one) => one.id);
    this.state.emit("select", { documentID: doc.id });
  }

  /** Photoshop: Image ▸ Canvas Size, to the right and below. */
  enlarge(doc, width, height) {
    this.acts++;
    Object.assign(doc, { width, height });
    this.artist.stroke(doc);
  }

  /** The panel: click a button, as soon as it can be used. */
  async press(label) {
    this.acts++;
    const button = await this.until(() => this.usable(label));
    button.click();
  }

  usable(label) {
    const button = this.button(label);
    return button && !button.classList.contains("sf-greyed") ? button : null;
  }

  /** The panel: write into the prompt, or the pairing field. */
  async type(text, name = "Prompt") {
    this.acts++;
    const field = await this.until(() => this.field(name));
    assert.equal(field.disabled, false, field.title);
    field.value = text;
    this.page.fire(field, "input");
  }

  /** The panel: Enter in the prompt, as soon as the one button says what is meant. */
  async enter(label, name = "Prompt") {
    this.acts++;
    if (label) await this.until(() => this.usable(label));
    this.page.fire(this.field(name), "keydown", { key: "Enter" });
  }

  /** The panel: the strength, in percent. */
  async strength(percent) {
    this.acts++;
    const slider = await this.until(() => this.field("Strength"));
    assert.equal(slider.disabled, false, slider.title);
    slider.value = String(percent);
    this.page.fire(slider, "input");
  }

  /** The panel: so many variations. They stay until they are set anew: whoever wants three has three. */
  async variations(count) {
    const button = await this.until(() => this.field(count === 1 ? "1 variation" : `${count} variations`));
    button.click();
  }

  /** The panel: one of the choices of a list, which is in the drawer or not. */
  async take(name, title) {
    if (!this.field(name)) this.field("More").click();
    const field = await this.until(() => this.field(name));
    field.selectedIndex = [...field.children].findIndex((one) => one.textContent === title);
    this.page.fire(field, "change");
  }

  /** The panel: the thumbnail of a variation. */
  async choose(at) {
    this.acts++;
    const tile = () => this.controls.filter((one) => one.getAttribute("role") === "option")[at];
    (await this.until(tile)).click();
  }
}
