"""Every limit, once. Where a limit acts, its room tests it; here stands what WIRE promises to plug-ins."""

import ast
import inspect
import itertools

from bridge.protocol import limits

PROMISED = {
    "MESSAGE": 1024 * 1024,
    "MAP": 65_536,
    "DEPTH": 8,
    "CHUNK": 256 * 1024,
    "CREDIT": 4 * 1024 * 1024,
    "SIDE": 30_000,
    "DOCUMENT": 512_000_000,
    "JOB_UPLOAD": 1024**3,
    "ALL_UPLOADS": 2 * 1024**3,
    "QUEUED": 32,
    "SPOOL": 8 * 1024**3,
    "CONNECTIONS": 16,
    "STRANGERS": 8,
    "AUTH_SECONDS": 5.0,
    "PAIR_SECONDS": 120,
    "PAIR_TRIES": 5,
    "INVITATIONS": 8,
    "TEXT": 8 * 1024,
    "ID": 64,
    "COUNT": 8,
    "LORAS": 16,
    "LIST": 256,
    "PREVIEW_SIDE": 512,
    "PREVIEWS_PER_SECOND": 4,
    "UPLOAD_GRACE": 30.0,
    "KEEP_LAYERS": 604_800.0,
}


def test_the_limits_are_these() -> None:
    units = {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
    numbers = {name: value for name, value in vars(limits).items() if name.isupper() and name != "ADVERTISED"}
    assert numbers == {**PROMISED, **units}


def test_every_limit_says_what_it_limits() -> None:
    body = ast.parse(inspect.getsource(limits)).body
    named = [
        line.targets[0].id for line in body if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
    ]
    assert set(named) == {*PROMISED, "ADVERTISED"}
    for line, below in itertools.pairwise(body):
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            match below:
                case ast.Expr(ast.Constant(str(sentence))):
                    assert sentence.endswith("."), sentence
                case _:
                    raise AssertionError(f"{ast.unparse(line)} has no sentence")


def test_what_hello_tells() -> None:
    assert limits.ADVERTISED == {
        "message": 1_048_576,
        "chunk": 262_144,
        "credit": 4_194_304,
        "side": 30_000,
        "document": 512_000_000,
        "job_upload": 1_073_741_824,
        "queued": 32,
        "count": 8,
        "text": 8192,
    }


def test_a_message_has_room_for_a_map_and_for_a_chunk() -> None:
    assert 24 + max(limits.MAP, limits.CHUNK) <= limits.MESSAGE
