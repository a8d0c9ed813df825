/** A page as UXP documents it, and nothing more (src/uxp.d.ts): whoever asks an element for something else is told. */

class Element {
  constructor(name, page) {
    Object.assign(this, { name, page, kids: [], attributes: {}, listeners: {}, held: {}, parent: null, text: "" });
    this.style = { setProperty() {} };
    const names = new Set();
    this.classList = {
      add: (...all) => all.forEach((one) => names.add(one)),
      remove: (...all) => all.forEach((one) => names.delete(one)),
      contains: (one) => names.has(one),
      toggle: (one, force = !names.has(one)) => (force ? names.add(one) : names.delete(one), force),
    };
  }
}

/** Documented properties that are only held. */
const FLAGS = "hidden disabled checked selected".split(" ");
const HELD = [...FLAGS, ..."id className title value type min max step placeholder selectedIndex src alt".split(" ")];
const NUMBERS = "offsetWidth offsetHeight offsetTop scrollTop selectionStart selectionEnd".split(" ");

const MEMBERS = {
  children: (one) => one.kids.filter((kid) => kid.name !== "#text").map((kid) => kid.proxy),
  parentNode: (one) => one.parent?.proxy ?? null,
  firstChild: (one) => one.kids[0]?.proxy ?? null,
  textContent: (one) => one.text + one.kids.map((kid) => kid.proxy.textContent).join(""),
  style: (one) => one.style,
  classList: (one) => one.classList,
  appendChild: (one) => (kid) => one.proxy.insertBefore(kid, null),
  insertBefore: (one) => (kid, before) => {
    kid.remove();
    const raw = one.page.raw.get(kid);
    const at = before ? one.kids.findIndex((other) => other.proxy === before) : one.kids.length;
    if (at < 0) throw new Error("insertBefore: no such child");
    one.kids.splice(at, 0, raw);
    raw.parent = one;
    return kid;
  },
  removeChild: () => (kid) => (kid.remove(), kid),
  remove: (one) => () => {
    if (one.parent) one.parent.kids = one.parent.kids.filter((kid) => kid !== one);
    one.parent = null;
  },
  contains: (one) => (other) => {
    for (let at = one.page.raw.get(other); at; at = at.parent) if (at === one) return true;
    return false;
  },
  setAttribute: (one) => (name, value) => void (one.attributes[name] = String(value)),
  removeAttribute: (one) => (name) => void delete one.attributes[name],
  getAttribute: (one) => (name) => one.attributes[name] ?? null,
  addEventListener: (one) => (type, listener) => void (one.listeners[type] ??= []).push(listener),
  removeEventListener: () => () => {},
  focus: (one) => () => void (one.page.focused = one.proxy),
  blur: (one) => () => void (one.page.focused = null),
  click: (one) => () => fire(one, "click"),
};

/** Something happens to an element, and to those around it. */
function fire(one, type, more) {
  let going = true;
  const event = { ...more, target: one.proxy, preventDefault() {}, stopPropagation: () => (going = false) };
  for (let at = one; at && going; at = at.parent) for (const call of at.listeners[type] ?? []) call(event);
}

/** A document with a body, and an `#app` in it. */
export function makePage() {
  const page = { raw: new Map(), focused: null };
  const create = (name) => {
    const one = new Element(name, page);
    one.proxy = new Proxy(one, {
      get(_, key) {
        if (typeof key === "symbol" || key === "then") return undefined; // whoever awaits one asks for that
        if (key in MEMBERS) return MEMBERS[key](one);
        if (HELD.includes(key)) return one.held[key] ?? (FLAGS.includes(key) ? false : "");
        if (NUMBERS.includes(key)) return one.held[key] ?? 0;
        throw new Error(`UXP documents no ${key} of an element.`);
      },
      set(_, key, value) {
        if (key === "textContent") Object.assign(one, { text: String(value ?? ""), kids: [] });
        else if (HELD.includes(key) || NUMBERS.includes(key)) one.held[key] = value;
        else throw new Error(`UXP documents no ${key} of an element to be set.`);
        return true;
      },
    });
    page.raw.set(one.proxy, one);
    return one.proxy;
  };
  const body = create("body");
  const find = (at, id) =>
    at.held.id === id ? at.proxy : at.kids.reduce((found, kid) => found ?? find(kid, id), null);
  const document = {
    body,
    get activeElement() {
      return page.focused;
    },
    createElement: create,
    createTextNode: (text) => Object.assign(create("#text"), { textContent: text }),
    getElementById: (id) => find(page.raw.get(body), id),
    querySelector: (selector) => find(page.raw.get(body), selector.replace("#", "")),
    addEventListener() {},
  };
  const app = create("div");
  app.id = "app";
  body.appendChild(app);
  return { document, body, app, create, fire: (element, type, more) => fire(page.raw.get(element), type, more) };
}

/** Elements of a kind, from the top. */
export function* all(at, page) {
  for (const kid of at.children) {
    yield kid;
    yield* all(kid, page);
  }
}
