"""How others carry a picture to a server and back: each in its fastest setting, over a connection that stays open.

`python -m bench.rivals` serves all three, in a process of its own. The HTTP servers are bare: no framework, no
validation, no disk, all of which the real ones have.
"""

import base64
import http.client
import http.server
import io
import json
import secrets
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any, Protocol

import imagecodecs
import numpy as np
from PIL import Image

from bench.children import end_with_input, say
from bench.pictures import Pixels

HEAD = struct.Struct("<Q")


class Rival(Protocol):
    """One way to carry a picture there and back."""

    def trip(self, picture: Pixels) -> Any:
        """Send a picture; returns it as it came back: an array, or its bytes."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Tcp:
    """Bytes over a bare socket, received into one buffer that is made before: the floor under everything."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def trip(self, picture: Pixels) -> memoryview:
        """Up whole, then down whole."""
        if len(self._buffer) != picture.nbytes:
            self._buffer = bytearray(picture.nbytes)
        self._socket.sendall(HEAD.pack(picture.nbytes))
        self._socket.sendall(picture.data.cast("B"))
        _receive(self._socket, memoryview(self._buffer))
        return memoryview(self._buffer)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


class A1111:
    """As in AUTOMATIC1111's web API: PNG in base64 in JSON in HTTP, both ways."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port)

    def trip(self, picture: Pixels) -> Pixels:
        """`img2img`, without what is between."""
        body = json.dumps({"init_images": [base64.b64encode(to_png(picture)).decode("ascii")]}).encode()
        self._http.request("POST", "/sdapi/v1/img2img", body, {"Content-Type": "application/json"})
        answer = json.loads(self._http.getresponse().read())
        return from_png(base64.b64decode(answer["images"][0]), picture.dtype)

    def close(self) -> None:
        """End the connection."""
        self._http.close()


class Comfy:
    """As in ComfyUI: PNG up in a multipart form, PNG down by name. The queue's own messages between are left out."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port)

    def trip(self, picture: Pixels) -> Pixels:
        """`upload/image`, then `view`."""
        edge = secrets.token_hex(16)
        disposition = 'Content-Disposition: form-data; name="image"; filename="a.png"'
        head = f"--{edge}\r\n{disposition}\r\nContent-Type: image/png\r\n\r\n".encode()
        body = b"".join((head, to_png(picture), f"\r\n--{edge}--\r\n".encode()))
        self._http.request("POST", "/upload/image", body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
        name = json.loads(self._http.getresponse().read())["name"]
        self._http.request("GET", f"/view?filename={name}")
        return from_png(self._http.getresponse().read(), picture.dtype)

    def close(self) -> None:
        """End the connection."""
        self._http.close()


RIVALS: dict[str, Callable[[int], Rival]] = {"tcp": Tcp, "a1111": A1111, "comfyui": Comfy}
"""Each by name, made from the port that `python -m bench.rivals` says for it."""


def to_png(picture: Pixels) -> bytes:
    """PNG at level 1, the fastest that is smaller than the pixels."""
    if picture.dtype.itemsize == 2:  # Pillow has no RGB of 16 bit
        return bytes(imagecodecs.png_encode(picture, level=1))
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, "PNG", compress_level=1)
    return sink.getvalue()


def from_png(png: bytes, kind: "np.dtype[Any]") -> Pixels:
    """The pixels again."""
    if kind.itemsize == 2:
        pixels: Pixels = imagecodecs.png_decode(png)
        return pixels
    return np.asarray(Image.open(io.BytesIO(png), formats=("PNG",)))


# ---- the servers' side ----------------------------------------------------------------------------------------------


def main() -> None:
    """Serve all of them until the input ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_echo, args=(listening,), daemon=True).start()
    ports = {"tcp": listening.getsockname()[1]}
    for name, handler in (("a1111", _A1111Server), ("comfyui", _ComfyServer)):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports[name] = server.server_port
    say(ports)
    end_with_input()
    threading.Event().wait()


def _echo(listening: socket.socket) -> None:
    one, _ = listening.accept()
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head, buffer = bytearray(HEAD.size), bytearray()
    while _receive(one, memoryview(head)):
        (size,) = HEAD.unpack(head)
        if len(buffer) != size:
            buffer = bytearray(size)
        _receive(one, memoryview(buffer))
        one.sendall(buffer)


def _receive(one: socket.socket, into: memoryview) -> bool:
    """Fill `into`. False where the other end closed."""
    while into:
        if not (got := one.recv_into(into)):
            return False
        into = into[got:]
    return True


class _Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Nothing is logged."""


class _A1111Server(_Server):
    def do_POST(self) -> None:
        png = base64.b64decode(json.loads(self.body())["init_images"][0])
        painted = base64.b64encode(to_png(from_png(png, _kind(png)))).decode("ascii")
        self.answer("application/json", json.dumps({"images": [painted]}).encode())


class _ComfyServer(_Server):
    painted = b""

    def do_POST(self) -> None:
        body = self.body()
        edge = b"\r\n--" + self.headers["Content-Type"].partition("boundary=")[2].encode()
        png = body[body.index(b"\r\n\r\n") + 4 : body.rindex(edge)]
        type(self).painted = to_png(from_png(png, _kind(png)))
        self.answer("application/json", json.dumps({"name": "a.png", "subfolder": "", "type": "input"}).encode())

    def do_GET(self) -> None:
        self.answer("image/png", self.painted)


def _kind(png: bytes) -> "np.dtype[Any]":
    """8 or 16 bit: byte 24 of every PNG says it."""
    return np.dtype(np.uint16 if png[24] == 16 else np.uint8)


if __name__ == "__main__":
    main()
