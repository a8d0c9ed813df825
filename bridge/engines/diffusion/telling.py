"""What the world hears of a paint while it runs, and how it stops one."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from bridge.engines import Step
from bridge.engines.diffusion import latents

APART = 0.25
"""Seconds between two previews: more are not shown."""


class Telling:
    """The variations `ks`, painted together in `steps` steps, told to `step`."""

    def __init__(self, ks: Sequence[int], steps: int, step: Step, colours: torch.Tensor) -> None:
        """`colours` is the autoencoder's `latents.preview_map`."""
        self._ks, self._steps, self._step, self._colours = ks, steps, step, colours
        self._done, self._shown = 0, -APART

    def __call__(self, i: int, clean: torch.Tensor | None) -> None:
        """`i` steps are done; `clean` are the variations' latents as they look by now. See `loop.Told`."""
        self._done = i
        now = time.monotonic()
        shows = clean is not None and i < self._steps and now - self._shown >= APART
        if shows:
            self._shown = now
        for number, k in enumerate(self._ks):
            picture = latents.preview(clean[number], self._colours) if shows and clean is not None else None
            self._step(k, i, self._steps, picture)

    @contextmanager
    def within(self, unet: Any) -> Iterator[None]:
        """Ask before each block of the denoiser, too, whether to go on: on a CPU a step can take seconds."""
        blocks = [*unet.down_blocks, unet.mid_block, *unet.up_blocks]
        hooks = [block.register_forward_pre_hook(self._ask) for block in blocks if block is not None]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _ask(self, *of: object) -> None:
        self._step(self._ks[0], self._done, self._steps, None)
