"""Who means ill on the same machine: a page of another origin, and a relay on another port before the bridge."""

import http.server
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PROBES = """async (port) => {
  const [own, other] = ["localhost", "127.0.0.1"].map((host) => `${host}:${port}`);
  const told = {};
  const done = (one, ...events) => new Promise((resolve) => {
    for (const name of events) one.addEventListener(name, () => resolve(name));
  });
  const ask = async (name, address, how) => {
    const said = (answer) => `${answer.type} ${answer.status}`;
    told[name] = await fetch(address, how).then(said, (why) => why.name);
  };
  for (const host of [own, other]) {
    for (const path of ["", "page.js", "page.css", "sample.jpg", "bridge.json", "v1", "keys/local.key"]) {
      for (const mode of ["cors", "no-cors"]) await ask(`${mode} ${host} ${path}`, `http://${host}/${path}`, { mode });
    }
    await ask(`credentials ${host}`, `http://${host}/`, { mode: "no-cors", credentials: "include" });
    for (const [kind, path, where] of [
      ["img", "sample.jpg", "src"], ["img", "icon.svg", "src"], ["script", "page.js", "src"],
      ["link", "page.css", "href"], ["video", "sample.jpg", "src"],
    ]) {
      const one = document.createElement(kind);
      if (kind === "link") one.rel = "stylesheet";
      const end = done(one, "load", "error", "loadeddata");
      one[where] = `http://${host}/${path}`;
      document.body.append(one);
      told[`${kind} ${host} ${path}`] = await end;
      one.remove();
    }
    for (const words of [["sfumato.v1"], []]) {
      const socket = new WebSocket(`ws://${host}/v1`, ...words);
      told[`websocket ${host} ${words}`] = await done(socket, "open", "close");
    }
    const frame = document.createElement("iframe");
    frame.src = `http://${host}/`;
    const framed = done(frame, "load");
    document.body.append(frame);
    told[`frame ${host}`] = await framed; // a browser's own page that says no loads, too
    told[`frames in ${host}`] = frame.contentWindow.length;
  }
  const measured = performance.getEntriesByType("resource").filter((one) => one.name.includes(`:${port}/`));
  told.measured = measured.map((one) => [one.name, one.initiatorType, one.transferSize, one.decodedBodySize,
    one.responseStatus, one.nextHopProtocol, one.serverTiming.length, one.connectStart, one.requestStart]);
  return told;
}"""
"""All that such a page can ask of the bridge on `port`, and what comes of each."""

OPENED = """async (port) => {
  const opened = window.open(`http://localhost:${port}/`);
  for (let k = 0; k < 2000 && !opened.closed; k++) await new Promise((later) => setTimeout(later, 10));
  let read = "";
  try {
    read = opened.document.title;
  } catch (why) {
    read = why.name;
  }
  opened.postMessage("hello", "*");
  return [opened.closed, opened.length, read];
}"""
"""What a page is left with that opens the bridge's page in a window: nothing, as soon as that is loaded."""


@contextmanager
def another_origin() -> Iterator[int]:
    """An empty page on a port of its own, on the IPv4 loopback."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>elsewhere</title><body>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class Relay:
    """Hands every byte on, and makes Host and Origin look as if the bridge had been dialled. `heard` is what clients
    said to it, by connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[bytearray] = []
        self._threads = [threading.Thread(target=self._meet)]
        self._threads[0].start()

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._threads:
            one.join()

    def _meet(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                bridge = socket.create_connection(("127.0.0.1", self._port))
                self.heard.append(bytearray())
                for ends in ((client, bridge, self.heard[-1]), (bridge, client, None)):
                    self._threads.append(threading.Thread(target=self._hand_on, args=ends))
                    self._threads[-1].start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, keep: bytearray | None) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if keep is not None:
                    keep += chunk
                    own = re.compile(rb"(?<=localhost:)" + str(self.port).encode())
                    chunk = own.sub(str(self._port).encode(), chunk)
                sink.sendall(chunk)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        source.close()
