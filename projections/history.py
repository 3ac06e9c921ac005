"""The event log in Postgres: both logs, their read models and side tables in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg import Connection

from domain.log.facts import Fact
from domain.log.mapper import EventMapper
from domain.log.port import (
    Answer,
    AnswerKey,
    Batch,
    Committed,
    ConstraintBroken,
    VersionConflict,
)
from domain.log.sealing import MasterKey
from domain.shared.owned import personal_fields
from projections.keys import SubjectKeys
from projections.read_model import ReadModel

CHANNEL = "selene_log"
_HEAD = "UPDATE log_head SET position = position + %s RETURNING position"
_HISTORY = """INSERT INTO history
    (originator_id, originator_version, topic, state, notification_id)
    SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bigint[])"""
_RECOGNITIONS = """INSERT INTO recognitions (originator_id, topic, state, notification_id)
    SELECT * FROM unnest(%b::uuid[], %b::text[], %b::bytea[], %b::bigint[])"""
_KEYS = """INSERT INTO subject_keys (subject_id, wrapped)
    SELECT * FROM unnest(%b::uuid[], %b::bytea[])
    ON CONFLICT (subject_id) DO UPDATE SET wrapped = excluded.wrapped"""
_DESCRIPTORS = """INSERT INTO descriptors (descriptor_id, owner_id, kind, version, data)
    SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::int[], %b::bytea[])"""
_ANSWERS = """INSERT INTO answers (account_id, key, command, fingerprint, result)
    SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::bytea[])"""
_ANNOUNCEMENTS = """INSERT INTO announcements (position, account_id, message)
    SELECT * FROM unnest(%b::bigint[], %b::uuid[], %b::bytea[])"""


class _Encoded(NamedTuple):
    stored: list[StoredEvent]
    key_ids: list[UUID]
    wrapped: list[bytes]


class PostgresLog:
    """The log on one connection, for one thread; `inline` are the read models kept with it.

    Commits take turns on the head's row lock, so positions have no gaps and are in commit
    order. A lost connection is made anew by the next call.
    """

    def __init__(self, dsn: str, master: MasterKey, inline: Sequence[ReadModel] = ()) -> None:
        self._dsn = dsn
        self._mapper = EventMapper()
        self._keys = SubjectKeys(master)
        self._inline = tuple(inline)
        self._connection: Connection[Any] | None = None

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, prepare_threshold=2)
        return self._connection

    def position(self) -> int:
        """The last committed position; 0 for an empty log."""
        row = self._connect().execute("SELECT position FROM log_head").fetchone()
        assert row is not None
        return int(row[0])

    def load(self, originator_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """The domain events of each aggregate, in order; unknown ids are absent."""
        connection = self._connect()
        rows = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM history "
            "WHERE originator_id = ANY(%b) ORDER BY originator_id, originator_version",
            [list(originator_ids)],
            binary=True,
        ).fetchall()
        keys = self._keys.find(connection, {row[0] for row in rows})
        histories: dict[UUID, list[Any]] = {}
        for row in rows:
            event, _ = self._mapper.decode(StoredEvent(*row), keys.get(row[0]))
            histories.setdefault(row[0], []).append(event)
        return histories

    def answers(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Answer]:
        """Those of the answers that were given before."""
        found = {}
        for key in keys:
            row = (
                self._connect()
                .execute(
                    "SELECT fingerprint, result FROM answers "
                    "WHERE account_id = %s AND key = %s AND command = %s",
                    [key.account_id, key.key, key.command],
                )
                .fetchone()
            )
            if row is not None:
                found[key] = Answer(row[0], row[1])
        return found

    def commit(self, batch: Batch) -> Committed:
        """All or nothing; raises `VersionConflict` or `ConstraintBroken` and changes nothing."""
        connection = self._connect()
        history = self._encode(connection, batch.events)
        recognitions = self._encode(connection, batch.recognitions)
        count = len(history.stored) + len(recognitions.stored) + len(batch.announcements)
        try:
            with connection.transaction(), connection.pipeline():
                row = connection.execute(_HEAD, [count]).fetchone()
                assert row is not None
                first = int(row[0]) - count + 1
                self._check(connection, batch.expected)
                facts = [
                    Fact(position, event, request_id)
                    for position, (event, request_id) in enumerate(
                        [*batch.events, *batch.recognitions], first
                    )
                ]
                self._write_logs(connection, history, recognitions, first)
                _write_beside(connection, batch, first + len(facts))
                for model in self._inline:
                    wanted = model.table.event_classes
                    if theirs := [fact for fact in facts if type(fact.event) in wanted]:
                        model.apply(connection, theirs)
                connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(row[0])])
        except psycopg.errors.UniqueViolation as broken:
            if broken.diag.table_name in ("history", "answers"):
                raise VersionConflict from broken
            raise ConstraintBroken(broken.diag.constraint_name) from broken
        return Committed(facts, int(row[0]), batch)

    def _encode(self, connection: Connection[Any], events: Sequence[tuple[Any, str]]) -> _Encoded:
        sealed = [e for e, _ in events if personal_fields(type(e))]
        new = [e.originator_id for e in sealed if e.originator_version == 1]
        made, wrapped = self._keys.make(new)
        others = {e.originator_id for e in sealed} - made.keys()
        keys = {**self._keys.find(connection, others), **made} if others else made
        stored = [
            self._mapper.encode(event, keys.get(event.originator_id), request_id)
            for event, request_id in events
        ]
        return _Encoded(stored, new, wrapped)

    def _check(self, connection: Connection[Any], expected: Mapping[UUID, int]) -> None:
        if not expected:
            return
        rows = connection.execute(
            "SELECT originator_id, max(originator_version) FROM history "
            "WHERE originator_id = ANY(%b) GROUP BY originator_id",
            [list(expected)],
            binary=True,
        )
        if dict(rows.fetchall()) != expected:
            raise VersionConflict

    def _write_logs(
        self,
        connection: Connection[Any],
        history: _Encoded,
        recognitions: _Encoded,
        first: int,
    ) -> None:
        key_ids = history.key_ids + recognitions.key_ids
        if key_ids:
            connection.execute(_KEYS, [key_ids, history.wrapped + recognitions.wrapped])
        if stored := history.stored:
            columns = [
                [event.originator_id for event in stored],
                [event.originator_version for event in stored],
                [event.topic for event in stored],
                [event.state for event in stored],
                list(range(first, first + len(stored))),
            ]
            connection.execute(_HISTORY, columns)
        first += len(history.stored)
        if stored := recognitions.stored:
            columns = [
                [event.originator_id for event in stored],
                [event.topic for event in stored],
                [event.state for event in stored],
                list(range(first, first + len(stored))),
            ]
            connection.execute(_RECOGNITIONS, columns)


def _write_beside(connection: Connection[Any], batch: Batch, first: int) -> None:
    if rows := batch.descriptors:
        columns: list[Any] = [
            [row.descriptor_id for row in rows],
            [row.owner_id for row in rows],
            [row.kind for row in rows],
            [row.version for row in rows],
            [row.data for row in rows],
        ]
        connection.execute(_DESCRIPTORS, columns)
    if batch.forgotten_descriptors:
        connection.execute(
            "DELETE FROM descriptors WHERE descriptor_id = ANY(%b)", [batch.forgotten_descriptors]
        )
    if answers := batch.answers:
        columns = [
            [key.account_id for key in answers],
            [key.key for key in answers],
            [key.command for key in answers],
            [answer.fingerprint for answer in answers.values()],
            [answer.result for answer in answers.values()],
        ]
        connection.execute(_ANSWERS, columns)
    if messages := batch.announcements:
        columns = [
            list(range(first, first + len(messages))),
            [message.account_id for message in messages],
            [message.message for message in messages],
        ]
        connection.execute(_ANNOUNCEMENTS, columns)
