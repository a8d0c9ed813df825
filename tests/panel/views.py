"""Views as a guest makes them, for a panel that has none."""

from typing import Any

Value = dict[str, Any]
"""A View or a part of it, as `seams.d.ts` says."""

FIELDS: Value = {
    "prompt": "",
    "strength": 100,
    "count": 1,
    "model": None,
    "negative": "",
    "steps": None,
    "guidance": None,
    "seed": None,
    "locked": False,
    "loras": [],
    "sample": "all",
    "blend": 0,
    "context": "auto",
    "source": "near",
}
NO_MODEL = "Choose or install a model (in a terminal: sfumato models)."
NO_PROMPT = f"The built-in fill reads no prompt: it continues what surrounds the selection. {NO_MODEL}"
NO_SETTING = f"The built-in fill has no such setting. {NO_MODEL}"
NO_STRENGTH = f"The built-in fill replaces what is there; it cannot refine it. {NO_MODEL}"
BUILT_IN = {"prompt": NO_PROMPT, "strength": NO_STRENGTH} | dict.fromkeys(
    ("negative", "steps", "guidance", "loras", "context"), NO_SETTING
)
ONLY_BUILT_IN = "Only the built-in fill copies from the picture."
TIGHT = "It may not fit this machine's memory."
COLOURS = [(196, 88, 52), (72, 108, 148), (132, 140, 84), (168, 132, 76), (108, 92, 140), (60, 132, 124)]
TITLES = [f"Fill – red roof (seed {seed})" for seed in (42, 43, 44, 45, 46, 47)]


def button(label: str, why: str = "") -> Value:
    """A Button."""
    return {"label": label, "why": why}


def choice(id: str | None, title: str, why: str = "") -> Value:
    """A Choice."""
    return {"id": id, "title": title, "why": why}


def shot(width: int = 128, height: int = 96, colour: tuple[int, int, int] = COLOURS[0]) -> Value:
    """A Shot. The page paints it from its first pixel alone."""
    return {"width": width, "height": height, "channels": 3, "pixels": list(colour)}


def tiles(count: int, shown: int = 0) -> list[Value]:
    """So many thumbnails."""
    each = zip(TITLES, COLOURS, strict=True)
    made = [{"key": f"job/{n}", "title": title, "shot": shot(colour=colour)} for n, (title, colour) in enumerate(each)]
    return [one | {"shown": n == shown} for n, one in enumerate(made[:count])]


def remembered(name: str = TITLES[0], **why: str) -> Value:
    """The layer at hand; `vary="…"` says why that one cannot be done."""
    labels = {"again": "Again", "vary": "Vary", "refine": "Refine", "edit": "Edit settings"}
    return {"name": name} | {key: button(label, why.get(key, "")) for key, label in labels.items()}


def view(**parts: Any) -> Value:
    """A View: a document with a selection, one model, nothing runs. `fields` replaces some fields only."""
    fields = FIELDS | parts.pop("fields", {})
    usual: Value = {
        "title": "House by the lake.psd",
        "go": button("Fill"),
        "remove": button("Remove"),
        "detail": button("Enhance detail"),
        "cancel": button("Cancel", "Nothing runs."),
        "plan": "1024 × 1024 px, 80 % of full resolution, about 4 s",
        "notes": [],
        "models": [
            choice(None, "Automatic"),
            choice("classical", "Built-in fill"),
            choice("sdxl", "SDXL Base 1.0"),
            choice("flux", "Flux Dev", TIGHT),
        ],
        "loras": [choice("ink", "Ink drawing"), choice("film", "Old film"), choice("gouache", "Gouache and pencil")],
        "greyed": {"source": ONLY_BUILT_IN},
        "layer": None,
        "fraction": None,
        "doing": "",
        "preview": None,
        "tiles": [],
        "offers": [],
        "status": "3 models · NVIDIA RTX 4090",
        "error": "",
        "history": [],
        "waiting": "",
        "pairing": None,
        "corner": [],
    }
    return usual | parts | {"fields": fields}


def first(**parts: Any) -> Value:
    """The View of somebody who has no model yet."""
    why = f"The built-in fill copies texture and cannot sharpen. {NO_MODEL}"
    usual = {
        "go": button("Remove"),
        "detail": button("Enhance detail", why),
        "plan": "491 × 416 px, 100 % of full resolution, about 2 s",
        "models": [choice(None, "Built-in fill")],
        "loras": [],
        "greyed": BUILT_IN,
        "status": "Built-in fill, no model installed · CPU",
    }
    return view(**(usual | parts))
