"""What an artist does to a document while it is painted: the layer lands where it belongs, or waits and says so."""

from bridge.config import Config
from tests import releases
from tests.conftest import RunBridge
from tests.gimp.console import Console, Shared
from tests.gimp.painters import painter

FILL = "Fill – red (seed 5)"
LANDS = {
    "nothing": [60, 40, 30, 20],
    "deselect": [60, 40, 30, 20],
    "move_the_anchor": [60, 40, 30, 20],
    "enlarge": [80, 50, 30, 20],
    "make_gray": [60, 40, 30, 20],
    "make_deep": [60, 40, 30, 20],
}
"""Where the layer lands, above the layer that it was sampled from."""
WAITS = {
    "crop_and_cut": "The canvas was 160 × 120 px and is 90 × 80 px now: 1 finished layer may not fit",
    "scale": "The canvas was 160 × 120 px and is 320 × 240 px now: 1 finished layer may not fit",
    "float_a_selection": "1 finished layer waits. A floating selection is open: anchor it first",
    "make_indexed": "1 finished layer waits. An indexed image has no room for new colours",
    "close": "1 finished layer waits: the image was closed.",
}
"""Why it does not."""


def test_the_document_changes_while_it_is_painted(shared: Shared, console: Console, run_bridge: RunBridge) -> None:
    releases.write(shared.folder / "art" / "washes.safetensors", releases.tensors("sd15"))
    gate = shared.folder / "gate"
    with run_bridge(shared.home, [painter("patient", gate)], Config(port=0, models=(str(shared.folder / "art"),))):
        answer = console("meanwhile.py", cases=[(name, "below") for name in (*LANDS, *WAITS)], gate=gate)
    for name, box in LANDS.items():
        told = answer[f"{name} below"]
        assert told["words"] == "" and told["images"] == 1 and told["kept"], (name, told)
        assert [one[0] for one in told["stack"]] == ["top", FILL, "upper", "ground"], (name, told)
        assert told["stack"][1] == [FILL, box, True], (name, told)
    for name, words in WAITS.items():
        told = answer[f"{name} below"]
        assert told["words"].startswith(words) and "Open the panel" in told["words"], (name, told)
        assert all(one[0] != FILL for one in told.get("stack", [])) and told.get("kept", True), (name, told)
        assert told["images"] == (name != "close"), (name, told)
    assert "Traceback" not in console.said and "procedure 'gimp-" not in console.said, console.said
