/** What the pointer does on the easel: rectangle, soft brush, hand. */

import { between, intersect } from "./boxes.js";
import { Stroke } from "./brush.js";
import { Selection, rectangle } from "./selection.js";
import { onScreen } from "./viewport.js";

/** @import { Box } from "../seams.js" */
/** @import { Easel } from "./easel.js" */

/** A drag that stays within so many screen pixels is a click. */
const CLICK = 3;
/** How much one notch of the wheel zooms. */
const NOTCH = 1.0015;

/** The smallest and the largest brush, in document pixels. */
export const BRUSH = [1, 1000];

/** The tools: one is chosen, one gesture at most is under way. */
export class Tools {
  /**
   * @param {Easel} easel
   * @param {{ cursor: HTMLElement, band: HTMLElement }} marks the brush's circle, the rectangle in the making
   */
  constructor(easel, marks) {
    this.easel = easel;
    this.marks = marks;
    /** @type {"rectangle" | "brush"} */
    this.tool = "rectangle";
    this.brush = { size: 80, softness: 0.5 };
    /** @type {{ move: (event: PointerEvent) => void, end: (event: PointerEvent | null) => void } | null} */
    this.gesture = null;
    this.spaced = false;
    /** @type {PointerEvent | null} */
    this.last = null;
    /** @type {() => void} told when tool or brush is another */
    this.onChange = () => {};
    const { frame } = easel;
    frame.addEventListener("pointerdown", (event) => this.#down(event));
    frame.addEventListener("pointermove", (event) => this.#move(event));
    frame.addEventListener("pointerup", (event) => this.#up(event));
    frame.addEventListener("pointercancel", () => this.stop());
    frame.addEventListener("pointerleave", () => this.#circle(null));
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** Choose a tool. @param {"rectangle" | "brush"} tool */
  choose(tool) {
    this.tool = tool;
    this.#changed();
  }

  /** Set the brush. @param {{ size?: number, softness?: number }} brush */
  set(brush) {
    const { size = this.brush.size, softness = this.brush.softness } = brush;
    this.brush = { size: Math.min(BRUSH[1], Math.max(BRUSH[0], Math.round(size))), softness };
    this.#changed();
  }

  /** Make the brush one step larger or smaller. @param {1 | -1} way */
  grow(way) {
    const { size } = this.brush;
    this.set({ size: way > 0 ? Math.max(size + 1, size * 1.2) : Math.min(size - 1, size / 1.2) });
  }

  /** Space is held: the hand. @param {boolean} spaced */
  space(spaced) {
    this.spaced = spaced;
    this.#changed();
  }

  /** Stop what is under way, without what it would have done. */
  stop() {
    this.gesture?.end(null);
    this.gesture = null;
    this.#changed();
  }

  #changed() {
    this.easel.frame.dataset.tool = this.spaced ? "hand" : this.tool;
    this.#circle(this.last);
    this.onChange();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.gesture || !this.easel.document) return;
    const hand = event.button === 1 || (event.button === 0 && this.spaced);
    if (event.button !== 0 && !hand) return;
    event.preventDefault(); // middle button: no autoscroll
    this.easel.frame.focus({ preventScroll: true });
    this.easel.frame.setPointerCapture(event.pointerId);
    this.gesture = hand ? this.#hand(event) : this.tool === "brush" ? this.#stroke(event) : this.#band(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.last = event;
    this.gesture?.move(event);
    this.#circle(event);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    this.gesture?.end(event);
    this.gesture = null;
  }

  /** @param {PointerEvent} start */
  #hand(start) {
    const { easel } = this;
    let [x, y] = [start.clientX, start.clientY];
    easel.frame.dataset.tool = "grabbing";
    return {
      move: (/** @type {PointerEvent} */ event) => {
        const { view } = easel;
        easel.look({ ...view, x: view.x + event.clientX - x, y: view.y + event.clientY - y });
        [x, y] = [event.clientX, event.clientY];
      },
      end: () => this.#changed(),
    };
  }

  /** @param {PointerEvent} start */
  #band(start) {
    const { easel } = this;
    const document = /** @type {NonNullable<Easel["document"]>} */ (easel.document);
    const from = easel.point(start);
    const how = start.shiftKey ? "add" : start.altKey ? "erase" : "replace";
    const box = (/** @type {PointerEvent} */ event) => {
      const [x0, y0, x1, y1] = [...from, ...easel.point(event)].map(Math.round);
      return intersect(between(x0, y0, x1, y1), [0, 0, document.state.width, document.state.height]);
    };
    return {
      move: (/** @type {PointerEvent} */ event) => this.#show(box(event)),
      end: (/** @type {PointerEvent | null} */ event) => {
        this.#show(null);
        if (!event) return;
        const { width, height, selection } = document.state;
        const still = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < CLICK;
        const found = still ? null : box(event);
        easel.tinted = false;
        if (found) document.select("Rectangle", rectangle(selection, found, how));
        else if (how === "replace") document.select("Deselect", new Selection(width, height));
      },
    };
  }

  /** @param {PointerEvent} start */
  #stroke(start) {
    const { easel } = this;
    const document = /** @type {NonNullable<Easel["document"]>} */ (easel.document);
    const stroke = new Stroke(document.state.selection, { ...this.brush, erase: start.altKey });
    const go = (/** @type {PointerEvent} */ event) => {
      const box = stroke.to(...easel.point(event));
      if (box) easel.sketch(stroke.draft, box);
    };
    go(start);
    return {
      move: (/** @type {PointerEvent} */ event) => {
        const events = event.getCoalescedEvents?.() ?? [];
        for (const one of events.length ? events : [event]) go(one);
      },
      end: (/** @type {PointerEvent | null} */ event) => {
        easel.sketch(null);
        if (event) document.select("Brush", stroke.draft.done());
      },
    };
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    if (!this.easel.document) return;
    const { left, top } = this.easel.frame.getBoundingClientRect();
    const pinched = event.ctrlKey ? 6 : 1; // browsers send pinching as small turns with Ctrl
    const notches = event.deltaY * (event.deltaMode === 1 ? 20 : 1) * pinched;
    this.easel.zoom(NOTCH ** -notches, event.clientX - left, event.clientY - top);
    this.#circle(event);
  }

  /** The brush's circle at the pointer. @param {{ clientX: number, clientY: number } | null} event */
  #circle(event) {
    const { cursor } = this.marks;
    cursor.hidden = !event || this.tool !== "brush" || this.spaced || !this.easel.document;
    if (!event || cursor.hidden) return;
    const { left, top } = this.easel.frame.getBoundingClientRect();
    const size = Math.max(3, this.brush.size * this.easel.view.zoom);
    cursor.style.width = cursor.style.height = `${size}px`;
    cursor.style.transform = `translate(${event.clientX - left - size / 2}px, ${event.clientY - top - size / 2}px)`;
  }

  /** The rectangle in the making. @param {Box | null} box */
  #show(box) {
    const { band } = this.marks;
    band.hidden = !box;
    if (!box) return;
    const [x, y, width, height] = onScreen(this.easel.view, box);
    Object.assign(band.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    band.dataset.size = `${box[2]} × ${box[3]}`;
  }
}
