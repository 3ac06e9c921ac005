"""What streams show at the moment: the last picture of each, for who asks and who watches."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

BOUNDARY: Final = "frame"
LIVE_TYPE: Final = f"multipart/x-mixed-replace; boundary={BOUNDARY}"


class Previews:
    """The last pictures (JPEG files) of the streams that this process works on."""

    def __init__(self) -> None:
        self._last: dict[str, bytes] = {}
        self._changed: dict[str, asyncio.Event] = {}
        self._watching: Counter[str] = Counter()

    def show(self, stream_id: str, picture: bytes) -> None:
        """A stream has another picture."""
        self._last[stream_id] = picture
        self._changed.setdefault(stream_id, asyncio.Event()).set()
        self._changed[stream_id] = asyncio.Event()

    def forget(self, stream_id: str) -> None:
        """A stream is not worked on any more; who watches it sees its end."""
        self._last.pop(stream_id, None)
        if (event := self._changed.pop(stream_id, None)) is not None:
            event.set()

    def last(self, stream_id: str) -> bytes | None:
        """The last picture, if there is one."""
        return self._last.get(stream_id)

    def watched(self, stream_id: str) -> bool:
        """Whether anybody watches the stream."""
        return self._watching[stream_id] > 0

    async def live(self, stream_id: str) -> AsyncIterator[bytes]:
        """Parts of a multipart answer, one for each picture, until the stream ends here.

        Whoever reads slowly misses pictures and nothing else.
        """
        self._watching[stream_id] += 1
        try:
            while (picture := self._last.get(stream_id)) is not None:
                changed = self._changed[stream_id]
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
                yield head.encode() + b"\r\n\r\n" + picture + b"\r\n"
                await changed.wait()
        finally:
            self._watching[stream_id] -= 1
            if not self._watching[stream_id]:
                del self._watching[stream_id]
        yield f"--{BOUNDARY}--\r\n".encode()


def url_of(stream_id: str, kind: str) -> str:
    """The address in feedback that stands for a preview of this process."""
    return f"/agent/{stream_id}/{kind}"
