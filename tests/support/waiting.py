"""Waiting for what comes true by itself, on a machine of any speed."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 60.0
"""Longer than anything takes that works at all, in seconds."""

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = PATIENCE_S, what: str = "it") -> T:
    """What the condition gives, once that is true."""
    last = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < last, f"{what} did not come true in {seconds:g} s"
        time.sleep(0.02)
    return value


async def in_time(condition: Callable[[], T], seconds: float = PATIENCE_S, what: str = "it") -> T:
    """What the condition gives, once that is true, while the event loop goes on."""
    last = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < last, f"{what} did not come true in {seconds:g} s"
        await asyncio.sleep(0.02)
    return value
