"""The handle on a painter process, and its pipe."""

import asyncio
import os
import sys

import msgpack
import pytest

from bridge.painter import HEAD, Painter, PainterLost

ECHO = """
import sys
source, sink = sys.stdin.buffer, sys.stdout.buffer
while head := source.read(4):
    body = source.read(int.from_bytes(head, "little"))
    import msgpack
    task = msgpack.unpackb(body)
    for event in task["events"]:
        if event == "die":
            sys.exit(3)
        packed = msgpack.packb(event)
        sink.write(len(packed).to_bytes(4, "little") + packed)
    sink.flush()
"""


def echo(drops: bool = False) -> Painter:
    """A process that answers a task with the events that the task names."""
    return Painter("test", ["classical"], [sys.executable, "-c", ECHO], drops)


async def collect(painter: Painter, *events: object) -> list[dict]:
    return [event async for event in painter.paint({"events": list(events)})]


def test_events_come_in_order_until_the_last_word() -> None:
    async def run() -> list[dict]:
        painter = echo()
        events = await collect(painter, {"t": "progress"}, {"t": "layer"}, {"t": "done"})
        again = await collect(painter, {"t": "failed"})
        await painter.stop()
        return events + again

    assert [event["t"] for event in asyncio.run(run())] == ["progress", "layer", "done", "failed"]


def test_a_process_that_ends_is_lost_and_started_again() -> None:
    async def run() -> list[dict]:
        painter = echo()
        with pytest.raises(PainterLost, match="painter test ended with 3"):
            await collect(painter, {"t": "progress"}, "die")
        assert painter.pid is None
        events = await collect(painter, {"t": "done"})
        await painter.stop()
        return events

    assert asyncio.run(run()) == [{"t": "done"}]


def test_cancel_drops_the_process_where_that_is_cheap() -> None:
    async def run() -> None:
        painter = echo(drops=True)
        task = painter.paint({"events": [{"t": "progress"}]})
        await anext(task)
        painter.cancel("job")
        with pytest.raises(PainterLost):
            await anext(task)
        painter.cancel("job")  # nobody is there: nothing happens
        await painter.stop()

    asyncio.run(run())


def test_two_who_wait_for_the_process_start_one() -> None:
    async def run() -> set[int | None]:
        painter = echo()
        pids: set[int | None] = set()

        async def warm() -> None:
            await painter.warm()
            pids.add(painter.pid)

        await asyncio.gather(warm(), warm())
        await painter.stop()
        return pids

    assert len(asyncio.run(run())) == 1


def test_the_process_ends_with_the_bridge() -> None:
    reader, writer = os.pipe()

    async def run() -> int:
        argv = [sys.executable, "-m", "tests.painters", "plain", ""]
        process = await asyncio.create_subprocess_exec(*argv, stdin=reader, stdout=asyncio.subprocess.DEVNULL)
        os.close(reader)
        os.close(writer)  # the bridge is gone
        return await process.wait()

    assert asyncio.run(run()) == 0


def test_a_map_in_the_pipe_has_its_length_before_it() -> None:
    packed = msgpack.packb({"t": "done"})
    assert HEAD.unpack(HEAD.pack(len(packed)))[0] == len(packed)


def test_who_waits_for_it_hears_when_the_device_is_another_or_much_more_of_it_is_taken() -> None:
    async def run() -> None:
        painter, told = echo(), []
        painter.changed = lambda: told.append(painter.facts)
        card = {"name": "A card", "memory": 100, "free": 50}
        facts = [card, card | {"free": 46}, card | {"free": 41}, card | {"free": 40}, card | {"name": "Another"}]
        events = [{"t": "device", "facts": one} for one in facts]
        assert await collect(painter, *events, {"t": "done"}) == [{"t": "done"}]
        assert told == [facts[0], facts[2], facts[4]] and painter.facts == facts[-1]
        await painter.stop()

    asyncio.run(run())
