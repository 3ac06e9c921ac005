"""Where the hub gets what happens: stretches of the log as they come to be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.sender.messages import Message, messages_of
from domain.log.sealing import MasterKey
from domain.recognitions import EventRecorded
from projections.database import Reader
from projections.log_reader import LogReader, Span
from projections.tail import Tail, TailThread

SPAN = 500
"""How many positions are read at once."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The messages behind one position of the log up to another, in order and complete."""

    after: int
    position: int
    messages: Sequence[Message]


Take = Callable[[Stretch], None]
"""Is given one stretch after the other, each beginning where the last one ended."""


class LogStretches:
    """Reads stretches of the log on demand, for any thread."""

    def __init__(self, reader: Reader, master: MasterKey) -> None:
        self._reader = reader
        self._master = master

    def head(self) -> int:
        """Where the log ends."""
        return int(self._reader.fetch_value("SELECT position FROM log_head"))

    def read(self, after: int, upto: int | None = None) -> Stretch:
        """What lies behind a position: some of it, and nothing behind `upto`."""
        reader = LogReader(self._master, [EventRecorded])
        with self._reader.connection() as connection:
            span = reader.read(connection, after, SPAN, upto)
            said = reader.announcements(connection, after, span.position)
        span = Span(span.facts, span.position, said)
        return Stretch(after, span.position, list(messages_of(span)))


class Feed(Protocol):
    """Gives everything behind a position, from any process, on a thread of its own."""

    def start(self, after: int, take: Take) -> None:
        """Begin behind this position."""
        ...

    def stop(self) -> None:
        """Finish the stretch at hand and end; it may be started again."""
        ...


class PostgresFeed:
    """Follows the log itself: the database wakes it, and it reads."""

    def __init__(self, dsn: str, master: MasterKey) -> None:
        self._dsn = dsn
        self._master = master
        self._thread: TailThread | None = None

    def start(self, after: int, take: Take) -> None:
        """Begin behind this position."""
        position = after

        def consume(span: Span) -> None:
            nonlocal position
            take(Stretch(position, span.position, list(messages_of(span))))
            position = span.position

        tail = Tail(
            self._dsn, self._master, after, of=[EventRecorded], announcements=True, limit=SPAN
        )
        self._thread = TailThread("sender", tail, consume)
        self._thread.start()

    def stop(self) -> None:
        """Finish the stretch at hand and end."""
        if self._thread is not None:
            self._thread.stop()
            self._thread = None
