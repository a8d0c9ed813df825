"""What the bridge can paint, as the panel needs it: lists to choose from, and reasons for what is greyed."""

from dataclasses import replace
from typing import Any

from bridge.protocol.messages import Capabilities
from gimp_plugin.view import Choice, Fields

BUILT_IN = "classical"
"""What a recipe calls the fill that needs no model."""
_NO_MODEL = "Choose or install a model (in a terminal: sfumato models)."


class Abilities:
    """Nothing, while the bridge has not answered yet."""

    def __init__(self) -> None:
        self._parts: list[Capabilities] = []
        self._engines: dict[str, dict[str, Any]] = {}
        self._models: dict[str, dict[str, Any]] = {}
        self._loras: list[dict[str, Any]] = []
        self._device: dict[str, Any] = {}
        self.known = False
        """True once the bridge has answered."""

    def hear(self, part: Capabilities) -> bool:
        """A part of an answer has come. True once it is whole: until then the one before counts."""
        self._parts = [part] if part.part in (None, 1) else [*self._parts, part]
        if len(self._parts) < (part.parts or 1):
            return False
        self._engines = {str(one.get("name")): one for part in self._parts for one in part.engines}
        self._models = {str(one.get("id")): one for part in self._parts for one in part.models}
        self._loras = [one for part in self._parts for one in part.loras]
        self._device = next((part.device for part in self._parts if part.device), {})
        self.known = True
        return True

    def models(self) -> tuple[Choice, ...]:
        """What can be chosen, the bridge's own choice first."""
        if not self._usable:
            return (Choice(None, "Built-in fill"),)
        listed = sorted(self._models.items(), key=lambda one: str(one[1].get("name", "")).lower())
        found = [Choice(id, str(one.get("name", id)), self._tight(one)) for id, one in listed]
        return (Choice(None, "Automatic"), Choice(BUILT_IN, "Built-in fill"), *found)

    def loras(self, fields: Fields) -> tuple[Choice, ...]:
        """All LoRAs; those of another family than the chosen model's say so."""
        family = str(self._models.get(fields.model or "", {}).get("family", "")).removesuffix("-few")
        listed = []
        for one in self._loras:
            theirs = str(one.get("family", "")).removesuffix("-few")
            why = f"It is made for {theirs}, and the model is {family}." if family and theirs != family else ""
            listed.append(Choice(str(one.get("id")), str(one.get("name")), why))
        return tuple(listed)

    def has(self, model: str | None) -> bool:
        """True where this model can be chosen, or nothing is known yet."""
        return not self.known or model in (None, BUILT_IN) or model in self._models

    def meant(self, fields: Fields) -> Fields:
        """The fields as they count: the built-in fill cannot refine, wherever the slider stands."""
        return replace(fields, strength=100) if "strength" in self.greyed(fields) else fields

    def why_not(self, mode: str, fields: Fields) -> str:
        """Why the chosen model cannot do this; empty where it can, or where nothing is known yet."""
        if not self.known or mode in ("fill", "remove", "expand"):
            return ""
        if self._built_in(fields):
            return f"The built-in fill copies texture and cannot sharpen. {_NO_MODEL}"
        if self._sample:
            return f"The sample model cannot sharpen. {_NO_MODEL}"
        return ""

    def greyed(self, fields: Fields) -> dict[str, str]:
        """Which fields do nothing with the chosen model, and why."""
        if not self.known:
            return {}
        if not self._built_in(fields):
            return {"source": "Only the built-in fill copies from the picture."}
        prompt = f"The built-in fill reads no prompt: it continues what surrounds the selection. {_NO_MODEL}"
        other = f"The built-in fill has no such setting. {_NO_MODEL}"
        strength = f"The built-in fill replaces what is there; it cannot refine it. {_NO_MODEL}"
        return {"prompt": prompt, "strength": strength} | dict.fromkeys(
            ("negative", "steps", "guidance", "loras", "context"), other
        )

    def status(self) -> str:
        """Who paints, on what: `Built-in fill, CPU`."""
        if not self.known:
            return ""
        device = str(self._device.get("name") or "")
        device = {"cpu": "CPU", "auto": ""}.get(device, device)  # which one is told once something was painted
        count = len(self._models)
        who = "Sample model" if self._sample else f"{count} model{'s' * (count != 1)}"
        who = who if self._usable else "Built-in fill, no model installed"
        return f"{who} · {device}" if device else who

    @property
    def _usable(self) -> bool:
        """True where models are there and what runs them is installed."""
        return bool(self._models) and len(self._engines) > 1

    @property
    def _sample(self) -> bool:
        """True where the sample model is the only one."""
        return all(one.get("family") == "sample" for one in self._models.values())

    def _built_in(self, fields: Fields) -> bool:
        return fields.model == BUILT_IN or not self._usable

    def _tight(self, model: dict[str, Any]) -> str:
        return "It may not fit this machine's memory." if model.get("fits") is False else ""
