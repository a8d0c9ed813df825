"""Devices: chosen by name, told apart by what they say when memory runs out. No accelerator is at hand in the tests."""

import json
import subprocess
import sys

import pytest
import torch

from bridge.engines.diffusion import devices
from bridge.protocol.errors import Refusal

CPU = torch.device("cpu")


class Backend:
    """Stands in for torch.cuda and its like."""

    def __init__(self, count: int) -> None:
        self._count = count

    def is_available(self) -> bool:
        return self._count > 0

    def device_count(self) -> int:
        return self._count


def test_a_device_is_taken_by_name_or_the_first_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in devices.KINDS:
        monkeypatch.setattr(torch, kind, Backend(0))
    assert devices.choose("auto") == devices.choose("cpu") == CPU
    monkeypatch.setattr(torch, "mps", Backend(1))
    assert devices.choose("auto") == torch.device("mps")
    monkeypatch.setattr(torch, "cuda", Backend(2))
    assert devices.choose("auto") == torch.device("cuda")
    assert devices.choose("cuda:1") == torch.device("cuda:1")
    for missing in ("cuda:2", "xpu"):
        with pytest.raises(Refusal, match="knows no device") as refused:
            devices.choose(missing)
        assert refused.value.code == "gpu.lost" and "it knows cuda, mps, cpu" in refused.value.text


def test_precision_by_device(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda, mps = torch.device("cuda"), torch.device("mps")
    assert devices.precision(cuda) == devices.precision(mps) == torch.float16
    monkeypatch.setattr(devices, "_half_pays", lambda: False)
    assert devices.precision(CPU) == torch.float32
    monkeypatch.setattr(devices, "_half_pays", lambda: True)
    assert devices.precision(CPU) == torch.bfloat16
    assert devices.vae_precision(CPU, torch.float32) == torch.float32
    assert devices.vae_precision(mps, torch.float16) == torch.bfloat16
    for supported, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda supported=supported: supported)
        assert devices.vae_precision(cuda, torch.float16) == dtype


def test_convolutions_lie_as_half_precision_likes_it() -> None:
    assert devices.layout(torch.device("cuda"), torch.float16) == torch.channels_last
    assert devices.layout(CPU, torch.bfloat16) == torch.channels_last
    assert devices.layout(CPU, torch.float32) == devices.layout(torch.device("mps"), torch.float16)
    assert devices.layout(CPU, torch.float32) == torch.preserve_format


@pytest.mark.parametrize(
    ("why", "full"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes"), True),
        (RuntimeError("The size of tensor a (4) must match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_memory_that_ran_out_is_told_from_other_faults(why: BaseException, full: bool) -> None:
    assert devices.out_of_memory(why) == full
    assert not devices.lost(why)


def test_a_device_that_failed_is_lost() -> None:
    assert devices.lost(torch.AcceleratorError("CUDA error: an illegal memory access was encountered"))
    assert not devices.lost(torch.AcceleratorError("CUDA error: out of memory"))
    devices.give_back(CPU)


def test_the_facts_of_this_machine_are_told_to_programs_that_load_no_torch() -> None:
    facts = devices.facts(CPU)
    assert facts.name == "CPU" and facts.memory >= facts.free > 0
    said = subprocess.run([sys.executable, "-m", devices.__name__, "cpu"], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout).keys() == {"name", "memory", "free"}


def test_whether_half_precision_pays_is_measured_once() -> None:
    assert devices._half_pays() == devices._half_pays()
    assert isinstance(devices._half_pays(), bool)
