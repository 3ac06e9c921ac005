"""Live data reaches the clients of every process, over Postgres and over Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis import Redis

from api.live.bus import LiveBus, Wire
from api.live.hub import LiveHub
from api.live.redis_wire import RedisWire
from api.sender.redis_feed import PATIENCE
from projections.database import Reader
from projections.live_wire import LIVE_BODIES, PostgresWire
from tests.support.postgres import Databases
from tests.support.redis_server import redis_server
from tests.support.waiting import in_time

STREAM, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
PICTURE = b"\xff\xd8" + b"p" * 60_000
Wires = Callable[[], Wire]


@pytest.fixture(params=["postgres", "redis"])
def wires(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Wires]:
    """Makes the wire of one more process."""
    if request.param == "redis":
        with redis_server(tmp_path) as url:
            yield lambda: RedisWire(Redis.from_url(url, **PATIENCE))
        return
    with databases.fresh() as dsn:
        reader = Reader(dsn)
        reader.open()
        for statement in LIVE_BODIES:
            reader.execute(statement)
        try:
            yield lambda: PostgresWire(dsn, reader)
        finally:
            reader.close()


@asynccontextmanager
async def two_processes(wires: Wires) -> AsyncIterator[tuple[LiveHub, LiveHub]]:
    """The hub of the process that the worker speaks to, and that of another one."""
    near, far = LiveHub(LiveBus(wires())), LiveHub(LiveBus(wires()))
    near.start()
    far.start()
    try:
        yield near, far
    finally:
        await near.stop()
        await far.stop()


async def asked(hub: LiveHub) -> bytes:
    """A picture, asked for as often as a slow machine needs."""
    while (found := await hub.picture(STREAM)) is None:
        pass
    return found


async def shown_until(hub: LiveHub, done: "asyncio.Task[object]") -> None:
    """A worker that shows a picture whenever its pictures are wanted, as ours does."""
    while not done.done():
        if hub.wanted("pictures", [STREAM]):
            hub.show(STREAM, PICTURE)
        await asyncio.sleep(0.05)


def test_a_picture_is_shown_by_the_process_that_is_asked(wires: Wires) -> None:
    async def story() -> None:
        async with two_processes(wires) as (near, far):
            coming = asyncio.create_task(asked(far))
            await shown_until(near, coming)
            assert await coming == PICTURE
            assert near.wanted("pictures", [STREAM, OTHER]) == [STREAM]
            assert near.wanted("tracks", [STREAM, OTHER]) == []

    asyncio.run(story())


def test_who_watches_elsewhere_sees_pictures_until_the_end(wires: Wires) -> None:
    async def story() -> None:
        async with two_processes(wires) as (near, far):
            first = asyncio.create_task(asked(far))
            await shown_until(near, first)
            parts: list[bytes] = []

            async def watch() -> None:
                async for part in far.live(STREAM):
                    parts.append(part)

            watching = asyncio.create_task(watch())
            enough = asyncio.create_task(in_time(lambda: len(parts) >= 3))
            await shown_until(near, enough)
            await enough
            near.end(STREAM)
            await asyncio.wait_for(watching, 60)
            assert parts[0].endswith(PICTURE + b"\r\n")
            assert parts[-1] == b"--frame--\r\n"

    asyncio.run(story())


def test_tracks_are_told_in_order_to_subscribers_elsewhere_and_to_nobody_else(
    wires: Wires,
) -> None:
    async def story() -> None:
        async with two_processes(wires) as (near, far):
            with far.subscribed(STREAM) as queue, near.subscribed(STREAM) as here:
                await in_time(lambda: far._sightings.wanted(STREAM))
                await in_time(lambda: ("tracks", STREAM) in near._elsewhere)
                for number in range(20):
                    near.tell(STREAM, {"number": number})
                    near.tell(OTHER, {"number": number})
                told = [await asyncio.wait_for(queue.get(), 60) for _ in range(20)]
                assert told == [{"number": number} for number in range(20)]
                assert [here.get_nowait() for _ in range(20)] == told
                assert queue.empty()
                assert here.empty()

    asyncio.run(story())


def test_nothing_is_told_where_nobody_wants_it(wires: Wires) -> None:
    async def story() -> None:
        async with two_processes(wires) as (near, far):
            near.show(STREAM, PICTURE)
            with far.subscribed(OTHER) as queue:
                await in_time(lambda: near.wanted("tracks", [OTHER]))
                near.tell(STREAM, {"number": 0})
                near.tell(OTHER, {"number": 1})
                assert await asyncio.wait_for(queue.get(), 60) == {"number": 1}
            assert far._previews.last(STREAM) is None
            assert near.wanted("pictures", [STREAM]) == []

    asyncio.run(story())
