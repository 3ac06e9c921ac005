"""What streams show at the moment: the last picture of each, for who asks and who watches."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

BOUNDARY: Final = "frame"
LIVE_TYPE: Final = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

_FRESH_S: Final = 3.0
"""Pictures of a stream that somebody looks at are never older."""


@dataclass(slots=True)
class _Shown:
    picture: bytes
    time: float
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Previews:
    """The last pictures (JPEG files) of streams that somebody looks at, in this process."""

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}
        self._first: dict[str, asyncio.Event] = {}
        self._watching: Counter[str] = Counter()

    def show(self, stream_id: str, picture: bytes) -> None:
        """A stream has another picture."""
        before = self._shown.get(stream_id)
        self._shown[stream_id] = _Shown(picture, time.monotonic())
        if before is not None:
            before.changed.set()
        if (waiting := self._first.pop(stream_id, None)) is not None:
            waiting.set()

    def forget(self, stream_id: str) -> None:
        """A stream is not worked on any more; who watches it sees its end."""
        if (shown := self._shown.pop(stream_id, None)) is not None:
            shown.changed.set()

    def forget_older(self, age_s: float) -> None:
        """Forget streams of which nothing was heard for so long."""
        now = time.monotonic()
        for stream_id in [i for i, one in self._shown.items() if now - one.time > age_s]:
            self.forget(stream_id)

    def last(self, stream_id: str) -> bytes | None:
        """The last picture, if there is one."""
        shown = self._shown.get(stream_id)
        return None if shown is None else shown.picture

    async def soon(self, stream_id: str, patience_s: float) -> bytes | None:
        """A picture of now, waited for if there is none; an older one, or none, after that."""
        shown = self._shown.get(stream_id)
        if shown is None or time.monotonic() - shown.time > _FRESH_S:
            coming = self._first.setdefault(stream_id, asyncio.Event())
            try:
                await asyncio.wait_for(coming.wait(), patience_s)
            except TimeoutError:
                self._first.pop(stream_id, None)
        return self.last(stream_id)

    @property
    def watched(self) -> set[str]:
        """The streams that somebody watches."""
        return set(self._watching)

    def is_watched(self, stream_id: str) -> bool:
        """Whether anybody watches the stream."""
        return stream_id in self._watching

    async def live(self, stream_id: str) -> AsyncIterator[bytes]:
        """Parts of a multipart answer, one for each picture, until the stream ends here.

        Whoever reads slowly misses pictures and nothing else.
        """
        self._watching[stream_id] += 1
        try:
            while (shown := self._shown.get(stream_id)) is not None:
                size = len(shown.picture)
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {size}"
                yield head.encode() + b"\r\n\r\n" + shown.picture + b"\r\n"
                await shown.changed.wait()
        finally:
            self._watching[stream_id] -= 1
            if not self._watching[stream_id]:
                del self._watching[stream_id]
        yield f"--{BOUNDARY}--\r\n".encode()


def url_of(stream_id: str, kind: str) -> str:
    """The address in feedback that stands for a preview that the service itself shows."""
    return f"/agent/{stream_id}/{kind}"
