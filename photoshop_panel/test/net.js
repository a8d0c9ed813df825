/** A network that cuts, and a clock that is turned by hand: for tests of the link. */

/** Sockets to the bridges that listen, which may be cut after so many messages. */
export class Net {
  constructor(...bridges) {
    this.ports = new Map(bridges.map((bridge) => [bridge.port, bridge]));
    this.dialled = [];
    this.sockets = [];
    /** Messages, both ways, until the connection is cut. */
    this.left = Infinity;
    this.crossed = 0;
    this.flying = 0;
    this.buffered = 0;
    this.socket = (url, protocol) => new FakeSocket(this, url, protocol);
  }

  /** The bytes are on their way. */
  later(call) {
    this.flying += 1;
    setImmediate(() => {
      this.flying -= 1;
      call();
    });
  }

  /** Wait until nothing is on its way. */
  async quiet() {
    for (let still = 0; still < 4; still++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.flying) still = 0;
    }
  }

  cut() {
    for (const socket of this.sockets) socket.drop(1006, "");
  }
}

class FakeSocket {
  constructor(net, url, protocol) {
    Object.assign(this, { net, url, protocol, readyState: 0 });
    Object.assign(this, { onopen: null, onmessage: null, onclose: null, onerror: null });
    net.dialled.push(url);
    net.sockets.push(this);
    const bridge = net.ports.get(Number(new URL(url).port));
    net.later(() => {
      if (this.readyState !== 0) return;
      if (!bridge) return this.drop(1006, "");
      this.readyState = 1;
      this.onopen?.({});
      const peer = { send: (message) => this.cross(() => this.onmessage?.({ data: message.slice().buffer })) };
      this.seat = bridge.connect({ ...peer, close: (code, reason) => net.later(() => this.drop(code, reason)) });
    });
  }

  get bufferedAmount() {
    return this.net.buffered;
  }

  /** A message crosses, or the connection is cut there. */
  cross(arrive) {
    if (this.readyState !== 1 || this.dying) return;
    if (this.net.left-- <= 0) {
      this.net.left = Infinity;
      this.dying = true;
      this.net.later(() => this.drop(1006, "")); // after what is on its way
      return;
    }
    this.net.crossed += 1;
    this.net.later(() => this.readyState === 1 && arrive());
  }

  send(message) {
    const copy = message.slice();
    this.cross(() => this.seat.receive(copy));
  }

  close() {
    this.net.later(() => this.drop(1000, ""));
  }

  drop(code, reason) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** Time that goes on only by `pass`. */
export class Clock {
  constructor() {
    this.time = 0;
    this.timers = new Set();
  }

  now() {
    return this.time;
  }

  after(milliseconds, call) {
    const timer = { at: this.time + milliseconds, call };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Let so many milliseconds pass, `net` being quiet after each thing that happens. */
  async pass(milliseconds, net) {
    const until = this.time + milliseconds;
    await net.quiet();
    for (;;) {
      const [next] = [...this.timers].sort((one, other) => one.at - other.at);
      if (!next || next.at > until) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await net.quiet();
    }
    this.time = until;
  }
}
