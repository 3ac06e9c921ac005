"""What the match index is made of: the read models of one moment, and the log from any place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection

from api.workers.index_changes import (
    INDEXED,
    Owner,
    faces_to_know,
    index_changes,
    referred_descriptors,
)
from domain.log.facts import Fact
from domain.log.sealing import MasterKey
from domain.shared.biometrics import Descriptor, DescriptorKind
from projections.log_reader import LogReader
from ray_cluster.matching import IndexChange, Origin, PutCandidate

_CHUNK = 2000

# A list that is being deleted with its faces is not searched any more.
_STORED_FACES = """SELECT f.face_id, f.account_id, d.kind, d.version, d.data, f.create_time,
    ARRAY(SELECT unnest(f.list_ids) EXCEPT SELECT list_id FROM lists WHERE retired),
    f.gender, f.age FROM faces f JOIN descriptors d ON d.owner_id = f.face_id"""
_STORED_EVENTS = """SELECT e.event_id, e.account_id, d.kind, d.version, d.data, e.create_time,
    '{}'::uuid[], e.gender, e.age FROM events e JOIN descriptors d ON d.owner_id = e.event_id"""
_STORED_GENERAL_EVENTS = """SELECT e.event_id, e.account_id, d.kind, d.version, d.data,
    e.create_time, '{}'::uuid[], NULL, NULL
    FROM general_events e JOIN descriptors d ON d.owner_id = e.event_id"""
STORED = {
    Origin.FACES: _STORED_FACES,
    Origin.EVENTS: _STORED_EVENTS,
    Origin.GENERAL_EVENTS: _STORED_GENERAL_EVENTS,
}
"""What the index holds, by origin: one row for each vector."""

# The last fact of the history up to a position; facts of the history are never dropped.
_MARK = """SELECT concat_ws(':', notification_id, originator_id, originator_version)
    FROM history WHERE notification_id <= %s ORDER BY notification_id DESC LIMIT 1"""


class IndexSource:
    """A connection of its own, made when it is needed; one thread uses it at a time."""

    def __init__(self, dsn: str, master: MasterKey) -> None:
        self._dsn = dsn
        self._reader = LogReader(master, INDEXED)
        self._connection: Connection[Any] | None = None

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()

    def head(self) -> int:
        """The end of the log."""
        return self._reader.head(self._connected())

    def mark(self, position: int) -> str:
        """What this log has at a position, and a log that went another way has not."""
        return log_mark(self._connected(), position)

    def changes(self, after: int, upto: int) -> Iterator[tuple[list[IndexChange], int]]:
        """All changes between two places, in parts, each with the place that it leads to."""
        while after < upto:
            span = self._reader.read(self._connected(), after, _CHUNK, upto)
            yield self.changes_of(span.facts, {}), span.position
            after = span.position

    def changes_of(self, facts: Sequence[Fact], own: Mapping[UUID, bytes]) -> list[IndexChange]:
        """Facts as changes; vectors that are not among one's own are read."""
        facts = [fact for fact in facts if type(fact.event) in INDEXED]
        vectors = dict(own)
        if missing := [i for i in referred_descriptors(facts) if i not in vectors]:
            vectors |= self._vectors(missing)
        owners = self._owners(needed) if (needed := faces_to_know(facts)) else {}
        return list(index_changes(facts, vectors, owners))

    @contextmanager
    def everything(self) -> Iterator[tuple[int, Iterator[list[PutCandidate]]]]:
        """The candidates of one moment, in parts, and its place in the log."""
        connection = self._connected()
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield self._reader.head(connection), self._stored(connection)

    def _stored(self, connection: Connection[Any]) -> Iterator[list[PutCandidate]]:
        for origin, query in STORED.items():
            with connection.cursor(name="index_load", binary=True) as cursor:
                cursor.execute(query)
                while rows := cursor.fetchmany(_CHUNK):
                    yield [candidate_of(origin, row) for row in rows]

    def _vectors(self, ids: Iterable[UUID]) -> dict[UUID, bytes]:
        query = "SELECT descriptor_id, data FROM descriptors WHERE descriptor_id = ANY(%b)"
        rows = self._connected().execute(query, [list(ids)], binary=True)
        return {row[0]: bytes(row[1]) for row in rows}

    def _owners(self, face_ids: Iterable[UUID]) -> dict[UUID, Owner]:
        """As they are now, perhaps later than the facts: what followed is set again in order."""
        rows = self._connected().execute(
            "SELECT face_id, account_id, create_time, ARRAY(SELECT unnest(list_ids) EXCEPT "
            "SELECT list_id FROM lists WHERE retired) FROM faces WHERE face_id = ANY(%b)",
            [list(face_ids)],
            binary=True,
        )
        return {row[0]: Owner(row[1], row[2], tuple(row[3])) for row in rows}

    def _connected(self) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, prepare_threshold=2)
        return self._connection


def log_mark(connection: Connection[Any], position: int) -> str:
    """What this log has at a position, and a log that went another way has not."""
    row = connection.execute(_MARK, [position]).fetchone()
    return "" if row is None else str(row[0])


def candidate_of(origin: Origin, row: Any) -> PutCandidate:
    """A row of one of the queries as the index takes it."""
    candidate_id, account_id, kind, version, data, create_time, list_ids, gender, age = row
    return PutCandidate(
        origin=origin,
        candidate_id=candidate_id,
        account_id=account_id,
        descriptor=Descriptor(DescriptorKind(kind), version, bytes(data)),
        create_time=create_time,
        list_ids=tuple(list_ids),
        gender=gender,
        age=age,
    )
