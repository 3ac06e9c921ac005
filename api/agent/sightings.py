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


def tracking_message(
    track_id: str,
    change: str,
    kind: str,
    rect: Mapping[str, int],
    score: float,
    event_id: str | None,
    error: str | None = None,
) -> dict[str, Any]:
    """The contract's `ws_message` of one face or body."""
    detection = {"rect": dict(rect), "score": round(min(max(score, 0.0), 1.0), 6)}
    result = {
        "track_id": track_id,
        "event_id": event_id,
        "event_status": "started" if event_id is None else "ended",
        "track_status": change,
        "estimated": {kind: {"detections": detection}},
    }
    return {
        "stream_status": "in_progress",
        "error": error,
        "analytics_results": {"human_tracking": result},
    }
