"""From a candidate to a model or a LoRA: the one place where headers, folders, names and fingerprints meet."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from bridge.families import SAMPLE
from bridge.models import adapters, folders, headers, recognise
from bridge.models.distilled import Distilled, hinted
from bridge.models.headers import Header, short
from bridge.models.trees import Candidate
from bridge.models.values import Lora, Model
from bridge.protocol.errors import Refusal

FEW = frozenset(("sd15", "sdxl"))
"""Families with a distilled row, `<family>-few`."""

_TOLD = "modelspec.architecture", "modelspec.title"
"""Metadata that may say that a model was distilled."""


def signature(candidate: Candidate) -> str:
    """What changes when a candidate does: sizes and times of its files, nothing of their content. Raises OSError."""
    if not candidate.path.is_dir():
        about = candidate.path.stat()
        return f"{about.st_size} {about.st_mtime_ns}"
    digest = hashlib.sha256()
    for where, inner, files in os.walk(candidate.path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if len(Path(where).relative_to(candidate.path).parts) > 1:
            inner.clear()
        for name in sorted(files):
            about = (Path(where) / name).stat()
            digest.update(f"{where}/{name} {about.st_size} {about.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def read(candidate: Candidate) -> Model | Lora | None:
    """What a candidate is, None where it is nothing that an artist could choose. Raises OSError where it vanished."""
    return _folder(candidate) if candidate.path.is_dir() else _file(candidate)


def _file(candidate: Candidate) -> Model | Lora | None:
    path, name = candidate.path, candidate.name
    try:
        header = headers.read(path)
    except Refusal as why:
        return _broken(candidate, why.text)
    if (found := adapters.lora(header.tensors)) is not None:
        return _lora(candidate, header, found)
    seen = recognise.checkpoint(header)
    if seen is None:
        return None
    mark = headers.fingerprint([path])
    few = hinted((*_metadata(header), name)) if seen.family in FEW else None
    return Model(
        id=identity(name, mark),
        name=name,
        family=seen.family + "-few" * (few is not None),
        layout=seen.layout,
        path=path,
        form="file",
        size=header.size - header.start,
        hash=mark,
        licence=short(header.metadata.get("modelspec.license", "")),
        **_sampling(few),
        prediction=seen.prediction,
        problem=f"{name} {seen.problem}." if seen.problem else "",
        parameters=header.parameters,
        zero_snr=seen.zero_snr,
    )


def _lora(candidate: Candidate, header: Header, found: adapters.SeenLora) -> Lora:
    mark = headers.fingerprint([candidate.path])
    return Lora(
        id=identity(candidate.name, mark),
        name=candidate.name,
        family=found.family,
        path=candidate.path,
        size=header.size - header.start,
        hash=mark,
        licence=short(header.metadata.get("modelspec.license", "")),
        **_sampling(hinted((*_metadata(header), candidate.name))),
        problem=f"{candidate.name} {found.problem}." if found.problem else "",
    )


def _folder(candidate: Candidate) -> Model:
    path, name = candidate.path, candidate.name
    found = folders.survey(path, name)
    mark = headers.fingerprint(found.files)
    family = SAMPLE if candidate.kind == "sample" else found.seen.family
    hint = hinted((name,)) if family in FEW else None
    if hint is not None and hint.scheduler == "EulerAncestralDiscreteScheduler" and found.trailing:
        hint = hint._replace(scheduler="")  # its own configuration says it
    if found.steps is not None:
        hint = Distilled("", hint.steps if hint else found.steps, 1.0)
    return Model(
        id=identity(name, mark),
        name=name,
        family=family + "-few" * (hint is not None and family in FEW),
        layout=found.seen.layout,
        path=path,
        form="folder",
        size=found.weights,
        hash=mark,
        pipeline=found.pipeline,
        licence=found.licence,
        **_sampling(hint),
        prediction=found.seen.prediction,
        problem=found.seen.problem,
        parameters=found.parameters,
        zero_snr=found.seen.zero_snr,
    )


def _broken(candidate: Candidate, problem: str) -> Model | Lora:
    """A file that cannot be used: listed, so that the artist reads why."""
    path, name = candidate.path, candidate.name
    mark, size = headers.fingerprint([path]), path.stat().st_size
    if candidate.kind == "lora":
        return Lora(identity(name, mark), name, "", path, size, mark, problem=problem)
    return Model(identity(name, mark), name, "", "base", path, "file", size, mark, problem=problem)


def identity(name: str, mark: str, place: int = 0) -> str:
    """An id: letters of the name and eight hex digits of the content, the eight from `place` on."""
    letters = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:55].strip("-")
    return f"{letters or 'model'}-{mark[place : place + 8]}"


def _metadata(header: Header) -> list[str]:
    return [header.metadata[key] for key in _TOLD if key in header.metadata]


def _sampling(kind: Distilled | None) -> dict[str, Any]:
    return {} if kind is None else kind._asdict()
