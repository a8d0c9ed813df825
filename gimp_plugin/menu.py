"""What GIMP's menu shows of us, and what each entry does. Kept light: GIMP asks for it at its start.

Whatever can fail is imported when an entry runs. An import that fails here would leave no entry, and no message either.
"""

import sys
from typing import Any, NamedTuple

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib, GObject  # noqa: E402

from gimp_plugin import handover  # noqa: E402

FOLDER = "<Image>/Filters/Generative Fill (Sfumato)"
OLDEST = (3, 11)
"""websockets needs it."""


class Entry(NamedTuple):
    """One entry of the menu. `blurb` holds the words by which GIMP's action search finds it."""

    label: str
    blurb: str


ENTRIES = {
    "sfumato-panel": Entry(
        "_Open Panel",
        "Generative fill on the selection, by a prompt and on your own machine: inpaint, img2img, outpaint, heal",
    ),
    "sfumato-remove": Entry(
        "_Remove Selection", "Remove what is selected, as if it had never been there: heal, inpaint, content-aware fill"
    ),
    "sfumato-again": Entry(
        "_Fill Again",
        "Make the selected generated layer once more with another seed, or repeat the last fill: inpaint, img2img",
    ),
    "sfumato-expand": Entry(
        "_Expand", "Continue the picture into the empty canvas: outpaint, uncrop, generative expand"
    ),
    "sfumato-cancel": Entry("_Cancel", "Stop the fills of this image: inpaint, img2img, outpaint, heal"),
}
FILL = "sfumato-fill"
"""For scripts: a fill with everything said in arguments. It has no entry in the menu."""


class Sfumato(Gimp.PlugIn):  # type: ignore[misc]  # gi has no types
    """The plug-in, as GIMP sees it."""

    def do_query_procedures(self) -> list[str]:
        """Names of all procedures."""
        return [*ENTRIES, FILL]

    def do_set_i18n(self, _name: str) -> bool:
        """No translations yet."""
        return False

    def do_create_procedure(self, name: str) -> Any:
        """One procedure."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, self._run, None)
        procedure.set_image_types("*")
        # Never greyed out: whatever is missing is said when it is chosen.
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.ALWAYS)
        procedure.set_attribution("Sfumato", "Apache-2.0", "2026")
        if name == FILL:
            procedure.set_documentation("Fill by arguments: inpaint, img2img, outpaint, heal", None, name)
            _arguments(procedure)
        else:
            procedure.set_menu_label(ENTRIES[name].label)
            procedure.add_menu_path(FOLDER)
            procedure.set_documentation(ENTRIES[name].blurb, None, name)
        return procedure

    def _run(self, procedure: Any, mode: Any, image: Any, _drawables: Any, config: Any, _data: Any) -> Any:
        """An entry was chosen."""
        try:
            if sys.version_info[:2] < OLDEST:
                old = ".".join(map(str, sys.version_info[:2]))
                raise RuntimeError(f"Sfumato needs a GIMP with Python 3.11 or newer; this one has {old}.")
            failed = self._choose(procedure.get_name(), mode, image, config)
        except Exception as why:  # GIMP shows this sentence, and nothing of a traceback
            failed = f"{why}" if isinstance(why, RuntimeError) else f"Sfumato failed ({type(why).__name__}: {why})."
        if failed:
            return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(failed))
        # At a success libgimp writes its arguments into the image; where that was closed GIMP shows a red box.
        closed = image is not None and not image.is_valid()
        status = Gimp.PDBStatusType.CANCEL if closed else Gimp.PDBStatusType.SUCCESS
        return procedure.new_return_values(status, GLib.Error())

    def _choose(self, name: str, mode: Any, image: Any, config: Any) -> str:
        """Do what an entry says. Returns a sentence where it could not be done."""
        gesture = name.removeprefix("sfumato-")
        if mode != Gimp.RunMode.NONINTERACTIVE and handover.taken(gesture, image):
            return ""
        if gesture == "panel":
            from gimp_plugin import seat

            seat.run(self, image)
            return ""
        if image is None:
            return "No image is open: open one, select a part of it, and choose this again."
        from gimp_plugin import alone

        return alone.run(gesture, image, _said(config) if gesture == "fill" else None)


def _arguments(procedure: Any) -> None:
    """Everything a script may say of a fill."""
    flags = GObject.ParamFlags.READWRITE
    procedure.add_string_argument(
        "gesture", "Gesture", "go, remove, expand, detail, again, vary or refine", "go", flags
    )
    procedure.add_string_argument("prompt", "Prompt", "What shall be there", "", flags)
    procedure.add_string_argument("negative", "Negative", "What shall not", "", flags)
    procedure.add_int_argument("strength", "Strength", "Percent; below 100 keeps something", 5, 100, 100, flags)
    procedure.add_int_argument("count", "Variations", "How many", 1, 8, 1, flags)
    procedure.add_string_argument("model", "Model", "Its id; empty for the bridge's choice", "", flags)
    procedure.add_double_argument("seed", "Seed", "0 to 4294967295; -1 draws one", -1, 2**32 - 1, -1, flags)
    procedure.add_int_argument("blend", "Blend", "Pixels by which the layer grows outward", 0, 256, 0, flags)
    procedure.add_string_argument("sample", "Sample", "Which layers are read: all, below or current", "all", flags)


def _said(config: Any) -> dict[str, Any]:
    """The arguments of a script."""
    names = ("gesture", "prompt", "negative", "strength", "count", "model", "seed", "blend", "sample")
    return {name: config.get_property(name) for name in names}


def main(argv: list[str]) -> None:
    """Serve GIMP: answer what it asks, until it has no more questions."""
    Gimp.main(Sfumato.__gtype__, argv)
