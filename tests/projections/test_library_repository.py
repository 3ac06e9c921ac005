"""The library's own Repository loads our aggregates from `history`."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import AggregateNotFoundError, Repository
from eventsourcing.persistence import EventStore
from eventsourcing.postgres import PostgresAggregateRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from domain.faces import Face
from domain.log.mapper import EventMapper
from domain.log.port import Batch
from projections.history import PostgresLog
from projections.keys import SubjectKeys
from tests.support.log import MASTER


class StoredKeys:
    """The keys in the database, for a mapper that asks for them one by one."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def find(self, subject_ids: Iterable[UUID]) -> Mapping[UUID, bytes]:
        with psycopg.connect(self._dsn) as connection:
            return SubjectKeys(MASTER).find(connection, subject_ids)


def test_a_face_is_loaded_at_any_version(dsn: str, log: PostgresLog) -> None:
    face = Face(account_id=uuid4(), user_data="Ann", external_id="A-1")
    face.attach(first := uuid4())
    face.edit(user_data="Anna")
    face.attach(second := uuid4())
    log.commit(Batch(events=[(event, "r") for event in face.collect_events()]))

    parts: dict[str, Any] = conninfo_to_dict(dsn)
    datastore = PostgresDatastore(
        dbname=parts["dbname"],
        host=parts["host"],
        port=str(parts["port"]),
        user=parts["user"],
        password=parts.get("password", ""),
    )
    with datastore:
        recorder = PostgresAggregateRecorder(datastore, events_table_name="history")
        repository = Repository[UUID](EventStore(EventMapper(StoredKeys(dsn)), recorder))
        last: Face = repository.get(face.id)
        earlier: Face = repository.get(face.id, version=2)
        with pytest.raises(AggregateNotFoundError):
            repository.get(uuid4())

    assert (last.version, last.user_data, last.list_ids) == (4, "Anna", [first, second])
    assert (earlier.version, earlier.user_data, earlier.list_ids) == (2, "Ann", [first])
    assert last.create_time == face.create_time
    assert last.account_id == face.account_id
