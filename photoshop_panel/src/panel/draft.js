/** What the artist has in hand: the fields as the panel shows them, while views and keystrokes cross. */

/** @import { Fields } from "../seams.js" */

/** The fields before anybody has set one. @type {Readonly<Fields>} */
export const FIELDS = Object.freeze({
  prompt: "",
  strength: 100,
  count: 1,
  model: null,
  negative: "",
  steps: null,
  guidance: null,
  seed: null,
  locked: false,
  loras: [],
  sample: "all",
  blend: 0,
  context: "auto",
  source: "near",
});
const NAMES = /** @type {(keyof Fields)[]} */ (Object.keys(FIELDS));

/**
 * Whether two values of a field are the same. LoRAs are compared one by one, by name and weight.
 *
 * @param {any} one
 * @param {any} other
 * @returns {boolean}
 */
export function same(one, other) {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return (
    one.length === other.length && one.every((lora, at) => lora.id === other[at].id && lora.weight === other[at].weight)
  );
}

/**
 * The fields between panel and guest, each merged by itself from three: as the last view had it, as it is here, as the
 * next view has it.
 *
 * A view may be older than the artist's last keystroke. What it says of a field counts only where the guest itself
 * changed that field: neither what the last view said, nor an echo of something that was handed out since.
 *
 * @param {(fields: Fields) => void} edit called with all fields after each change by the artist
 */
export function makeDraft(edit) {
  /** @type {Fields} */
  let fields = { ...FIELDS };
  /** @type {Fields | null} */
  let heard = null;
  /** @type {Map<string, any[]>} */
  const said = new Map(NAMES.map((name) => [name, []]));

  return {
    /** The fields as they are here. */
    get fields() {
      return fields;
    },

    /**
     * The artist set these. Controls call it for everything that happens to them, so what is no change is silent.
     *
     * @param {Partial<Fields>} values
     */
    change(values) {
      const given = /** @type {(keyof Fields)[]} */ (Object.keys(values));
      const changed = given.filter((name) => !same(values[name], fields[name]));
      if (!changed.length) return;
      fields = { ...fields, ...values };
      for (const name of changed) said.get(name)?.push(values[name]);
      edit(fields);
    },

    /**
     * A view came with these: take over what the guest changed, and nothing else.
     *
     * @param {Fields} theirs
     */
    hear(theirs) {
      for (const name of NAMES) {
        const value = theirs[name];
        const mine = /** @type {any[]} */ (said.get(name));
        if (heard && same(value, heard[name])) continue;
        const echo = mine.findIndex((one) => same(one, value));
        if (echo >= 0) {
          mine.splice(0, echo + 1);
        } else {
          mine.length = 0;
          fields = { ...fields, [name]: value };
        }
      }
      heard = theirs;
    },

    /** The artist asked for other fields: whatever the next view says is meant, be it what stood there before. */
    giveWay() {
      heard = null;
      for (const mine of said.values()) mine.length = 0;
    },
  };
}

/** @typedef {ReturnType<typeof makeDraft>} Draft */
