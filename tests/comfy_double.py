"""Stands in for ComfyUI's `main.py`: its options, its HTTP answers, its websocket. Paints a grey square.

It refuses what the real one would refuse: options and nodes that do not exist, inputs that are missing, links to
nowhere, checkpoints and pictures that it does not have. Standard library and Pillow only.
"""

import argparse
import base64
import hashlib
import http.server
import json
import queue
import struct
import threading
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from PIL import Image

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
NODES = {
    "CheckpointLoaderSimple": ({"ckpt_name"}, 3),
    "CLIPTextEncode": ({"text", "clip"}, 1),
    "LoadImage": ({"image"}, 2),
    "VAEEncode": ({"pixels", "vae"}, 1),
    "SetLatentNoiseMask": ({"samples", "mask"}, 1),
    "InpaintModelConditioning": ({"positive", "negative", "vae", "pixels", "mask", "noise_mask"}, 3),
    "KSampler": (
        set("model positive negative latent_image seed steps cfg denoise sampler_name scheduler".split()),
        1,
    ),
    "VAEDecode": ({"samples", "vae"}, 1),
    "PreviewImage": ({"images"}, 0),
}
"""Inputs of each class of node, and how many outputs it has."""
SAMPLERS = {"lcm", "euler", "dpmpp_2m"}
SPACINGS = {"normal", "sgm_uniform", "karras"}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen")
    parser.add_argument("--port", type=int)
    parser.add_argument("--extra-model-paths-config", type=Path)
    for name in ("input", "output", "temp", "user"):
        parser.add_argument(f"--{name}-directory", type=Path)
    for name in ("disable-auto-launch", "disable-all-custom-nodes", "cpu", "highvram"):
        parser.add_argument(f"--{name}", action="store_true")
    for part in ("unet", "vae", "text-enc"):
        for kind in ("fp32", "fp16", "bf16"):
            parser.add_argument(f"--{kind}-{part}", action="store_true")
    return parser.parse_args()


class Double(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    given: argparse.Namespace
    checkpoints: Path
    listeners: ClassVar[dict[str, "queue.Queue[object]"]] = {}
    history: ClassVar[dict[str, object]] = {}
    remembered: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        if url.path == "/ws":
            self.listen(query["clientId"])
        elif url.path == "/system_stats":
            self.answer(200, {"system": {"comfyui_version": "double"}, "devices": []})
        elif url.path.startswith("/history/"):
            id = url.path.rpartition("/")[2]
            self.answer(200, {id: self.history[id]})
        elif url.path == "/view" and query["type"] == "temp":
            self.answer(200, (self.given.temp_directory / query["subfolder"] / query["filename"]).read_bytes())
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/upload/image":
            self.answer(200, self.keep(body))
        elif self.path == "/prompt":
            asked = json.loads(body)
            wrong = self.wrong(asked["prompt"])
            if wrong:
                self.answer(400, {"error": {"type": "prompt_outputs_failed_validation", "message": wrong}})
                return
            id = f"prompt-{len(self.history)}"
            self.answer(200, {"prompt_id": id, "number": len(self.history), "node_errors": {}})
            self.run(id, asked["prompt"], self.listeners[asked["client_id"]])
        else:
            self.answer(404, {})

    def keep(self, body: bytes) -> dict[str, str]:
        edge = b"--" + self.headers["Content-Type"].partition("boundary=")[2].encode()
        head, _, png = next(part for part in body.split(edge) if b'name="image"' in part).partition(b"\r\n\r\n")
        assert b'name="overwrite"\r\n\r\ntrue' in body
        name = head.partition(b'filename="')[2].partition(b'"')[0].decode()
        (self.given.input_directory / name).write_bytes(png.removesuffix(b"\r\n"))
        return {"name": name, "subfolder": "", "type": "input"}

    def wrong(self, graph: dict[str, dict]) -> str:
        for number, node in graph.items():
            if node["class_type"] not in NODES:
                return f"Cannot execute because node {node['class_type']} does not exist."
            if NODES[node["class_type"]][0] != set(node["inputs"]):
                return f"Required input is missing: {node['class_type']} {number}"
            for value in node["inputs"].values():
                if isinstance(value, list) and not value[1] < NODES[graph[value[0]]["class_type"]][1]:
                    return f"Bad linked input of {number}"
        by = {node["class_type"]: node["inputs"] for node in graph.values()}
        if not (self.checkpoints / by["CheckpointLoaderSimple"]["ckpt_name"]).is_file():
            return "Value not in list: ckpt_name"
        if not (self.given.input_directory / by["LoadImage"]["image"]).is_file():
            return "Invalid image file"
        sampler = by["KSampler"]
        known = sampler["sampler_name"] in SAMPLERS and sampler["scheduler"] in SPACINGS
        return "" if known and 0 <= sampler["denoise"] <= 1 else "Value not in list: sampler_name"

    def run(self, id: str, graph: dict[str, dict], listener: "queue.Queue[object]") -> None:
        def tell(kind: str, **data: object) -> None:
            listener.put({"type": kind, "data": data | {"prompt_id": id}})

        tell("execution_start")
        for number, node in graph.items():
            known = json.dumps(node)  # close enough: the real one looks at all that a node depends on
            if known in self.remembered:
                continue
            self.remembered.add(known)
            tell("executing", node=number)
            if node["class_type"] == "KSampler" and node["inputs"]["seed"] == 666:
                tell("execution_error", node_type="KSampler", exception_message="out of memory")
                return
            listener.put(b"\0\0\0\1 a preview")
        source = next(node for node in graph.values() if node["class_type"] == "LoadImage")["inputs"]["image"]
        size = Image.open(self.given.input_directory / source).size
        Image.new("RGB", size, "grey").save(self.given.temp_directory / f"{id}.png")
        output = {"9": {"images": [{"filename": f"{id}.png", "subfolder": "", "type": "temp"}]}}
        self.history[id] = {"outputs": output, "status": {"completed": True}}
        tell("executing", node=None)

    def listen(self, client: str) -> None:
        key = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + MAGIC).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(key).decode())
        self.end_headers()
        mine = self.listeners[client] = queue.Queue()
        mine.put({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": client}})
        self.close_connection = True
        threading.Thread(target=self.heed, args=(mine,), daemon=True).start()
        while (message := mine.get()) is not None:
            said = message if isinstance(message, bytes) else json.dumps(message).encode()
            kind = 0x82 if isinstance(message, bytes) else 0x81
            length = bytes([len(said)]) if len(said) < 126 else struct.pack(">BH", 126, len(said))
            self.wfile.write(bytes([kind]) + length + said)

    def heed(self, mine: "queue.Queue[object]") -> None:
        """A client that says anything says good-bye."""
        self.rfile.read(2)
        mine.put(None)

    def answer(self, status: int, body: object) -> None:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *values: object) -> None:
        """Nothing is logged."""


def main() -> None:
    given = Double.given = options()
    lines = given.extra_model_paths_config.read_text("utf-8").splitlines()
    values = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if value.strip()}
    Double.checkpoints = Path(json.loads(values["base_path"])) / values["checkpoints"]
    http.server.ThreadingHTTPServer((given.listen, given.port), Double).serve_forever()


if __name__ == "__main__":
    main()
