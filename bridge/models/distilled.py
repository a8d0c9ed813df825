"""Distilled models: trained to need few steps. Their headers are their base's, so what is said about them decides.

Steps, guidance and schedulers are what their authors' model cards ask for (LCM: arXiv 2310.04378, Turbo: 2311.17042,
Lightning: 2402.13929, Hyper: 2404.13686, DMD2: 2405.14867). Guidance 1 means none: it halves the work.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Distilled(NamedTuple):
    """How a distilled model wants to be sampled: scheduler class, steps, guidance."""

    scheduler: str
    steps: int
    guidance: float


SCHEDULERS = {"LCMScheduler": 4, "TCDScheduler": 4}
"""Schedulers that only distilled models come with, and their steps."""

_KINDS = {
    "lcm": Distilled("LCMScheduler", 4, 1.0),
    "dmd": Distilled("LCMScheduler", 4, 1.0),
    "turbo": Distilled("EulerAncestralDiscreteScheduler", 4, 1.0),
    "lightning": Distilled("EulerDiscreteScheduler", 4, 1.0),
    "hyper": Distilled("EulerDiscreteScheduler", 8, 1.0),
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_STEPS = re.compile(r"(?<!\d)(\d{1,2})[-_ ]?steps?(?![a-z])", re.I)
_HYPER = re.compile(r"hyper[-_ ]?(sd|flux)|hyper.*\d[-_ ]?steps?|\d[-_ ]?steps?.*hyper", re.I)


def hinted(texts: Iterable[str]) -> Distilled | None:
    """What the first of these texts (titles, names) that names a distillation says; None where none does.

    Whole words only, CamelCase taken apart: `HyperRealism` or `lightningbolt` is no distillation.
    """
    for text in texts:
        words = {word.lower() for word in _WORDS.findall(text)}
        for word, kind in _KINDS.items():
            if word in words and (word != "hyper" or _HYPER.search(text)):
                told = _STEPS.search(text)
                steps = int(told[1]) if told and 1 <= int(told[1]) <= 16 else kind.steps
                return kind._replace(steps=steps)
    return None
