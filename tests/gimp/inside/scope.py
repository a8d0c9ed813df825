"""What a driver's text finds when it runs inside GIMP."""

import traceback
from typing import Any

import hand
import plain
from gi.repository import Gegl, Gimp, Gio, GLib, GObject

WORDS = {"Gegl": Gegl, "Gimp": Gimp, "Gio": Gio, "GLib": GLib, "GObject": GObject, "hand": hand}


def tell(text: str, values: dict[str, Any]) -> str:
    """Run a text with GIMP's words and the values in scope; returns {answer} or {raised}, its traceback, as JSON.

    The answer of an expression is its value, that of a program what it leaves in `answer`.
    """
    scope = {**WORDS, **values}
    try:
        try:
            answer = eval(compile(text.strip(), "driver", "eval"), scope)
        except SyntaxError:
            exec(compile(text, "driver", "exec"), scope)
            answer = scope.get("answer")
        return plain.dumps({"answer": answer})
    except BaseException:
        return plain.dumps({"raised": traceback.format_exc()})
