"""Tensors of real releases, without their weights: names, shapes and dtypes. README.md says where each comes from."""

import gzip
import json
import math
import os
from pathlib import Path

HERE = Path(__file__).parent
BYTES = {"F8_E4M3": 1, "I8": 1, "U8": 1, "F16": 2, "BF16": 2, "F32": 4, "I32": 4, "I64": 8}


def tensors(release):
    """(dtype, shape) of each tensor of a release, by name."""
    packed = json.loads(gzip.decompress((HERE / f"{release}.json.gz").read_bytes()))
    return {name: (dtype, tuple(shape)) for dtype, group in packed.items() for name, shape in group.items()}


def header(named, metadata=None):
    """The JSON of a safetensors header for these tensors, and how many bytes of weights follow it."""
    said = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, (dtype, shape) in sorted(named.items(), key=lambda item: (-BYTES[item[1][0]], item[0])):
        start, end = end, end + BYTES[dtype] * math.prod(shape)
        said[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(said, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8), end


def write(path, named, metadata=None):
    """A file as long as the release's with nothing in it: the system stores no zeros."""
    text, length = header(named, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    os.truncate(path, 8 + len(text) + length)
    return path


def changed(named, **shapes):
    """The same tensors, with other channels of the first layer (`first=9`) or of FLUX.1's (`img_in=384`)."""
    names = {"first": "model.diffusion_model.input_blocks.0.0.weight", "img_in": "img_in.weight"}
    result = dict(named)
    for which, channels in shapes.items():
        dtype, shape = result[names[which]]
        result[names[which]] = dtype, (shape[0], channels, *shape[2:])
    return result
