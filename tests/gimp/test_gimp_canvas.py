"""Layers put into a document: what stays as the artist had it, what is written, what a look costs."""

from typing import Any

from tests.gimp.console import Console, Shared

CHOSEN = ["ground", "masked inner", "group", "inner", "mask", "channel", "path"]


def test_what_the_artist_had_selected_stays_selected(console: Console) -> None:
    answer = console("put.py", chosen=CHOSEN)
    for what, told in answer.items():
        assert told["after"] == told["before"], what
        assert told["before"]["undo"] and not told["dirty by looking"] and told["dirty by a layer"], what
    assert answer["mask"]["before"]["drawn on"] == ["masked mask"]
    assert answer["channel"]["before"]["channels"] == ["channel"] and not answer["channel"]["before"]["layers"]
    _variations_lie_in_a_group_and_the_first_is_visible(answer["ground"])
    assert "procedure 'gimp-" not in console.said and "CRITICAL" not in _while_it_ran(console.said), console.said


def _variations_lie_in_a_group_and_the_first_is_visible(told: dict[str, Any]) -> None:
    names = [(one["name"], one["visible"]) for one in told["stack"]]
    assert names == [("Fill", True), ("group", True), ("masked", True), ("Fill #1", True), ("ground", True)]
    group = told["stack"][3]
    assert [one["visible"] for one in group["layers"]] == [True, False, False]
    assert {one["blend"] for one in (group, *group["layers"])} == {"rgb-non-linear"}
    assert told["put"] == [True, True]
    assert told["shown"] == told["still shown"] == [False, True]


ONE = "Several layers are selected, or none: select one, or sample all layers."
FLOATING = "A floating selection is open: anchor it first (Layer ▸ Anchor Floating Selection)."
INDEXED = "An indexed image has no room for new colours: convert it to RGB first (Image ▸ Mode ▸ RGB)."
SCENES: dict[str, dict[str, Any]] = {
    "empty": {"document": [64, 48, 4, "u8"], "uncovered": False},
    "plain": {"document": [64, 48, 3, "u16"], "selection": [50, 40, 14, 8]},
    "hidden": {"document": [64, 48, 4, "u16"], "selection": [50, 40, 14, 8]},
    "faint": {"document": [64, 48, 4, "u16"], "selection": [50, 40, 14, 8]},
    "enlarged": {"document": [64, 48, 4, "f32"], "content": [20, 10, 40, 30], "uncovered": True},
    "see_through": {"document": [64, 48, 4, "u8"], "uncovered": True},
    "several": {"document": [64, 48, 3, "u16"], "selection": [50, 40, 14, 8], "layer": ""},
    "floating": {"document": [64, 48, 3, "u16"], "trouble": FLOATING},
    "gray": {"document": [64, 48, 3, "f32"], "kind": "gray"},
    "indexed": {"document": [64, 48, 3, "u8"], "selection": [50, 40, 14, 8], "kind": "indexed", "trouble": INDEXED},
}


def test_what_the_artist_has_before_them_is_told_as_it_is(console: Console) -> None:
    answer = console("scenes.py")
    assert answer["scenes"].keys() == SCENES.keys()
    for name, expected in SCENES.items():
        scenes, usual = answer["scenes"][name], {"content": None, "kind": "rgb", "trouble": "", "uncovered": False}
        for sample, scene in scenes.items():
            for word, value in ({"selection": None} | usual | expected).items():
                if word == "trouble" and not value and name == "several" and sample != "all":
                    value = ONE
                if word == "document" and sample == "current" and scene["layer"] != "opaque":
                    value = [*value[:2], 4, value[3]]
                assert scene[word] == value, (name, sample, word)
        assert scenes["all"]["layer"] == scenes["all"]["active"] or name == "several", name
    for ground, told in answer["large"].items():
        assert max(told["later"]) <= (24 if ground == "covered" else 90), "a look at 200 layers asks too much"
        assert told["content"] == (None if ground == "covered" else [0, 501, 2025, 1499]), "a moved layer is seen late"
        assert told["results"][1] <= 1 and told["uncovered"] <= 90, told


def test_a_layer_remembers_through_a_file(console: Console, shared: Shared) -> None:
    path = shared.folder / "kept.xcf"
    written = console(
        """
        import studio
        image = hand.new(64, 48)
        hand.lay(image, "ground", bytes((1, 2, 3, 255)))
        canvas = studio.canvas(image)
        canvas.mark()
        recipe = studio.Recipe("fill", prompt, seed=2**32 - 1, count=3, loras=(studio.Lora("a", -0.3),))
        one = studio.finished((9, 9, 20, 20), bytes(3), None, recipe=recipe, selection=None, seen=None)
        put = canvas.insert(one, studio.Spot(), several=True)
        hand.save(image, path)
        answer = canvas.tag, repr(one.memory)
        """,
        path=path,
        prompt="rot – ☂ “zitat” \\ \n",
    )
    read = console(
        """
        import studio
        image = hand.load(path)
        canvas = studio.canvas(image)
        layer = hand.find(image, "Fill #1")
        image.set_selected_layers([layer])
        layer.attach_parasite(Gimp.Parasite.new("gimp-comment", Gimp.PARASITE_PERSISTENT, b"another's"))
        scene = canvas.scene()
        answer = [canvas.tag, repr(scene.memory), list(canvas.results())]
        for damaged in (b"-", b"[]", b'{"version": 2}', b"[" * 9000, [-30, 65]):  # GIMP's bytes have signs
            layer.attach_parasite(Gimp.Parasite.new("sfumato-layer", Gimp.PARASITE_PERSISTENT, damaged))
            answer.append(repr(studio.canvas(image).scene().memory))
        """,
        path=path,
    )
    assert read[:2] == written
    assert read[2] == ["r" * 32]
    assert read[3:] == ["None"] * 5


def _while_it_ran(said: str) -> str:
    """What GIMP said before it was told to quit: that it is left to complain of."""
    return said.partition("batch command executed")[0]
