"""Runs inside: all that begins with `check_` in `panel_gestures` and `panel_views`, each on a panel of its own.

Tells one JSON list a line: the name, and the traceback of what went wrong, empty where nothing did.
"""

import json
import traceback
from typing import Any

import panel_hand


def checked(check: Any) -> str:
    """What went wrong in one check."""
    try:
        hand = panel_hand.Hand()
        try:
            check(hand)
        finally:
            hand.close()
    except Exception:
        return traceback.format_exc()
    return ""


with panel_hand.screen("1400x900"):
    import panel_gestures
    import panel_views

    for room in (panel_gestures, panel_views):
        for name, check in vars(room).items():
            if name.startswith("check_"):
                print(json.dumps([name, checked(check)]), flush=True)
