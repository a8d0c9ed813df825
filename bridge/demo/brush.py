"""What the scenes paint with: the built-in fill, or the user's own weights and words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge import home
from bridge.config import read
from bridge.families import FAMILIES, SAMPLE
from bridge.models import Catalogue, Lora, Model
from bridge.models.folders import INDEX
from bridge.models.headers import fingerprint, short
from bridge.models_command import INSTALL, kind
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Mode, Recipe
from bridge.repertoire import BUILT_IN, installed

SEED = 2026
"""The demo paints the same each time."""
PROMPT = "a lighthouse on a rock"
"""What takes the rocket's place where no words are given."""


@dataclass(frozen=True)
class Brush:
    """A model and what is asked of it; without one the built-in fill, which reads no words.

    steps    None leaves them to the model
    folders  where the demo's own bridge has to look for the model
    """

    model: Model | None = None
    prompt: str = ""
    steps: int | None = None
    seed: int = SEED
    folders: tuple[str, ...] = ()

    @property
    def mode(self) -> Mode:
        """What is done with a selection."""
        return "fill" if self.model else "remove"

    def recipe(self, mode: Mode, **more: Any) -> Recipe:
        """A recipe for it. Raises Refusal `recipe.field`."""
        model = self.model.id if self.model else BUILT_IN
        return Recipe(mode, prompt=self.prompt, model=model, steps=self.steps, **{"seed": self.seed, **more})

    @property
    def name(self) -> str:
        """The model and its kind, as an artist reads them; empty without one."""
        return f"{short(self.model.name)} ({kind(self.model)})" if self.model else ""

    @property
    def asked(self) -> str:
        """What the model is asked and how, in a line; empty without one."""
        if self.model is None:
            return ""
        steps = FAMILIES[self.model.family].calls(1.0, self.steps or self.model.steps)
        words = f"“{self.prompt}”" if self.prompt else "no words"
        return f"{words}, {steps} step{'s' * (steps != 1)}, seed {self.seed}"


def chosen(named: str, prompt: str, steps: int | None, seed: int, folder: Path) -> Brush:
    """The brush of the model that somebody names: a checkpoint, a diffusers folder, or an id of `sfumato models`.

    `sample` is the built-in fill's: the sample model has its scene in that programme. `folder` is where the demo's own
    bridge will live: what is found is remembered there. Raises Refusal where the model cannot be used.
    """
    if named == SAMPLE and installed():
        return Brush(seed=seed)
    path = Path(named).expanduser()
    where = _place(path) if path.exists() else None
    trees = (str(where),) if where else _own()
    if strange := [tree for tree in trees if not tree.isprintable()]:
        raise Refusal("recipe.field", f"The folder {strange[0]!a} has letters that cannot be written down. Rename it.")
    catalogue = Catalogue.of(folder, trees)
    catalogue.scan()
    model = _at(catalogue, where) if where else _called(catalogue, named)
    if model.problem:
        raise Refusal("model.invalid", model.problem, model=model.id)
    if not installed():
        text = f"{model.name} needs the diffusion engine, and that is not installed. Run: {INSTALL}"
        raise Refusal("model.missing", text, model=model.id)
    return Brush(model, prompt, steps, seed, trees)


def _own() -> tuple[str, ...]:
    """The folders that the user's own bridge looks through, besides the usual ones."""
    own = home.home()
    return (*read(own).models, str(own / "models"))


def _place(path: Path) -> Path:
    """The same place whole: a link to a file keeps its own name, which says what the file is."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _at(catalogue: Catalogue, path: Path) -> Model:
    """The model of a path. Raises Refusal saying what lies there instead."""
    try:
        mark = fingerprint([path]) if path.is_file() else ""
    except OSError as why:
        raise Refusal("model.invalid", f"“{path}” cannot be read ({why.strerror}). Look at its permissions.") from None

    def is_it(one: Model | Lora) -> bool:
        return one.path == path or one.hash == mark  # of two copies the catalogue lists one

    for model in filter(is_it, catalogue.models()):
        return model
    if path.is_dir():
        text = f"“{path}” has no {INDEX}, so it is no diffusers folder. Name that, or a checkpoint (.safetensors)."
    elif any(map(is_it, catalogue.loras())):
        text = f"“{path.name}” is a LoRA, a small change to a model. Name the model that it is put on."
    elif (path.parent / INDEX).is_file():
        text = f"“{path.name}” lies in a diffusers folder. Name that instead: {path.parent}"
    else:
        text = f"No model was found in “{path.name}”. Name a checkpoint (.safetensors) or a diffusers folder."
    raise Refusal("model.invalid", text)


def _called(catalogue: Catalogue, id: str) -> Model:
    """The model of an id. Raises Refusal `model.unknown` naming what there is."""
    if not id.replace("-", "").isalnum():
        raise Refusal("model.unknown", f"There is no file or folder “{id}”. Look at the path, or see sfumato models.")
    return catalogue.find(id)
