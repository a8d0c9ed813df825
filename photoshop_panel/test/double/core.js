/** The double's modal scopes and history. */
import { setImmediate, setTimeout } from "node:timers";
import { no, unasked } from "./rules.js";
import { copied, every } from "./tree.js";

/** A history state: everything that undo brings back. */
function snapshot(doc) {
  const { mode, bits, width, height, selection } = doc;
  return { layers: copied(doc.layers), mode, bits, width, height, selection };
}

export function restore(doc, snap) {
  Object.assign(doc, snap, { layers: copied(snap.layers) });
  const there = new Set([...every(doc.layers)].map((one) => one.id));
  doc.active = doc.active.filter((id) => there.has(id));
}

export function push(doc, name) {
  doc.history.splice(doc.at + 1);
  doc.history.push({ id: doc.nextState++, name, snap: snapshot(doc) });
  doc.at = doc.history.length - 1;
}

/** Roll back to what was before a suspension. Visibility is no matter of history: what stays keeps it. */
function rollBack(doc, { snap }) {
  const visible = new Map([...every(doc.layers)].map((one) => [one.id, one.visible]));
  restore(doc, snap);
  for (const one of every(doc.layers)) if (visible.has(one.id)) one.visible = visible.get(one.id);
}

export function makeCore(state) {
  const docOf = (id) => state.docs.find((one) => one.id === id);

  /** Something changed: a state of its own, or part of what is suspended. */
  state.touch = (doc, name) => {
    if (!state.modal) throw unasked(name);
    const { suspended } = doc;
    if (!suspended) {
      push(doc, name);
      state.changed.add(doc);
      return;
    }
    suspended.touched = true;
    suspended.fresh = true;
    const over = () => (suspended.fresh = false);
    setImmediate(over); // whichever comes first: a test may wait by either
    setTimeout(over, 1).unref();
  };

  const hostControl = {
    async suspendHistory({ documentID, name }) {
      const doc = docOf(documentID);
      if (!state.modal || !doc || typeof name !== "string") throw new Error("suspendHistory: invalid arguments");
      if (doc.suspended) throw new Error("The history of this document is suspended already.");
      doc.suspended = { documentID, name, snap: snapshot(doc), touched: false, fresh: false };
      return doc.suspended;
    },
    async resumeHistory(suspension, commit = true) {
      const doc = docOf(suspension?.documentID);
      if (!doc || doc.suspended !== suspension) throw new Error("resumeHistory: unknown suspension");
      doc.suspended = null;
      if (!commit) return rollBack(doc, suspension);
      if (!suspension.touched) return;
      push(doc, suspension.finalName ?? suspension.name);
      if (suspension.fresh) push(doc, "Name ändern");
      state.changed.add(doc);
    },
  };

  return {
    async executeAsModal(target, options) {
      if (typeof options?.commandName !== "string" || !options.commandName) {
        throw no("modal.name", "executeAsModal: commandName is required");
      }
      if (state.busy > 0 || (state.modal && state.quirks.noNesting)) {
        state.busy--;
        throw no("modal.busy", "host is in a modal state", 9);
      }
      state.modal++;
      let failed = true;
      try {
        const result = await target({ isCancelled: false, hostControl, reportProgress() {} }, options.descriptor);
        failed = false;
        return result;
      } finally {
        if (state.modal === 1) {
          const open = state.docs.map((doc) => doc.suspended).filter(Boolean);
          for (const suspension of open) await hostControl.resumeHistory(suspension, !failed);
        }
        state.modal--;
        if (!state.modal) {
          const docs = [...state.changed];
          state.changed.clear();
          setImmediate(() => docs.forEach((doc) => state.emit("historyStateChanged", { documentID: doc.id })));
        }
      }
    },
    async showAlert({ message }) {
      state.alerts.push(message);
    },
  };
}
