/* The page without bridge and guest: its host is there to be asked, what would be said to the guest is written down. */
import { openPage } from "../../photoshop_panel/src/page/page.js";
import { makePanel } from "../../photoshop_panel/src/panel/panel.js";

const acts = [];
const words = "edit go remove detail cancel again vary refine editSettings choose answer pair refresh".split(" ");
const act = Object.fromEntries(words.map((word) => [word, (...given) => void acts.push([word, ...given])]));
let dialled = null;

/** Bytes as a text: a list of numbers would take seconds. */
function packed(bytes) {
  let text = "";
  for (let k = 0; k < bytes.length; k += 30_000) text += String.fromCharCode(...bytes.subarray(k, k + 30_000));
  return btoa(text);
}

const page = openPage({
  makeGuest: ({ dial, show }) => {
    dial(() => {}, (state, text) => acts.push(["state", state, text]));
    window.show = show;
    return act;
  },
  makePanel,
  makeLink: (options) => (dialled = options),
  version: "1.2.3",
});

window.bench = {
  ...page,
  acts,
  dialled,
  /** Something for the panel to show: fields as they are at first. */
  view: () => ({
    title: "roof.png",
    fields: {
      ...{ prompt: "", strength: 100, count: 1, model: null, negative: "", steps: null, guidance: null, seed: null },
      ...{ locked: false, loras: [], sample: "all", blend: 0, context: "auto", source: "near" },
    },
    go: { label: "Fill", why: "" },
    remove: { label: "Remove", why: "" },
    detail: { label: "Enhance detail", why: "" },
    cancel: { label: "Cancel", why: "nothing runs" },
    ...{ plan: "", notes: [], models: [{ id: null, title: "Automatic", why: "" }], loras: [], greyed: {}, layer: null },
    ...{ fraction: null, doing: "", preview: null, tiles: [], offers: [], status: "", error: "", history: [] },
    ...{ waiting: "", pairing: null, corner: [] },
  }),
  /** Two turns of the screen: what was asked to be drawn is drawn. */
  drawn: () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  /** What a document shows. */
  async pixels() {
    const canvas = await page.host.active();
    const { document } = await canvas.scene("all");
    const box = [0, 0, document.width, document.height];
    const rgba = await canvas.read(box, 4, "u8", { sample: "all", anchor: 0 }, []);
    return { width: document.width, height: document.height, rgba: packed(rgba) };
  },
  async coverage(box) {
    return packed(await (await page.host.active()).coverage(box));
  },
  /** A layer of one colour lands. */
  async land(name, box, rgb, mask = null) {
    const pixels = new Uint8Array(box[2] * box[3] * 3).map((_, k) => rgb[k % 3]);
    const picture = { width: box[2], height: box[3], channels: 3, depth: "u8" };
    const one = { name, box, picture, pixels, mask: mask && Uint8Array.from(mask), result: name, memory: "{}" };
    return (await page.host.active()).insert(one, { sample: "all", anchor: 0 }, false, 0, 0);
  },
};
