/* The panel without bridge and host: views are given, acts are written down, pictures are counted. */
import { makePanel } from "../../photoshop_panel/src/panel/panel.js";

const acts = [];
const act = Object.fromEntries(
  "edit go remove detail cancel again vary refine editSettings choose answer pair"
    .split(" ")
    .map((name) => [name, (...given) => acts.push([name, ...given])]),
);

let hangs = 0;
let held = null; // while it is an array, pictures wait in it to get ready
const up = new Set();

const under = new Set();

const hang = (shot) => {
  hangs += 1;
  const made = paint(shot);
  under.add(made);
  const over = () => under.delete(made);
  made.then(over, over);
  return made;
};

/** A picture that fades from the first pixel's colour. */
const paint = async (shot) => {
  if (held) await new Promise((go) => held.push(go));
  if (shot.broken) throw new Error("no picture");
  const canvas = document.createElement("canvas");
  canvas.width = shot.width;
  canvas.height = shot.height;
  const [red, green, blue] = shot.pixels;
  const brush = canvas.getContext("2d");
  const fade = brush.createLinearGradient(0, 0, shot.width, shot.height);
  fade.addColorStop(0, `rgb(${red} ${green} ${blue})`);
  fade.addColorStop(1, `rgb(${red * 0.25} ${green * 0.3} ${blue * 0.45})`);
  brush.fillStyle = fade;
  brush.fillRect(0, 0, shot.width, shot.height);
  const url = URL.createObjectURL(await new Promise((done) => canvas.toBlob(done)));
  up.add(url);
  return { url, free: () => (up.delete(url), URL.revokeObjectURL(url)) };
};

/** What is on the screen and can be used, or is written there. */
const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.offsetWidth);
const usable = () => seen("input, textarea, select, [role=button], [role=radio], [role=option]");
const nameOf = (one) => one.getAttribute("aria-label") ?? one.textContent.trim();

const colour = (text) => {
  const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
  return [red, green, blue, alpha];
};
const over = ([red, green, blue, alpha], below) =>
  [red, green, blue].map((value, at) => value * alpha + below[at] * (1 - alpha));
const ground = (one) =>
  one ? over(colour(getComputedStyle(one).backgroundColor), ground(one.parentElement)) : [0, 0, 0];
const light = (rgb) => {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
/** How far two colours stand apart: WCAG 2, contrast ratio. */
const apart = (text, back) => {
  const [more, less] = [light(over(colour(text), back)), light(back)].sort((one, other) => other - one);
  return (more + 0.05) / (less + 0.05);
};
const faded = (one) => one && (Number(getComputedStyle(one).opacity) < 1 || faded(one.parentElement));

window.alone = {
  panel: makePanel(document.getElementById("app"), act, hang),
  acts,
  hold: () => (held = []),
  release: () => {
    const waiting = held ?? [];
    held = null;
    for (const go of waiting.reverse()) go();
  },
  /** Once no picture is in the making, and all are on the screen. */
  settled: async () => {
    while (under.size) await Promise.allSettled(under);
    await Promise.all([...document.images].filter((one) => one.src).map((one) => one.decode()));
    for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
  },
  pictures: () => ({ hangs, up: up.size }),
  /** How often something on the page is changed while `work` runs. */
  touched: (work) => {
    const watch = new MutationObserver(() => {});
    const everything = { subtree: true, childList: true, attributes: true, characterData: true };
    watch.observe(document.body, everything);
    work();
    const seen = watch.takeRecords();
    watch.disconnect();
    return seen.map((one) => `${one.type} ${one.attributeName ?? ""} ${one.target.className ?? one.target.nodeName}`);
  },
  /** [text, contrast] of everything that is written and not greyed. */
  contrasts: () => {
    const found = [];
    for (const one of seen("#app *")) {
      const own = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (faded(one) || one.type === "range" || !(own || one.placeholder || one.value)) continue;
      const empty = one.placeholder && !one.value;
      const { color } = getComputedStyle(one, empty ? "::placeholder" : undefined);
      found.push([one.placeholder || one.textContent || one.value, apart(color, ground(one))]);
    }
    return found;
  },
  /** The contrast of a line in this colour on the panel. */
  line: (name) => {
    const root = document.getElementById("app");
    const probe = root.appendChild(document.createElement("div"));
    probe.style.color = `var(${name})`;
    const ratio = apart(getComputedStyle(probe).color, ground(root));
    probe.remove();
    return ratio;
  },
  /** What stands out at the right, or is cut off there. */
  overhanging: () => {
    const { clientWidth } = document.documentElement;
    const words = seen(".sf-button, .sf-label, .sf-text, .sf-why");
    return [
      ...seen(".sf-page *").filter((one) => one.getBoundingClientRect().right > clientWidth - 8),
      ...words.filter((one) => one.scrollWidth > one.clientWidth + 1),
    ].map((one) => `${one.className}: ${nameOf(one)}`);
  },
  hits: () => usable().map((one) => [nameOf(one), one.offsetWidth, one.offsetHeight]),
  nameless: () => usable().filter((one) => !nameOf(one)).map((one) => one.outerHTML),
  whys: () =>
    seen("[aria-disabled=true], :disabled")
      .map((one) => one.title)
      .filter(Boolean),
};
