/** The panel in Photoshop: its parts put together, and the doors by which the artist comes in. */
import { contract } from "./contract.js";

/** @import { Act, Event, Host, Link, LinkOptions, LinkState, View } from "../seams.js" */

const PORT = 4717;
const PORT_NAME = "sfumato.port";
/** Milliseconds after which a command without a panel is answered by what was wrong before, if that is still so. */
const ANSWER = 700;

/**
 * What the other rooms make.
 *
 * @typedef {{
 *   makeGuest: (parts: {
 *     host: Host, dial: (hear: (event: Event) => void, state: (state: LinkState, text: string) => void) => Link,
 *     show: (view: View) => void,
 *   }) => Act & { refresh(): Promise<void>, cancelAll(): void },
 *   makePanel: (root: any, act: Act, hang: Host["hang"]) => { show(view: View): void },
 *   makeLink: (options: LinkOptions) => Link,
 * }} Rooms
 */

/**
 * Register the panel and the commands. Must be called while the script is loaded: later than some 20 ms UXP refuses.
 *
 * @param {Photoshop} ps
 * @param {Uxp} uxp
 * @param {Host} host
 * @param {Rooms} rooms
 */
export function start(ps, uxp, host, { makeGuest, makePanel, makeLink }) {
  const app = /** @type {UxpElement} */ (document.getElementById("app"));
  /** @type {View | null} */
  let view = null;
  /** @type {{ show(view: View): void } | null} */
  let panel = null;
  let alone = false; // a command was used, and there is no panel that could say what became of it
  let asked = false; // it was not answered yet
  let said = "";

  /** @param {string} message */
  function tell(message) {
    asked = false;
    void ps.core.showAlert({ message });
  }

  /** @param {View} next */
  function show(next) {
    view = next;
    panel?.show(next);
    const text = next.error || next.pairing || "";
    if (alone && text && text !== said) tell(text);
    said = text;
  }

  /** @type {Parameters<Rooms["makeGuest"]>[0]["dial"]} */
  const dial = (hear, state) =>
    makeLink({
      about: { name: "sfumato-photoshop", version: uxp.versions.plugin, host: `Photoshop ${host.version}` },
      hosts: ["localhost", "127.0.0.1"], // Photoshop 2026 refuses the second, whatever the manifest says
      port: Number(host.store.get(PORT_NAME)) || PORT,
      keys: host.keys,
      socket: (url, protocol) => new WebSocket(url, protocol),
      hear,
      state,
      ported: (port) => host.store.set(PORT_NAME, String(port)),
    });
  const guest = makeGuest({ host, dial, show });

  /** @param {any} root the panel's own element */
  function open(root) {
    if (root && typeof root.contains === "function" && !root.contains(app)) root.appendChild(app);
    panel = panel ?? makePanel(app, guest, (shot) => host.hang(shot));
    alone = false;
    if (view) panel.show(view);
  }

  /** @param {() => void} act */
  function command(act) {
    return {
      run() {
        alone = panel === null;
        asked = true;
        const answer = () => {
          if (alone && asked && said) tell(said);
        };
        guest.refresh().then(act).then(
          () => setTimeout(answer, ANSWER),
          (/** @type {unknown} */ error) => console.error(error),
        );
      },
    };
  }

  uxp.entrypoints.setup({
    panels: {
      sfumato: {
        create: open,
        show: open, // once; `hide` never comes (PS-57284): nothing hangs on it
        menuItems: [{ id: "self-test", label: "Self-test" }],
        /** @param {string} id */
        invokeMenu(id) {
          if (id === "self-test") void report(ps, host, app);
        },
      },
    },
    commands: {
      fill: command(() => guest.go()),
      remove: command(() => guest.remove()),
      again: command(() => guest.again()),
      cancel: command(() => guest.cancelAll()),
    },
  });
}

/**
 * The self-test's report as JSON below the panel, to be copied.
 *
 * @param {Photoshop} ps
 * @param {Host} host
 * @param {UxpElement} app
 */
async function report(ps, host, app) {
  const old = document.getElementById("self-test");
  if (old) return old.remove();
  const area = document.createElement("textarea");
  area.id = "self-test";
  area.setAttribute("aria-label", "Self-test");
  area.style.width = "100%";
  area.style.height = "240px";
  area.value = "Running: this takes some seconds.";
  app.parentNode?.appendChild(area);
  const checks = await contract(ps, host);
  const passed = checks.filter((one) => one.ok).length;
  area.value = JSON.stringify({ photoshop: host.version, passed, of: checks.length, checks }, null, 2);
  console.log(area.value);
}
