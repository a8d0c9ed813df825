/**
 * The guest: what the artist has before them, and what becomes of what the bridge says. `acts` has what they do.
 *
 * It knows neither host nor window nor socket: `Host` and `Canvas` are all that it sees of an editor, `Link` of the
 * bridge, and the window shows its `View`. A host answers later, if at all: gestures are done one after the other,
 * looks never pile up, and after each answer the document may be closed, the fields be others, the layer be gone.
 */

/** @import { Canvas, Event, Host, Link, LinkState, View } from "../seams.js" */
/** @import { Clock } from "./keep.js" */

import { makeAbilities } from "./abilities.js";
import { makeActs } from "./acts.js";
import { makeFills } from "./fills.js";
import { makeKeep } from "./keep.js";
import { atFirst, drawSeed, isThere } from "./now.js";
import { makePlanning } from "./planning.js";
import { LOST, STATES, reason } from "./showing.js";
import { NOTHING, alike, handOf, look, modeBefore } from "./sight.js";
import { coalesced } from "./turns.js";
import { same, words } from "./values.js";
import { viewOf } from "./viewing.js";
import { makeWaiting } from "./waiting.js";
import { isOpen } from "./works.js";

/** @type {Clock} */
const CLOCK = {
  now: () => Date.now() / 1000,
  later: (work, seconds) => void setTimeout(work, seconds * 1000),
};

/** @typedef {ReturnType<typeof makeGuest>} Guest */

/**
 * One seat at the bridge. `dial` opens the link, which says nothing before it is returned; `show` gets each new view.
 *
 * @param {{
 *   host: Host, show: (view: View) => void, clock?: Clock,
 *   dial: (hear: (event: Event) => void, state: (state: LinkState, text: string) => void) => Link,
 * }} around
 */
export function makeGuest({ host, dial, show, clock = CLOCK }) {
  const keep = makeKeep(host.store, clock);
  const now = atFirst(keep.fields);
  const abilities = makeAbilities();
  const waiting = makeWaiting(host.name, () => host.canvases(), clock.now);
  const planning = makePlanning(() => link);
  const fills = makeFills({
    keep,
    link: () => link,
    landed(work, result) {
      if (work.shown === result) drawSeed(now, work);
      if (alike(work.canvas, now.sighted.canvas) && !now.typed) host.present();
      void refresh();
    },
    changed: () => render(),
    openDocument: (one) => host.openDocument(one),
    say: (text) => say(text),
  });
  let closed = false;
  /** @type {View | null} */
  let shown = null;

  /** @param {string} text */
  function say(text) {
    now.error = text;
  }

  // ---- what is seen ---------------------------------------------------------------------------------------------

  /** Show the view, where it is new. */
  function render() {
    if (closed) return;
    const view = viewOf(now, { abilities, fills, waiting, planning, keep });
    if (same(view, shown)) return;
    shown = view;
    show(view);
  }

  /** Ask for the plan of what the one button does now, and show what there is to show. */
  function plan() {
    const { scene } = now.sighted;
    const meant = abilities.meant(now.fields);
    const mode = modeBefore(scene, meant);
    if (scene && now.online === "open" && !reason(mode, scene, now.fields, abilities)) planning.ask(mode, scene, meant);
    render();
  }

  /** Look at what the artist has before them, as it is now. */
  const refresh = coalesced(async () => {
    if (closed) return;
    /** @type {Canvas | null} */
    let canvas = null;
    try {
      canvas = await host.active();
      const seen = await look(canvas, now.fields.sample);
      const turned = !alike(seen.canvas, now.sighted.canvas);
      now.sighted = seen;
      if (turned) {
        now.hand = null;
        if (now.online === "open") link.askJobs(); // to turn to a document starts no bridge
      }
      const { editing } = now;
      if (editing && !(await isThere(editing, seen.canvas)) && now.editing === editing) now.editing = null;
      now.hand = await handOf(seen, fills.of(seen.canvas));
      await waiting.look();
    } catch (why) {
      if (!canvas || !canvas.open()) [now.sighted, now.hand] = [NOTHING, null];
      else say(`The document could not be looked at (${words(why)}).`);
    }
    if (closed) return;
    fills.tick();
    plan();
  });

  // ---- what the bridge says -------------------------------------------------------------------------------------

  /**
   * The link is open, cut, or was given up.
   *
   * @param {LinkState} online
   * @param {string} text
   */
  function state(online, text) {
    const before = { ...now };
    now.online = online;
    now.state = text || STATES[online] || "";
    if (online === "open" && before.online !== "open") {
      link.askCapabilities(); // with the answer, the plan is asked anew
      link.askJobs();
      if (now.error === before.state) say(""); // it said that there is no bridge
    } else if (online === "closed" || online === "unpaired") {
      planning.forget();
      if (fills.part()) say(online === "unpaired" ? LOST : now.state);
      else if (waiting.asking) say(now.state);
      waiting.cancel("");
    }
    plan();
  }

  /**
   * Something was said.
   *
   * @param {Event} event
   */
  function hear(event) {
    const { message } = event;
    const work = fills.find(message.job);
    if (work) {
      fills.hear(work, event);
      render();
      return;
    }
    if (message.t === "jobs") {
      told(message.jobs || []).catch((why) => say(words(why))).then(refresh);
      return;
    }
    if (message.t === "capabilities") {
      if (abilities.hear(message)) planning.forget();
    } else if (!planning.answer(message) && message.t === "error" && !message.job) {
      say(String(message.text));
    }
    plan();
  }

  /**
   * The bridge told what it holds. What was begun here, or is in its document already, is taken back unasked.
   *
   * @param {Record<string, any>[]} jobs
   */
  async function told(jobs) {
    for (const job of waiting.stopped(jobs)) {
      const work = fills.find(job);
      if (work) fills.stop(work);
      else link.cancel(job);
    }
    fills.resume(new Set(jobs.filter((one) => one.orphan).map((one) => String(one.job))));
    const landed = await waiting.told(jobs, () => new Set(fills.all().map((work) => work.job)));
    for (const job of landed) await acts.take(job, "insert");
  }

  /** @type {ReturnType<typeof makeActs>} */
  const acts = makeActs(now, { host, link: () => link, keep, abilities, fills, waiting, refresh, plan, render });
  /** @type {Link} */
  const link = dial(hear, state);
  host.waits((text) => {
    now.busy = text;
    render();
  });
  host.watch(() => void refresh());
  void refresh();

  return {
    ...acts.act,
    hear,
    state,

    /** Look again: something may have changed. Resolves once that was seen. */
    refresh,

    /** True while nothing is under way that it waits for. */
    get idle() {
      const waits = fills.all().some((work) => isOpen(work) && !work.parted && !work.held.size);
      return acts.still() && !waiting.asking && !waits;
    },

    /** The panel is closed. What runs goes on; its layers wait at the bridge. */
    close() {
      closed = true;
      keep.save();
      link.close();
    },
  };
}
