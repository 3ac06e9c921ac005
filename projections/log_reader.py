"""Reading both logs as one, in the order of their positions."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from domain.log.facts import Fact
from domain.log.mapper import EventMapper
from domain.log.port import Announcement
from domain.log.sealing import MasterKey
from domain.log.topics import event_classes, topics_of
from domain.shared.owned import personal_fields

CHUNK = 20_000
"""How many positions are read at once; the next chunk begins where the last one ended."""

_COLUMNS = "originator_id, originator_version, topic, state, notification_id, wrapped"
_BOTH = f"""SELECT {_COLUMNS} FROM (
        SELECT originator_id, originator_version, topic, state, notification_id
        FROM history WHERE {{where}}
        UNION ALL SELECT originator_id, originator_version, topic, state, notification_id
        FROM recognitions WHERE {{where}}
    ) AS log LEFT JOIN subject_keys ON subject_id = originator_id ORDER BY notification_id"""
_RANGE = "notification_id > %(after)s AND notification_id <= %(upto)s"
_SPAN = _BOTH.format(where=_RANGE)
_SPAN_OF_TOPICS = _BOTH.format(where=f"{_RANGE} AND topic = ANY(%(topics)s)")
_OF_ONE = _BOTH.format(where="originator_id = %(id)s")
_ANNOUNCEMENTS = """SELECT position, account_id, message FROM announcements
    WHERE position > %s AND position <= %s ORDER BY position"""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the log: its facts in order, and the position up to which there are no more.

    Announcements, where they were asked for, come with their positions between the facts'.
    """

    facts: Sequence[Fact]
    position: int
    announcements: Sequence[tuple[int, Announcement]] = field(default=())


class LogReader:
    """Reads facts through any connection, for any thread; it remembers no subject keys.

    Only the classes in `of` are read, all without it. The order is the order of commits, so
    nothing ever appears behind a position that was read.
    """

    def __init__(self, master: MasterKey, of: Collection[type[Any]] | None = None) -> None:
        event_classes()
        self._mapper = EventMapper()
        self._master = master
        self._topics = None if of is None else topics_of(frozenset(of))
        self._personal = {t for t, c in event_classes().items() if personal_fields(c)}

    def head(self, connection: Connection[Any]) -> int:
        """The last committed position."""
        row = _cursor(connection).execute("SELECT position FROM log_head").fetchone()
        assert row is not None
        return int(row[0])

    def read(
        self, connection: Connection[Any], after: int, limit: int = CHUNK, upto: int | None = None
    ) -> Span:
        """The facts at the `limit` positions behind `after`, and at none behind `upto`."""
        # Positions are dense, so a range of them bounds the work whatever plan is chosen.
        end = min(after + limit, self.head(connection) if upto is None else upto)
        if end <= after:
            return Span((), after)
        values = {"after": after, "upto": end, "topics": self._topics}
        query = _SPAN if self._topics is None else _SPAN_OF_TOPICS
        rows = _cursor(connection).execute(query, values, binary=True).fetchall()
        return Span(self._decoded(rows), end)

    def read_all(
        self, connection: Connection[Any], after: int = 0, upto: int | None = None
    ) -> Iterator[Span]:
        """Everything behind `after`, up to `upto` or to the end as it is now, chunk by chunk.

        Each chunk is a short query of its own: no snapshot is held that would keep the server
        from cleaning up, and a rebuild may go on where it was interrupted.
        """
        end = self.head(connection) if upto is None else upto
        while after < end:
            span = self.read(connection, after, CHUNK, end)
            yield span
            after = span.position

    def history_of(self, connection: Connection[Any], originator_id: UUID) -> list[Fact]:
        """All facts of one aggregate or recognition."""
        rows = _cursor(connection).execute(_OF_ONE, {"id": originator_id}, binary=True)
        return self._decoded(rows.fetchall())

    def announcements(
        self, connection: Connection[Any], after: int, upto: int
    ) -> list[tuple[int, Announcement]]:
        """What was announced in a stretch of the log, and is not forgotten yet."""
        rows = _cursor(connection).execute(_ANNOUNCEMENTS, [after, upto], binary=True)
        return [(position, Announcement(account, bytes(m))) for position, account, m in rows]

    def _decoded(self, rows: list[Any]) -> list[Fact]:
        keys: dict[bytes, bytes] = {}
        restore, unwrap, personal = self._mapper.restore, self._master.unwrap, self._personal
        facts = []
        for originator_id, version, topic, state, position, wrapped in rows:
            key = keys.get(wrapped) if wrapped and topic in personal else None
            if key is None and wrapped and topic in personal:
                key = keys[wrapped] = unwrap(originator_id, wrapped)
            event, request_id = restore(originator_id, version, topic, state, key)
            facts.append(Fact(position, event, request_id))
        return facts


def _cursor(connection: Connection[Any]) -> Any:
    return connection.cursor(row_factory=tuple_row)
