"""Where it was sampled decides where it goes: what lies above does not act twice, what lies around is not read."""

from tests.gimp.console import Console

CASES = {
    "inverted_above": None,
    "locked_above": None,
    "locked_in_place": None,
    "adjusted_above": None,
    "anchor_with_a_filter": None,
    "anchor_in_multiply": None,
    "anchor_beyond_the_canvas": None,
    "anchor_is_a_group": None,
    "anchor_under_hidden": None,
    "in_a_faint_group": "group",
    "in_a_multiplying_group": "group",
    "in_a_masked_group": "group",
    "in_a_group_that_lets_through": "group",
    "in_a_group_with_a_filter": "group",
    "in_groups_in_groups": "inner",
}
"""Documents of the driver, each with the group that its anchor lies in."""
ALONE = {"anchor_beyond_the_canvas": 255, "anchor_in_multiply": 179, "in_a_group_that_lets_through": 255}
"""Alpha of what is read of the anchor alone, where it is one colour of opacity 100 or 70."""


def test_a_fill_with_what_was_read_changes_nothing(console: Console) -> None:
    answer = console("samples.py", names=list(CASES))
    for sample in ("all", "below"):
        assert answer[sample].keys() == CASES.keys()
        for name, told in answer[sample].items():
            assert (told["images"], told["by reading"], told["again"]) == (0, 0, True), (sample, name)
            assert told["by the layer"] <= 1, (sample, name)  # a filter's floats are rounded once more
            assert told["by another"] > 50, (sample, name)
            group, position = told["anchor"]
            assert group == CASES[name], name
            assert told["place"] == ([None, 0] if sample == "all" else [group, position - 1]), (sample, name)
    for name, alpha in ALONE.items():
        told = answer["current"][name]
        assert told["read"] == [[*told["own"][:3], alpha], [0, 0, 0, 0]], name
    assert answer["without"] == [[True, True]] * 3
    assert "Calling error" not in console.said, console.said
