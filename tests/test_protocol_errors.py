"""Codes are stable, and a refusal says what it means."""

import pytest

from bridge.protocol.errors import CLOSE, CODES, Refusal


def test_the_codes_are_these() -> None:
    """Codes are added, never renamed: a plug-in of last year knows these."""
    assert sorted(CODES) == [
        "auth.elsewhere",
        "auth.failed",
        "auth.key",
        "auth.pair",
        "auth.slow",
        "auth.version",
        "gpu.lost",
        "gpu.memory",
        "internal",
        "job.busy",
        "job.lost",
        "job.reused",
        "job.unknown",
        "limit.document",
        "limit.message",
        "limit.session",
        "limit.side",
        "limit.spool",
        "limit.upload",
        "limit.uploads",
        "model.invalid",
        "model.missing",
        "model.unknown",
        "model.unsafe",
        "picture.empty",
        "picture.mask_empty",
        "picture.size",
        "queue.full",
        "recipe.field",
        "recipe.selection",
        "result.expired",
        "result.invalid",
        "wire.crc",
        "wire.malformed",
        "wire.offset",
        "wire.stream",
        "wire.text",
        "wire.type",
    ]


def test_these_codes_close() -> None:
    assert CLOSE == {
        "wire.malformed": 4400,
        "auth.failed": 4401,
        "auth.key": 4401,
        "auth.pair": 4401,
        "wire.text": 4402,
        "auth.version": 4406,
        "auth.slow": 4408,
        "auth.elsewhere": 4409,
        "limit.session": 4413,
    }
    assert set(CLOSE) <= CODES


def test_refusal() -> None:
    refusal = Refusal("limit.side", "Too long.", "later", limit=1, got=2)
    assert str(refusal) == "Too long."
    assert (refusal.code, refusal.text, refusal.retry, refusal.detail) == (
        "limit.side",
        "Too long.",
        "later",
        {"limit": 1, "got": 2},
    )
    assert repr(refusal) == "Refusal('limit.side', 'Too long.')"
    assert (Refusal("internal", "").retry, Refusal("internal", "").detail) == ("never", {})


def test_a_code_that_does_not_exist_is_a_fault_of_the_program() -> None:
    with pytest.raises(AssertionError, match=r"limit\.patience"):
        Refusal("limit.patience", "…")
