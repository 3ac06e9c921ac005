"""The event log in Postgres: both logs, their read models and side tables in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
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
    DatabaseUnavailable,
    Interrupted,
    VersionConflict,
)
from domain.log.sealing import MasterKey, new_key
from domain.shared.owned import personal_fields
from projections.answers import AnswerSeals
from projections.appending import HISTORY, KEYS, RECOGNITIONS
from projections.beside import write_beside
from projections.connection import Link
from projections.copying import MANY
from projections.keys import SubjectKeys, new_keys
from projections.read_model import ReadModel
from projections.recognised import check_later, recognised
from projections.uncollected import uncollected

CHANNEL = "selene_log"
_HEAD = """UPDATE log_head SET position = position + %s
    RETURNING position, pg_current_xact_id()::text"""
_WRITTEN = """SELECT 1 FROM history WHERE notification_id = %s AND originator_id = %s
    UNION ALL SELECT 1 FROM recognitions WHERE notification_id = %s AND originator_id = %s"""
_OURS = frozenset({"history", "subject_keys", "answers"})
"""Tables whose keys two writers may want at once; the one who comes second decides again."""


_Written = tuple[UUID, int, str, bytes]


@dataclass(slots=True)
class _Keys:
    """The keys of all subjects of whom a batch says something personal."""

    new: dict[UUID, bytes]
    older: Mapping[UUID, bytes]


class PostgresLog:
    """The log on one connection, for one thread; `inline` are the read models kept with it.

    Commits take turns on the head's row lock, so positions have no gaps and are in commit
    order. A lost connection is made anew; a commit that it interrupted is looked up.
    """

    def __init__(self, dsn: str, master: MasterKey, inline: Sequence[ReadModel] = ()) -> None:
        self._link = Link(dsn)
        self._mapper = EventMapper()
        self._keys = SubjectKeys(master)
        self._answers = AnswerSeals(master)
        self._inline = tuple(inline)
        self._unique = {f"{m.name}_{rule}" for m in self._inline for rule in m.table.unique}

    def close(self) -> None:
        """Give the connection back."""
        self._link.close()

    @property
    def server_process(self) -> int:
        """The server's process that works for this log."""
        return self._link.connection().info.backend_pid

    def position(self) -> int:
        """The last committed position; 0 for an empty log."""

        def ask(connection: Connection[Any]) -> int:
            row = connection.execute("SELECT position FROM log_head").fetchone()
            assert row is not None
            return int(row[0])

        return self._link.read(ask)

    def load(self, originator_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """The domain events of each aggregate, in order; unknown ids are absent."""
        return self._link.read(lambda connection: self._load(connection, list(originator_ids)))

    def _load(self, connection: Connection[Any], ids: list[UUID]) -> dict[UUID, list[Any]]:
        rows = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM history "
            "WHERE originator_id = ANY(%b) ORDER BY originator_id, originator_version",
            [ids],
            binary=True,
        ).fetchall()
        keys = self._keys.find(connection, {row[0] for row in rows})
        histories: dict[UUID, list[Any]] = {}
        for row in rows:
            event, _ = self._mapper.decode(StoredEvent(*row), keys.get(row[0]))
            histories.setdefault(row[0], []).append(event)
        return histories

    def recognised(self, event_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """What was recorded of each event, in order and without what is personal."""
        return self._link.read(lambda connection: recognised(connection, self._mapper, event_ids))

    def answers(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Answer]:
        """Those of the answers that were given before."""
        wanted = list(keys)
        return self._link.read(lambda connection: self._find_answers(connection, wanted))

    def _find_answers(
        self, connection: Connection[Any], keys: list[AnswerKey]
    ) -> dict[AnswerKey, Answer]:
        found = ((key, self._answers.find(connection, key)) for key in keys)
        return {key: answer for key, answer in found if answer is not None}

    def commit(self, batch: Batch) -> Committed:
        """All or nothing; raises `DecideAgain` or `ConstraintBroken` and changes nothing."""
        connection = self._link.connection()
        attempt = _Attempt()
        try:
            facts = self._write(connection, batch, attempt)
        except psycopg.errors.UniqueViolation as broken:
            if broken.diag.table_name in _OURS:
                raise VersionConflict from broken
            if broken.diag.constraint_name in self._unique:
                raise ConstraintBroken(broken.diag.constraint_name) from broken
            raise
        except (
            psycopg.errors.DeadlockDetected,
            psycopg.errors.SerializationFailure,
            psycopg.errors.LockNotAvailable,
            psycopg.errors.QueryCanceled,
        ) as given_up:
            raise VersionConflict from given_up
        except psycopg.OperationalError as lost:
            if not self._link.connection_lost():
                raise DatabaseUnavailable from lost
            if not self._was_committed(attempt):
                raise Interrupted from lost
            facts = attempt.facts
        if attempt.new_keys:
            self._keys.remember(attempt.new_keys)
        self._keys.forget(batch.erased_subjects)
        return Committed(facts, attempt.position, batch)

    def _was_committed(self, attempt: "_Attempt") -> bool:
        """How a commit ended whose connection was lost; connects again."""
        if attempt.transaction_id is None:
            self._link.connection()
            return False
        committed = self._link.ended(attempt.transaction_id)
        if committed and attempt.facts:
            first = attempt.facts[0]
            return self._link.read(
                lambda connection: (
                    connection.execute(
                        _WRITTEN, [first.position, first.originator_id] * 2
                    ).fetchone()
                    is not None
                )
            )
        return committed

    def _write(self, connection: Connection[Any], batch: Batch, attempt: "_Attempt") -> list[Fact]:
        keys = self._keys_of(connection, batch)
        attempt.new_keys = keys.new
        logs = self._rows(batch.events, keys), self._rows(batch.recognitions, keys)
        events = [*batch.events, *batch.recognitions]
        count = len(events) + len(batch.announcements)
        # Many rows are made while the server stores those before them, few before it is asked.
        manner = uncollected() if count > MANY else connection.pipeline()
        if count <= MANY:
            logs = list(logs[0]), list(logs[1])
        with connection.transaction(), manner:
            row = connection.execute(_HEAD, [count]).fetchone()
            assert row is not None
            attempt.position, attempt.transaction_id = int(row[0]), int(row[1])
            first = attempt.position - count + 1
            attempt.facts = facts = [Fact(p, e, r) for p, (e, r) in enumerate(events, first)]
            self._check(connection, batch.expected)
            check_later(connection, batch)
            classes = {type(event) for event, _ in events}
            told = [
                (model, [fact for fact in facts if type(fact.event) in model.table.event_classes])
                for model in self._inline
                if not model.table.event_classes.isdisjoint(classes)
            ]
            KEYS.write(connection, self._keys.wrapped(keys.new), len(keys.new))
            HISTORY.write(connection, _placed(logs[0], first), len(batch.events))
            first += len(batch.events)
            RECOGNITIONS.write(connection, _placed(logs[1], first), len(batch.recognitions))
            for model, theirs in told:
                model.apply(connection, theirs)
            write_beside(connection, batch, first + len(batch.recognitions))
            if batch.answers:
                self._answers.write(connection, batch.answers, {**keys.older, **keys.new})
            connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(row[0])])
        return facts

    def _rows(self, events: Iterable[tuple[Any, str]], keys: _Keys) -> Iterable[_Written]:
        """The stored form of each event; they are encoded and sealed as they are asked for."""
        written, new, older = self._mapper.written, keys.new.get, keys.older.get
        for event, request_id in events:
            subject_id = event.originator_id
            yield written(event, new(subject_id) or older(subject_id), request_id)

    def _keys_of(self, connection: Connection[Any], batch: Batch) -> _Keys:
        """Keys for those who are born in the batch or have none, and the keys of the others."""
        new: dict[UUID, bytes] = {}
        later: set[UUID] = set()
        for events in (batch.events, batch.recognitions):
            for event, _ in events:
                if personal_fields(type(event)):
                    if event.originator_version == 1:
                        new[event.originator_id] = new_key()
                    else:
                        later.add(event.originator_id)
        later -= new.keys()
        older = self._keys.find(connection, later) if later else {}
        if without := later - older.keys():
            new.update(new_keys(connection, without))
        return _Keys(new, older)

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


@dataclass(slots=True)
class _Attempt:
    """What is known of a commit that may fail: enough to find out how it ended."""

    transaction_id: int | None = None
    position: int = 0
    facts: list[Fact] = field(default_factory=list)
    new_keys: dict[UUID, bytes] = field(default_factory=dict)


def _placed(written: Iterable[_Written], first: int) -> Iterator[tuple[Any, ...]]:
    return ((*fields, position) for position, fields in enumerate(written, first))
