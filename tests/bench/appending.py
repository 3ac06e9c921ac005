"""Large batches against raw COPY, wall time and processor time: `python -m tests.bench appending`.

What the floor does not have and every row here pays for: a key of its own that is wrapped and
seals what is personal (two AES-GCM, Base64), a row of `subject_keys`, a second index of the log,
the columns and indexes of the read model, and what its triggers note.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import orjson
import psycopg

from domain.faces import Face
from domain.log.port import Batch
from tests.bench.figures import Figure
from tests.bench.log import ACCOUNT, RAW_LOG, RAW_ROWS, STATE, generated, recorded
from tests.support.log import open_log

FACES_AT_ONCE, EVENTS_AT_ONCE = 5000, 500
_FACES, _EVENTS, _ROUNDS = 30_000, 5000, 5
_LOG_COPY = "COPY raw_log (originator_id, originator_version, topic, state) FROM STDIN"
_TICK = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """Seconds of one item: of the clock, of this process, and of its server process."""

    wall: float
    client: float
    server: float


Run = Callable[[], Cost]


def faces(count: int) -> Batch:
    """The births of so many faces."""
    batch = Batch()
    said = {"user_data": "Ann", "external_id": "A-1", "avatar": "", "event_id": None}
    for _ in range(count):
        face = Face.with_id(uuid4(), account_id=ACCOUNT, **said)
        batch.events += [(event, "") for event in face.collect_events()]
    return batch


def figures(dsn: str) -> Iterator[Figure]:
    """The rows of the design's table on import and recognitions, and what each process works."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(RAW_ROWS)
        connection.execute(RAW_LOG)
    ours, raw = _medians([lambda: _import(dsn), lambda: _copy_faces(dsn)])
    yield from _rows("import 30k faces / COPY log + COPY rows", ours, raw, 0.6)
    ours, raw = _medians([lambda: _record(dsn), lambda: _copy_events(dsn)])
    yield from _rows("recognitions, 500 per transaction, visible / COPY log", ours, raw, 0.4)


def _rows(what: str, ours: Cost, raw: Cost, wanted: float) -> Iterator[Figure]:
    yield Figure(what, 1 / ours.wall, 1 / raw.wall, "1/s", wanted)
    for name, mine, floor in (
        ("client", ours.client, raw.client),
        ("server", ours.server, raw.server),
        ("both", ours.client + ours.server, raw.client + raw.server),
    ):
        yield Figure(f"- CPU of one, {name}", mine * 1e6, floor * 1e6, "µs", 1 / wanted, bound=True)


def _medians(runs: Sequence[Run]) -> list[Cost]:
    costs: list[list[Cost]] = [[] for _ in runs]
    for _ in range(_ROUNDS):
        for number, run in enumerate(runs):
            costs[number].append(run())
    return [Cost(*map(statistics.median, zip(*of_run, strict=True))) for of_run in costs]


def _cpu_of(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _cost(server: int, count: int, work: Callable[[], None]) -> Cost:
    before = time.perf_counter(), time.process_time(), _cpu_of(server)
    work()
    after = time.perf_counter(), time.process_time(), _cpu_of(server)
    return Cost(*((b - a) / count for a, b in zip(before, after, strict=True)))


def _commits(dsn: str, batches: Sequence[Batch], count: int) -> Cost:
    log = open_log(dsn)

    def work() -> None:
        for batch in batches:
            log.commit(batch)

    try:
        return _cost(log.server_process, count, work)
    finally:
        log.close()


def _import(dsn: str) -> Cost:
    return _commits(dsn, [faces(FACES_AT_ONCE) for _ in range(_FACES // FACES_AT_ONCE)], _FACES)


def _record(dsn: str) -> Cost:
    batches = [
        Batch(recognitions=[(recorded(), "r") for _ in range(EVENTS_AT_ONCE)])
        for _ in range(_EVENTS // EVENTS_AT_ONCE)
    ]
    return _commits(dsn, batches, _EVENTS)


def _copy_faces(dsn: str) -> Cost:
    now, ids = datetime.now(UTC), [uuid4() for _ in range(_FACES)]
    with psycopg.connect(dsn) as connection:

        def work() -> None:
            with connection.cursor().copy("COPY raw_log FROM STDIN") as copy:
                for number, face_id in enumerate(ids):
                    copy.write_row((face_id, 1, "face.created", STATE, number))
            with connection.cursor().copy("COPY raw_faces FROM STDIN") as copy:
                for face_id in ids:
                    copy.write_row((face_id, ACCOUNT, "Ann", "A-1", "", now))
            connection.commit()

        return _cost(connection.info.backend_pid, _FACES, work)


def _copy_events(dsn: str) -> Cost:
    events = [(event_id, generated(event_id)) for event_id in (uuid4() for _ in range(_EVENTS))]
    with psycopg.connect(dsn) as connection:

        def work() -> None:
            for start in range(0, _EVENTS, EVENTS_AT_ONCE):
                with connection.cursor().copy(_LOG_COPY) as copy:
                    for event_id, event in events[start : start + EVENTS_AT_ONCE]:
                        copy.write_row((event_id, 1, "event.recorded", orjson.dumps(event)))
                connection.commit()

        return _cost(connection.info.backend_pid, _EVENTS, work)
