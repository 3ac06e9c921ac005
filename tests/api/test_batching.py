"""Lookups at the same time become one load, and each gets its own answer."""

import asyncio
import threading
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.batching import BatchLoader


class Squares:
    """Loads squares of even numbers; waits at the gate, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.asked.append(list(keys))
        self.gate.wait(60)
        if 13 in keys:
            raise OSError("13 cannot be loaded")
        return {key: key * key for key in keys if key % 2 == 0}

    async def begun(self, loads: int) -> None:
        """Wait until so many loads have begun."""
        while len(self.asked) < loads:
            await asyncio.sleep(0.001)


async def test_lookups_of_one_moment_are_one_load() -> None:
    squares = Squares()
    loader = BatchLoader(squares)

    found = await asyncio.gather(*(loader.get(key) for key in (2, 3, 4, 2)))

    assert found == [4, None, 16, 4]
    assert squares.asked == [[2, 3, 4]]


async def test_lookups_gather_while_a_load_runs() -> None:
    squares = Squares()
    squares.gate.clear()
    loader = BatchLoader(squares)
    first = asyncio.ensure_future(loader.get(2))
    await squares.begun(1)
    others = [asyncio.ensure_future(loader.get(key)) for key in (4, 2, 6)]
    await asyncio.sleep(0)

    squares.gate.set()

    assert await asyncio.gather(first, *others) == [4, 16, 4, 36]
    # The second lookup of 2 did not join the load that had begun before it was asked.
    assert squares.asked == [[2], [4, 2, 6]]


async def test_a_load_is_never_larger_than_the_limit() -> None:
    squares = Squares()
    loader = BatchLoader(squares, max_batch=3)

    found = await asyncio.gather(*(loader.get(key) for key in range(0, 16, 2)))

    assert found == [key * key for key in range(0, 16, 2)]
    assert [len(keys) for keys in squares.asked] == [3, 3, 2]


async def test_a_failed_load_fails_its_lookups_and_no_others() -> None:
    squares = Squares()
    loader = BatchLoader(squares)

    failed = await asyncio.gather(loader.get(2), loader.get(13), return_exceptions=True)

    assert [type(error) for error in failed] == [OSError, OSError]
    assert await loader.get(2) == 4


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    squares = Squares()
    squares.gate.clear()
    loader = BatchLoader(squares)
    staying, leaving = asyncio.ensure_future(loader.get(2)), asyncio.ensure_future(loader.get(2))
    await squares.begun(1)

    leaving.cancel()
    squares.gate.set()

    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await loader.get(4) == 16


def test_each_event_loop_gathers_for_itself() -> None:
    loader = BatchLoader(Squares())

    assert [asyncio.run(loader.get(key)) for key in (2, 4)] == [4, 16]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=6), st.integers(1, 4))
def test_every_lookup_is_answered_whenever_it_comes(waves: list[list[int]], max_batch: int) -> None:
    async def ask() -> list[int | None]:
        loader = BatchLoader(Squares(), max_batch=max_batch)
        asked = []
        for wave in waves:
            asked += [asyncio.ensure_future(loader.get(key)) for key in wave]
            await asyncio.sleep(0)
        return list(await asyncio.gather(*asked))

    keys = [key for wave in waves for key in wave]
    assert asyncio.run(ask()) == [key * key if key % 2 == 0 else None for key in keys]
