"""What streams see at the moment, for subscribers of the human-tracking web socket."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

MOST_WAITING: Final = 256
"""How many messages may wait for a subscriber until it is told to leave."""


class TooSlow(Exception):
    """The subscriber does not read as fast as the stream goes on."""


class Sightings:
    """Passes tracking results on to the subscribers of their stream, in this process."""

    def __init__(self) -> None:
        self._subscribers: dict[str, set[asyncio.Queue[Mapping[str, Any] | None]]] = {}

    @contextmanager
    def subscribed(self, stream_id: str) -> Iterator[asyncio.Queue[Mapping[str, Any] | None]]:
        """A queue of what is seen from now on; None in it means that too much was waiting."""
        queue: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        mine = self._subscribers.setdefault(stream_id, set())
        mine.add(queue)
        try:
            yield queue
        finally:
            mine.discard(queue)
            if not mine:
                self._subscribers.pop(stream_id, None)

    @property
    def subscribers(self) -> set[str]:
        """The streams that somebody listens to."""
        return set(self._subscribers)

    def wanted(self, stream_id: str) -> bool:
        """Whether anybody listens."""
        return stream_id in self._subscribers

    def tell(self, stream_id: str, message: Mapping[str, Any]) -> None:
        """Tell all subscribers of a stream."""
        for queue in tuple(self._subscribers.get(stream_id, ())):
            if queue.qsize() >= MOST_WAITING:
                queue.put_nowait(None)
                self._subscribers[stream_id].discard(queue)
            else:
                queue.put_nowait(message)
