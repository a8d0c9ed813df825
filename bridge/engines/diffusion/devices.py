"""The device a painter owns: which one, how exact, how much memory. Plain torch: CUDA, ROCm (which torch calls CUDA
too), Apple's MPS, Intel's XPU, any CPU.
"""

import functools
import json
import sys
import time
from typing import Any

import torch

from bridge.engines import machine
from bridge.engines.machine import Facts
from bridge.protocol.errors import Refusal

KINDS = ("cuda", "mps", "xpu")
"""Kinds of accelerators, the first that is there is taken where the user leaves the choice."""
GAIN = 1.3
"""How many times faster half precision has to be on a CPU: where it is emulated it is slower, and always coarser."""
FULL = ("out of memory", "not enough memory", "can't allocate memory", "failed to allocate")
"""What backends say that have no exception of their own for it (MPS, the CPU's allocator)."""


def choose(name: str) -> torch.device:
    """The device of a painter called `name`: a torch device, or `auto`: the first accelerator, else the CPU.

    Raises Refusal `gpu.lost` where it is not there.
    """
    if name == "auto":
        return torch.device(next((kind for kind in KINDS if _there(kind)), "cpu"))
    device = torch.device(name)
    if device.type == "cpu" or _there(device.type, device.index or 0):
        return device
    there = ", ".join(kind for kind in (*KINDS, "cpu") if kind == "cpu" or _there(kind))
    text = f"This machine's torch knows no device “{name}”; it knows {there}. Change painters in sfumato.toml, "
    raise Refusal("gpu.lost", text + "or install the torch build for your card: docs/models.md.")


def precision(device: torch.device) -> torch.dtype:
    """What denoiser and text encoders compute in. Latents and schedule stay float32 everywhere."""
    if device.type == "cpu":
        return torch.bfloat16 if _half_pays() else torch.float32
    return torch.float16  # eight bits more of a colour than bfloat16, and what released weights are stored in


def vae_precision(device: torch.device, dtype: torch.dtype) -> torch.dtype:
    """What the autoencoder computes in: SDXL's overflows in float16, and bfloat16 holds what it needs."""
    if dtype != torch.float16:
        return dtype
    return torch.bfloat16 if device.type != "cuda" or torch.cuda.is_bf16_supported() else torch.float32


def layout(device: torch.device, dtype: torch.dtype) -> torch.memory_format:
    """How weights of convolutions lie: channels_last gains in half precision, 1.28x on an A100 and 1.09x on a CPU."""
    gains = dtype != torch.float32 and device.type != "mps"
    return torch.channels_last if gains else torch.preserve_format


def facts(device: torch.device) -> Facts:
    """Name and memory."""
    if device.type == "cpu":
        return machine.facts()
    if device.type == "mps":
        total = int(torch.mps.recommended_max_memory())
        return Facts("Apple GPU", total, max(0, total - int(torch.mps.driver_allocated_memory())))
    backend: Any = torch.cuda if device.type == "cuda" else torch.xpu
    free, total = backend.mem_get_info(device)
    return Facts(str(backend.get_device_name(device)), int(total), int(free))


def out_of_memory(why: BaseException) -> bool:
    """True where an engine failed for want of memory."""
    if isinstance(why, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(why, RuntimeError) and any(words in str(why).lower() for words in FULL)


def lost(why: BaseException) -> bool:
    """True where the device itself failed: nothing of this process can use it any more."""
    return isinstance(why, torch.AcceleratorError) and not out_of_memory(why)


def give_back(device: torch.device) -> None:
    """Return what torch keeps for later to the device's other users."""
    if device.type != "cpu":
        getattr(torch, device.type).empty_cache()


def _there(kind: str, index: int = 0) -> bool:
    backend = getattr(torch, kind, None)
    count = getattr(backend, "device_count", lambda: 0)
    return bool(backend and backend.is_available() and index < count())


@functools.cache
def _half_pays() -> bool:
    """Measured, not guessed: a small convolution in float32 and in bfloat16, which takes 70 times as long where the CPU
    does not know it.
    """
    seconds = []
    for dtype in (torch.float32, torch.bfloat16):
        rgb, kernel = torch.ones(1, 64, 32, 32, dtype=dtype), torch.ones(64, 64, 3, 3, dtype=dtype)
        taken = []
        for _ in range(3):  # the first one builds its kernel
            begun = time.perf_counter()
            torch.nn.functional.conv2d(rgb, kernel, padding=1)
            taken.append(time.perf_counter() - begun)
        seconds.append(min(taken))
    return seconds[0] > GAIN * seconds[1]


if __name__ == "__main__":  # for a program that must not load torch itself
    sys.stdout.write(json.dumps(facts(choose(sys.argv[1]))._asdict()))
