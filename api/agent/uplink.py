"""Tells the streams service what the agent's streams show, as far as somebody looks."""

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import structlog

log = structlog.stdlib.get_logger("selene.agent")

_PAUSE_S: Final = 0.05
"""How long what is seen waits for more of it, so that a request tells of several looks."""

_MOST_TRACKS: Final = 1000
_TRIES: Final = 6


@dataclass(slots=True)
class _Shown:
    version: int
    picture: bytes = b""
    told: bool = True
    tracks: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=_MOST_TRACKS))


class Uplink:
    """Asks every `interval_s` which streams somebody looks at, and tells of those at once.

    Live data is told once: what the service cannot take is lost, and the next is told.
    """

    def __init__(self, client: httpx.AsyncClient, interval_s: float) -> None:
        self._client, self._interval_s = client, interval_s
        self._streams: dict[str, _Shown] = {}
        self._wanted: dict[str, frozenset[str]] = {"pictures": frozenset(), "tracks": frozenset()}
        self._news = asyncio.Event()
        self._telling = asyncio.Lock()

    async def begin(self, stream_id: str, version: int) -> None:
        """A stream is being worked on; who waits for it already is known when this returns."""
        self._streams[stream_id] = _Shown(version)
        await self._tell()

    async def end(self, stream_id: str) -> None:
        """What was seen at last is told, and that it was the last."""
        if stream_id in self._streams:
            await self._tell(ended=stream_id)
            self._streams.pop(stream_id, None)

    def watched(self, stream_id: str) -> bool:
        """Whether anybody wants the stream's pictures."""
        return stream_id in self._wanted["pictures"]

    def listened(self, stream_id: str) -> bool:
        """Whether anybody wants to know of the stream's tracks."""
        return stream_id in self._wanted["tracks"]

    def show(self, stream_id: str, picture: bytes) -> None:
        """The stream has another picture; it is kept for whoever asks next."""
        if (shown := self._streams.get(stream_id)) is not None:
            shown.picture, shown.told = picture, False
            if self.watched(stream_id):
                self._news.set()

    def track(self, stream_id: str, result: Mapping[str, Any]) -> None:
        """Something became of a track."""
        if (shown := self._streams.get(stream_id)) is not None and self.listened(stream_id):
            shown.tracks.append(result)
            self._news.set()

    async def events(self, said: Mapping[str, Any], key: str) -> None:
        """What a handler made of a track is told until it is heard, so that callbacks are sent."""
        headers = {"Idempotency-Key": key}
        for attempt in range(_TRIES):
            await asyncio.sleep(0.2 * 2**attempt if attempt else 0)
            try:
                answer = await self._client.post(
                    "/2/streams/processing/events", json=said, headers=headers
                )
            except httpx.HTTPError as error:
                log.debug("nobody was told of events", error=str(error))
                continue
            if answer.is_success or answer.status_code in (404, 409):  # gone, or told before
                return
        raise ConnectionError("the streams service does not answer")

    async def run(self) -> None:
        """For ever."""
        while True:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._interval_s)
            await asyncio.sleep(_PAUSE_S)
            if self._streams:
                await self._tell()

    async def _tell(self, ended: str = "") -> None:
        async with self._telling:
            body = {"streams": [self._said(i, one, ended) for i, one in self._streams.items()]}
            try:
                answer = await self._client.post("/2/streams/processing/live", json=body)
                answer.raise_for_status()
                wanted = answer.json()["wanted"]
                self._wanted = {kind: frozenset(wanted[kind]) for kind in self._wanted}
            except (httpx.HTTPError, ValueError, KeyError) as error:
                log.debug("nobody was told what streams show", error=str(error))

    def _said(self, stream_id: str, shown: _Shown, ended: str) -> dict[str, Any]:
        said: dict[str, Any] = {"stream_id": stream_id, "version": shown.version}
        if shown.picture and not shown.told and self.watched(stream_id):
            said["picture"], shown.told = base64.b64encode(shown.picture).decode(), True
        if shown.tracks:
            said["tracks"] = list(shown.tracks)
            shown.tracks.clear()
        if stream_id == ended:
            said["ended"] = True
        return said
