"""ComfyUI as a program that is already on this machine: started without a window, driven over its own API, ended.

Pictures and settings that it writes go to a folder of ours, and its extensions stay off. Written from its own examples
and options, and run against a double only (`tests/comfy_double.py`): no real ComfyUI was at hand.
"""

import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

Graph = dict[str, Any]
"""Its nodes by number: `class_type`, and `inputs`, each a value or [number of a node, which of its outputs]."""
PATIENCE = 300.0
"""Seconds until it must answer: it loads its extensions first."""
FILES = ("LoadImage", "PreviewImage")
"""Nodes that read and write files, which a call of our engine does not."""


class Run(NamedTuple):
    """One graph: seconds from its sending to its end, those of them spent in nodes that touch files, the nodes that
    ran (others were remembered), and the picture as PNG.
    """

    seconds: float
    files: float
    ran: tuple[str, ...]
    png: bytes


class Comfy:
    """A ComfyUI that answers on a port of this machine."""

    def __init__(self, port: int, client: str, connection: ClientConnection) -> None:
        """`connection` is the websocket of the `client`, a name of our own choice."""
        self._address, self._client, self._connection = f"127.0.0.1:{port}", client, connection

    @property
    def version(self) -> str:
        """As it says itself."""
        return str(json.loads(self._get("/system_stats"))["system"].get("comfyui_version", "unknown"))

    def upload(self, name: str, png: bytes) -> str:
        """Put a picture into its input folder. Returns the name that `LoadImage` knows it by."""
        edge = secrets.token_hex(16)
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n'.encode(),
            f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'.encode(),
            b"Content-Type: image/png\r\n\r\n" + png + f"\r\n--{edge}--\r\n".encode(),
        ]
        answer = self._post("/upload/image", b"".join(parts), f"multipart/form-data; boundary={edge}")
        return "/".join(one for one in (answer["subfolder"], answer["name"]) if one)

    def run(self, graph: Graph) -> Run:
        """Run a graph to its end. Raises RuntimeError with ComfyUI's own words where it refuses or breaks off."""
        body = json.dumps({"prompt": graph, "client_id": self._client}).encode()
        begun = time.perf_counter()
        answer = self._post("/prompt", body, "application/json")
        spent = self._until_done(str(answer["prompt_id"]), graph, begun)
        seconds = time.perf_counter() - begun
        return Run(seconds, sum(spent.get(name, 0.0) for name in FILES), tuple(spent), self._picture(answer))

    def _until_done(self, id: str, graph: Graph, begun: float) -> dict[str, float]:
        """Seconds by class of node: each runs until the next one is named, the last until `null` is."""
        spent: dict[str, float] = {}
        running, since = "", begun
        while True:
            message = self._connection.recv()
            if isinstance(message, bytes):
                continue  # a preview
            told = json.loads(message)
            kind, data = told["type"], told.get("data") or {}
            if kind == "execution_error" and data.get("prompt_id") == id:
                raise RuntimeError(f"ComfyUI broke off at {data.get('node_type')}: {data.get('exception_message')}")
            if kind != "executing" or data.get("prompt_id", id) != id:
                continue
            now = time.perf_counter()
            if running:
                spent[running] = spent.get(running, 0.0) + now - since
            if data["node"] is None:
                return spent
            running, since = graph[data["node"]]["class_type"], now

    def _picture(self, answer: dict[str, Any]) -> bytes:
        id = str(answer["prompt_id"])
        history = json.loads(self._get(f"/history/{id}"))[id]
        pictures = [one for output in history["outputs"].values() for one in output.get("images", ())]
        query = {name: pictures[0][name] for name in ("filename", "subfolder", "type")}
        return self._get(f"/view?{urllib.parse.urlencode(query)}")

    def _get(self, path: str) -> bytes:
        return self._asked(urllib.request.Request(f"http://{self._address}{path}"))

    def _post(self, path: str, body: bytes, kind: str) -> dict[str, Any]:
        asked = urllib.request.Request(f"http://{self._address}{path}", body, {"Content-Type": kind})
        answer: dict[str, Any] = json.loads(self._asked(asked))
        return answer

    def _asked(self, asked: urllib.request.Request) -> bytes:
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            words = error.read().decode("utf-8", "replace")[:500]
            raise RuntimeError(f"ComfyUI refused {asked.selector}: {error.code} {words}") from error


@contextmanager
def running(folder: Path, models: Path, room: Path, options: tuple[str, ...], python: str) -> Iterator[Comfy]:
    """The ComfyUI in `folder`, run by `python`, which finds its checkpoints in `models` and writes into `room`.

    Raises RuntimeError with the end of what it said where it does not come up.
    """
    for name in ("input", "output", "temp", "user"):
        (room / name).mkdir(parents=True, exist_ok=True)
    paths = room / "models.yaml"
    paths.write_text(f"bench:\n    base_path: {json.dumps(str(models))}\n    checkpoints: .\n", "utf-8")
    port, said = _free_port(), room / "said.txt"
    command = [python, "main.py", "--listen", "127.0.0.1", "--port", str(port), "--disable-auto-launch"]
    command += ["--disable-all-custom-nodes", "--extra-model-paths-config", str(paths), *options]
    for name in ("input", "output", "temp", "user"):
        command += [f"--{name}-directory", str(room / name)]
    with said.open("wb") as sink, subprocess.Popen(command, cwd=folder, stdout=sink, stderr=sink) as process:
        try:
            client = secrets.token_hex(16)
            with _reached(process, port, client, said) as connection:
                yield Comfy(port, client, connection)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def graph(checkpoint: str, picture: str, words: tuple[str, str], inpaint: bool, sampling: dict[str, Any]) -> Graph:
    """A fill: of what the picture's alpha leaves free; `words` are prompt and negative, `sampling` the sampler's."""
    found: Graph = {
        "1": _node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": _node("CLIPTextEncode", text=words[0], clip=["1", 1]),
        "3": _node("CLIPTextEncode", text=words[1], clip=["1", 1]),
        "4": _node("LoadImage", image=picture),
    }
    if inpaint:
        given = {"positive": ["2", 0], "negative": ["3", 0], "vae": ["1", 2], "pixels": ["4", 0], "mask": ["4", 1]}
        found["5"] = _node("InpaintModelConditioning", **given, noise_mask=True)
        ways = {"positive": ["5", 0], "negative": ["5", 1], "latent_image": ["5", 2]}
    else:
        found["5"] = _node("VAEEncode", pixels=["4", 0], vae=["1", 2])
        found["6"] = _node("SetLatentNoiseMask", samples=["5", 0], mask=["4", 1])
        ways = {"positive": ["2", 0], "negative": ["3", 0], "latent_image": ["6", 0]}
    found["7"] = _node("KSampler", model=["1", 0], **ways, **sampling)
    found["8"] = _node("VAEDecode", samples=["7", 0], vae=["1", 2])
    found["9"] = _node("PreviewImage", images=["8", 0])
    return found


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def _reached(process: "subprocess.Popen[bytes]", port: int, client: str, said: Path) -> ClientConnection:
    """Its websocket, once it listens."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            return connect(f"ws://127.0.0.1:{port}/ws?clientId={client}", max_size=None, ping_interval=None)
        except (OSError, ConnectionClosed):
            time.sleep(0.1)
    end = said.read_text("utf-8", "replace")[-1500:]
    print(end, file=sys.stderr)
    raise RuntimeError(f"ComfyUI in {process.args!r} did not come up; its last words stand above.")
