"""What live streams show, for the clients of this process, whichever process hears of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal
from uuid import uuid4

import orjson

from api.live.bus import LiveBus
from api.live.previews import Previews
from api.live.sightings import Sightings
from api.workers.periodic import Periodic

Kind = Literal["pictures", "tracks"]
_KINDS: Final[tuple[Kind, ...]] = ("pictures", "tracks")

_ASKED_S: Final = 10.0
"""For so long after somebody asked for one picture the stream's pictures are wanted."""

_EVERY_S: Final = 2.0
"""How often other processes are told what is wanted here."""

_WANTED_S: Final = 8.0
"""How long that counts."""

_SILENT_S: Final = 60.0
"""A stream of which nothing was heard for so long shows nothing any more."""

_PATIENCE_S: Final = 3.0
"""How long a first picture is waited for: a worker learns within a second that it is wanted."""


class LiveHub:
    """Pictures and tracks go from the worker's process to those that have clients for them.

    A process with such clients tells all others which streams it wants; who hears a stream's
    worker tells those processes, and tells the worker to show that stream.
    """

    def __init__(self, bus: LiveBus) -> None:
        self._id = uuid4().hex
        self._bus = bus
        self._previews, self._sightings = Previews(), Sightings()
        self._asked: dict[str, float] = {}
        self._elsewhere: dict[tuple[str, str], float] = {}
        self._announcing = Periodic("live-hub", self._look_after, interval_s=_EVERY_S)

    def start(self) -> None:
        """Hear the other processes, on the running event loop."""
        loop = asyncio.get_running_loop()

        def take(head: str, body: bytes) -> None:
            loop.call_soon_threadsafe(self._take, head, body)

        self._bus.start(self._concerns, take)
        self._announcing.start()

    async def stop(self) -> None:
        """Hear and tell nothing more."""
        await self._announcing.stop()
        await asyncio.to_thread(self._bus.stop)

    def show(self, stream_id: str, picture: bytes) -> None:
        """A worker shows another picture."""
        self._previews.show(stream_id, picture)
        self._pass_on("pictures", stream_id, picture)

    def tell(self, stream_id: str, message: Mapping[str, Any]) -> None:
        """A worker tells of a track."""
        self._sightings.tell(stream_id, message)
        self._pass_on("tracks", stream_id, orjson.dumps(message))

    def end(self, stream_id: str) -> None:
        """A worker has ended its work on a stream."""
        self._previews.forget(stream_id)
        self._bus.send(self._head("end", stream_id))

    def wanted(self, kind: Kind, stream_ids: Iterable[str]) -> list[str]:
        """Those of the streams whose pictures or tracks somebody wants, here or elsewhere."""
        return [i for i in stream_ids if self._wanted_here(kind, i) or self._passes(kind, i)]

    async def picture(self, stream_id: str) -> bytes | None:
        """What the stream shows now, if its worker shows anything."""
        self._asked[stream_id] = time.monotonic() + _ASKED_S
        self._announce("pictures", stream_id)
        return await self._previews.soon(stream_id, _PATIENCE_S)

    def live(self, stream_id: str) -> AsyncIterator[bytes]:
        """Parts of a multipart answer, one for each picture, until the stream ends."""
        return self._previews.live(stream_id)

    @contextmanager
    def subscribed(self, stream_id: str) -> Iterator[asyncio.Queue[Mapping[str, Any] | None]]:
        """A queue of what becomes of tracks; None in it means that too much was waiting."""
        with self._sightings.subscribed(stream_id) as queue:
            self._announce("tracks", stream_id)
            yield queue

    def _wanted_here(self, kind: str, stream_id: str) -> bool:
        if kind == "tracks":
            return self._sightings.wanted(stream_id)
        asked = self._asked.get(stream_id, 0.0) > time.monotonic()
        return asked or self._previews.is_watched(stream_id)

    def _passes(self, kind: str, stream_id: str) -> bool:
        return self._elsewhere.get((kind, stream_id), 0.0) > time.monotonic()

    def _pass_on(self, kind: Kind, stream_id: str, body: bytes) -> None:
        if self._passes(kind, stream_id):
            self._bus.send(self._head(kind, stream_id), body)

    def _announce(self, kind: Kind, stream_id: str) -> None:
        self._bus.send(self._head(f"want-{kind}", stream_id))

    def _head(self, kind: str, stream_id: str) -> str:
        return f"{self._id} {kind} {stream_id}"

    def _concerns(self, head: str) -> bool:
        """Whether a message of another process is of use here; asked on the bus's thread."""
        sender, kind, stream_id = head.split(" ", 2)
        if sender == self._id:
            return False
        return kind not in _KINDS or self._wanted_here(kind, stream_id)

    def _take(self, head: str, body: bytes) -> None:
        _, kind, stream_id = head.split(" ", 2)
        if kind == "pictures":
            self._previews.show(stream_id, body)
        elif kind == "tracks":
            self._sightings.tell(stream_id, orjson.loads(body))
        elif kind == "end":
            self._previews.forget(stream_id)
        elif kind.startswith("want-"):
            until = time.monotonic() + _WANTED_S
            self._elsewhere[kind.removeprefix("want-"), stream_id] = until

    async def _look_after(self) -> None:
        now = time.monotonic()
        self._asked = {i: until for i, until in self._asked.items() if until > now}
        self._elsewhere = {k: until for k, until in self._elsewhere.items() if until > now}
        self._previews.forget_older(_SILENT_S)
        for stream_id in self._previews.watched | self._asked.keys():
            self._announce("pictures", stream_id)
        for stream_id in self._sightings.subscribers:
            self._announce("tracks", stream_id)
