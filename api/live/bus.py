"""Carries what live streams show between the processes of an installation."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import structlog

from projections.live_wire import Body

log = structlog.stdlib.get_logger("selene.live")

_MOST_WAITING: Final = 256
_PATIENCE_S: Final = 0.5
_AWAY_S: Final = 1.0


class Wire(Protocol):
    """Postgres or Redis, as a place where processes hear each other; for one thread each way."""

    def publish(self, head: str, body: bytes = b"") -> None:
        """Tell all processes, this one included; heads are short."""
        ...

    def listen(self, timeout_s: float) -> Iterator[tuple[str, Body] | None]:
        """What was told since this began, without end; None after each time of silence."""
        ...

    def close(self) -> None:
        """Let go of what `publish` needed."""
        ...


class LiveBus:
    """Tells and hears on threads of its own; what cannot be told at once is dropped.

    Live pictures are of no use later, so nothing is repeated while the wire is away.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: queue.Queue[tuple[str, bytes] | None] = queue.Queue(_MOST_WAITING)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, wants: Callable[[str], bool], take: Callable[[str, bytes], None]) -> None:
        """Begin; `take` gets the messages whose heads are wanted, on a thread of the bus."""
        self._stopping.clear()
        work = ("live-out", self._tell), ("live-in", lambda: self._hear(wants, take))
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True) for name, target in work
        ]
        for thread in self._threads:
            thread.start()

    def send(self, head: str, body: bytes = b"") -> None:
        """Tell the other processes, soon; takes no time."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait((head, body))

    def stop(self) -> None:
        """Tell and hear nothing more."""
        self._stopping.set()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._wire.close()

    def _tell(self) -> None:
        while not self._stopping.is_set():
            message = self._waiting.get()
            if message is None:
                continue
            try:
                self._wire.publish(*message)
            except Exception as away:  # whatever the driver raises: live data is not repeated
                log.debug("live data was not told", why=str(away))

    def _hear(self, wants: Callable[[str], bool], take: Callable[[str, bytes], None]) -> None:
        while not self._stopping.is_set():
            try:
                for heard in self._wire.listen(_PATIENCE_S):
                    if self._stopping.is_set():
                        return
                    if heard is not None and wants(heard[0]):
                        body = heard[1]()
                        if body is not None:
                            take(heard[0], body)
            except Exception as away:  # the same: it is listened anew
                log.warning("other processes cannot be heard", why=str(away))
                self._stopping.wait(_AWAY_S)
