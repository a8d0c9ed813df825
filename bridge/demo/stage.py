"""A stage on the page: a picture, the layers over it, switches for them, and a timeline that shows how they came."""

import base64
import io
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from PIL import Image

from bridge.demo import pictures
from bridge.demo.pictures import Levels
from bridge.demo.recording import Moment, Recording
from bridge.protocol.messages import Accepted, Done, Layer, Preview, Want
from bridge.protocol.values import Box

SIDE = 1280
"""Most pixels along a picture of the page."""
QUALITY = 86
"""Of its pictures (WebP)."""
SUBJECTS = {"rocket": "A rocket on its pad at dusk, before", "coffee": "A cup of coffee on a wooden table, before"}
"""What the example pictures show, for those who do not see them."""


class Pool:
    """Pictures as custom properties of the style sheet: each is in the page once, however often it is used."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, uri: str) -> str:
        """How a style names this picture."""
        return f"var({self._names.setdefault(uri, f'--p{len(self._names)}')})"

    def style(self) -> str:
        """The rule that holds them all."""
        return ":root {" + "".join(f"{name}:url({uri});" for uri, name in self._names.items()) + "}"


class Frame(NamedTuple):
    """A picture on the stage: where it lies, from when to when it is there (seconds), and the name of a layer."""

    box: Box
    pixels: Levels
    mask: Levels | None
    start: float
    end: float
    name: str = ""


def stage(pool: Pool, recording: Recording) -> str:
    """The stage of a fill, as HTML."""
    file = recording.asked.file
    canvas, end = file.canvas, recording.moments[-1].at
    frames = list(_frames(recording))
    layers = [frame for frame in frames if frame.name]
    visible = recording.asked.content or canvas
    base = pictures.eight(file.pixels)[visible.y : visible.bottom, visible.x : visible.right]
    subject = SUBJECTS.get(file.path.stem, "The picture before")
    over = "".join(_frame(pool, frame, canvas, shown=frame is next(iter(layers), None)) for frame in reversed(frames))
    split = (layers[0].box.x + layers[0].box.width / 2) / canvas.width if layers else 0.0
    return (
        f'<div class="stage" style="--split:{split:.0%};--shape:{canvas.width}/{canvas.height}">'
        f'<div class="sheet"><img src="{webp(fitted(base))}" alt="{subject}" style="{_place(visible, canvas)}">'
        f'<div class="over" aria-hidden="true">{over}</div>{_slider(split) if layers else ""}</div>'
        f'<div class="replay" role="group" aria-label="How it came"><button class="play" type="button">Play</button>'
        f'<div class="track">{_dots(recording, end)}<input class="time" type="range" min="0" max="{end:.3f}" '
        f'step="0.001" value="{end:.3f}" aria-label="Time since Enter" aria-valuetext="{end:.2f} seconds"></div>'
        f"<output>{end:.2f} s</output></div>{_switches(pool, layers, canvas, file.path.name) if layers else ''}</div>"
    )


def log(recording: Recording, buttons: bool) -> str:
    """What happened, in order; each line can be a button that shows that moment on the stage."""
    lines = []
    for at, words, kind in _events(recording):
        line = f"<time>{at:.2f} s</time><span>{escape(words)}</span>"
        if buttons:
            line = f'<button class="come" type="button" data-at="{at:.3f}">{line}</button>'
        lines.append(f'<li class="{kind}">{line}</li>')
    return f'<ol class="log" aria-label="What happened">{"".join(lines)}</ol>'


def _events(recording: Recording) -> list[tuple[float, str, str]]:
    """When (seconds), what, and what kind of event: step, preview, layer or mark."""
    events = [(mark.at, mark.text, "mark") for mark in recording.marks]
    events += [(moment.at, *told) for moment in recording.shown if (told := _told(moment, recording))]
    return sorted(events, key=lambda event: event[0])


def _told(moment: Moment, recording: Recording) -> tuple[str, str] | None:
    match moment.message:
        case Want():
            return "planned", "step"
        case Accepted():
            return f"{recording.sent:,} bytes sent", "step"
        case Preview(index=index):
            return f"a look at variation {index + 1}", "preview"
        case Layer(index=index):
            return f"variation {index + 1} has landed", "layer"
        case Done(state="cancelled"):
            return "cancelled", "mark"
    return None


def _frames(recording: Recording) -> Iterator[Frame]:
    """What the stage can show: layers first, variation by variation, then previews."""
    end = recording.moments[-1].at
    forever = end + 1
    landed = {one.message.index: one for one in recording.moments if isinstance(one.message, Layer)}
    for _, (at, _, _, layer) in sorted(landed.items()):
        if layer:
            yield Frame(layer.box, pictures.eight(layer.picture), layer.mask, at, forever, layer.name)
    for moment in recording.shown:
        if moment.pixels is not None:
            yield Frame(recording.context, moment.pixels, None, moment.at, forever if landed else end)


def _frame(pool: Pool, frame: Frame, canvas: Box, shown: bool) -> str:
    name = f' data-layer="{escape(frame.name)}"' if frame.name else ""
    when = f'data-from="{frame.start:.3f}" data-to="{frame.end:.3f}"'
    style = f"{_place(frame.box, canvas)};{_coloured(pool, frame, canvas)};{_masked(pool, frame, canvas)}"
    return f'<div class="frame"{name} {when} style="{style}"{"" if shown else " hidden"}></div>'


def _slider(split: float) -> str:
    """What moves the line between before and after: all of the sheet."""
    return (
        f'<input class="split" type="range" min="0" max="100" step="0.5" value="{100 * split:.0f}" '
        f'aria-label="Before and after: where they meet, in percent of the width">'
        f'<div class="divider" aria-hidden="true"></div>'
    )


def _dots(recording: Recording, end: float) -> str:
    """The events on the timeline."""
    events = ((100 * at / end, kind) for at, _, kind in _events(recording) if kind != "step")
    return "".join(f'<i class="{kind}" style="left:{left:.2f}%" aria-hidden="true"></i>' for left, kind in events)


def _switches(pool: Pool, layers: Sequence[Frame], canvas: Box, below: str) -> str:
    """A list of layers as editors have it, the topmost first, each with its mask and a switch."""
    lines = []
    for number, layer in enumerate(layers):
        place, mask = _place(layer.box, canvas), _masked(pool, layer, canvas)
        name = escape(layer.name)
        lines.append(
            f'<li><label><input class="switch" type="checkbox" value="{name}"{"" if number else " checked"}>'
            f'<span class="thumb"><b style="{place};{mask};{_coloured(pool, layer, canvas)}"></b></span>'
            f'<span class="thumb mask"><b style="{place};{mask}"></b></span>'
            f"<span>{name}</span><time>{layer.start:.2f} s</time></label></li>"
        )
    lines.append(f'<li class="below"><span>{escape(below)}, untouched</span></li>')
    return f'<ul class="layers" aria-label="Layers">{"".join(lines)}</ul>'


def _place(box: Box, canvas: Box) -> str:
    """Where a box lies on the sheet, in percent."""
    shares = box.x / canvas.width, box.y / canvas.height, box.width / canvas.width, box.height / canvas.height
    names = zip(("left", "top", "width", "height"), shares, strict=True)
    return ";".join(f"{name}:{100 * share:.4f}%" for name, share in names)


def _coloured(pool: Pool, frame: Frame, canvas: Box) -> str:
    return f"background-image:{pool(webp(fitted(frame.pixels, max(canvas[2:]))))}"


def _masked(pool: Pool, frame: Frame, canvas: Box) -> str:
    if frame.mask is None:
        return ""
    picture = pool(_stencil(fitted(frame.mask, max(canvas[2:]))))
    return f"-webkit-mask-image:{picture};mask-image:{picture}"


# ---- pixels ---------------------------------------------------------------------------------------------------------


def fitted(pixels: Levels, side: int | None = None) -> Levels:
    """Pixels made small enough for the page: no longer than SIDE, they or the `side` that they belong to."""
    height, width = pixels.shape[:2]
    factor = min(1.0, SIDE / (side or max(width, height)))
    return pictures.resized(pixels, max(1, round(width * factor)), max(1, round(height * factor)))


def webp(rgb: Levels) -> str:
    """RGB (h, w, 3) as a data URI."""
    return _uri(Image.fromarray(rgb), "webp", quality=QUALITY, method=4)


def _stencil(mask: Levels) -> str:
    """A mask (h, w) as a data URI: a picture that is as opaque as the mask is white."""
    return _uri(Image.fromarray(np.dstack((np.zeros_like(mask), mask))), "png", optimize=True)


def _uri(image: Image.Image, form: str, **options: int) -> str:
    file = io.BytesIO()
    image.save(file, form, **options)
    return f"data:image/{form};base64,{base64.b64encode(file.getvalue()).decode()}"
