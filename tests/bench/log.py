"""The writer against raw Postgres: `python -m tests.bench log`."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg

from commands.faces import CreateFace
from commands.router import COMMANDS
from commands.writer import GroupCommitWriter
from domain.recognitions import EventRecorded
from tests.bench.figures import Figure, medians, rate
from tests.support.log import open_log

ACCOUNT = uuid4()
STATE = orjson.dumps(
    {"account_id": str(ACCOUNT), "user_data": "Ann", "external_id": "A-1"}
    | {"originator_topic": "face", "_t": "2026-01-01T00:00:00.000000+00:00", "_p": "x" * 120}
)
RAW_ROWS = """CREATE TABLE IF NOT EXISTS raw_faces (face_id uuid PRIMARY KEY, account_id uuid,
    user_data text, external_id text, avatar text, create_time timestamptz)"""
RAW_LOG = """CREATE TABLE IF NOT EXISTS raw_log (originator_id uuid, originator_version bigint,
    topic text, state bytea, notification_id bigserial,
    PRIMARY KEY (originator_id, originator_version))"""
_RAW_EVENT = "INSERT INTO raw_log (originator_id, originator_version, topic, state) VALUES "
_RAW_ROW = "INSERT INTO raw_faces VALUES "


def figures(dsn: str) -> Iterator[Figure]:
    """The rows of the design's table on the writer."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(RAW_ROWS)
        connection.execute(RAW_LOG)
    ours, raw_64, raw_8 = medians(
        [
            lambda: _creates(dsn, 64, 6000),
            lambda: _raw_group(dsn, 6000),
            lambda: _raw_connections(dsn, 8, 3000),
        ]
    )
    yield Figure("create face, row visible, 64 in flight / raw 64 per transaction", ours, raw_64,
                 "1/s", 0.5)  # fmt: skip
    yield Figure("the same / raw 8 connections, one each", ours, raw_8, "1/s", 2.0)


@contextmanager
def _writer(dsn: str) -> Iterator[GroupCommitWriter]:
    log = open_log(dsn)
    writer = GroupCommitWriter(log, COMMANDS)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
        log.close()


def _creates(dsn: str, in_flight: int, count: int) -> float:
    async def client(writer: GroupCommitWriter, times: int) -> None:
        for _ in range(times):
            await writer.send(CreateFace(account_id=ACCOUNT, user_data="Ann", external_id="A-1"))

    async def run(writer: GroupCommitWriter) -> None:
        await asyncio.gather(*(client(writer, count // in_flight) for _ in range(in_flight)))

    with _writer(dsn) as writer:
        return rate(count, lambda: asyncio.run(run(writer)))


def _raw_group(dsn: str, count: int, group: int = 64) -> float:
    def work() -> None:
        with psycopg.connect(dsn) as connection:
            for _ in range(count // group):
                ids = [uuid4() for _ in range(group)]
                now = datetime.now(UTC)
                events: list[Any] = [v for i in ids for v in (i, 1, "face.created", STATE)]
                rows: list[Any] = [v for i in ids for v in (i, ACCOUNT, "Ann", "A-1", "", now)]
                connection.execute(_RAW_EVENT + ",".join(["(%s,%s,%s,%s)"] * group), events)
                connection.execute(_RAW_ROW + ",".join(["(%s,%s,%s,%s,%s,%s)"] * group), rows)
                connection.commit()

    return rate(count, work)


def _raw_connections(dsn: str, connections: int, count: int) -> float:
    def one() -> None:
        with psycopg.connect(dsn) as connection:
            for _ in range(count // connections):
                face_id, now = uuid4(), datetime.now(UTC)
                connection.execute(
                    _RAW_EVENT + "(%s,%s,%s,%s)", (face_id, 1, "face.created", STATE)
                )
                connection.execute(
                    _RAW_ROW + "(%s,%s,%s,%s,%s,%s)", (face_id, ACCOUNT, "Ann", "A-1", "", now)
                )
                connection.commit()

    def work() -> None:
        threads = [threading.Thread(target=one) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return rate(count, work)


def generated(event_id: UUID) -> dict[str, Any]:
    """A rich event of usual size."""
    rect = {"x": 10, "y": 20, "width": 100, "height": 120}
    sample = {"sample_id": str(uuid4()), "url": "/6/samples/faces/1", "detection": {"rect": rect}}
    return {
        "event_id": str(event_id),
        "url": f"/6/events/{event_id}",
        "source": "gate 4",
        "tags": ["staff", "morning"],
        "external_id": "A-1",
        "user_data": "Ann",
        "face_attributes": {"score": 0.97, "attribute_id": None, "basic_attributes": None},
        "matches": [{"label": "staff", "candidates": []}],
        "location": {"city": "Town", "geo_position": {"longitude": 10.0, "latitude": 50.0}},
        "detections": [{"filename": "a.jpg", "samples": {"face": sample}}],
        "track_id": "t-1",
    }


def recorded() -> EventRecorded:
    """The fact of such an event."""
    event_id, now = uuid4(), datetime.now(UTC)
    return EventRecorded(
        originator_id=event_id,
        originator_version=1,
        timestamp=now,
        account_id=ACCOUNT,
        handler_id=ACCOUNT,
        create_time=now,
        end_time=now,
        generated=generated(event_id),
        descriptor_ids={},
        notify=True,
    )
