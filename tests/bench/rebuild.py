"""Import, rebuild and the tail of the log: `python -m tests.bench rebuild`."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import orjson
import psycopg

from domain.faces import Face
from domain.log.port import Batch
from projections.faces import FACES
from projections.rebuild import rebuild
from projections.tail import Tail
from tests.bench.figures import Figure, medians, rate
from tests.bench.log import ACCOUNT, STATE
from tests.support.log import MASTER, open_log

FACES_MADE = 30_000
WRITERS, WRITES = 6, 300


def figures(dsn: str) -> Iterator[Figure]:
    """The rows of the design's table on import, rebuild, cut-over and missed facts."""
    ours, raw = medians([lambda: _import(dsn), lambda: _copy(dsn)], repeats=1)
    yield Figure("import 30k faces / COPY log + COPY rows", ours, raw, "1/s", 0.6)
    rebuilt, pause = _rebuild_under_load(dsn)
    raw = _copy_out(dsn)
    yield Figure("rebuild of faces, sealed / COPY OUT + orjson", rebuilt, raw, "1/s", 0.10)
    yield Figure("cut-over pause under load / 50 ms", pause * 1000, 50, "ms", 1.0, bound=True)
    missed = _missed(dsn)
    yield Figure("facts missed by a tail under 6 writers", missed, 1, "facts", 0.0, bound=True)


def _batch(count: int) -> Batch:
    batch = Batch()
    for _ in range(count):
        face = Face.with_id(
            uuid4(),
            account_id=ACCOUNT,
            user_data="Ann",
            external_id="A-1",
            avatar="",
            event_id=None,
        )
        batch.events += [(event, "") for event in face.collect_events()]
    return batch


def _import(dsn: str, chunk: int = 5000) -> float:
    log = open_log(dsn)
    batches = [_batch(chunk) for _ in range(FACES_MADE // chunk)]

    def work() -> None:
        for batch in batches:
            log.commit(batch)

    try:
        return rate(FACES_MADE, work)
    finally:
        log.close()


def _copy(dsn: str) -> float:
    now = datetime.now(UTC)
    ids = [uuid4() for _ in range(FACES_MADE)]

    def work() -> None:
        with psycopg.connect(dsn) as connection:
            with connection.cursor().copy("COPY raw_log FROM STDIN") as copy:
                for number, face_id in enumerate(ids):
                    copy.write_row((face_id, 1, "face.created", STATE, number))
            with connection.cursor().copy("COPY raw_faces FROM STDIN") as copy:
                for face_id in ids:
                    copy.write_row((face_id, ACCOUNT, "Ann", "A-1", "", now))

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS raw_log (originator_id uuid, originator_version bigint,"
            " topic text, state bytea, notification_id bigserial,"
            " PRIMARY KEY (originator_id, originator_version))"
        )
        connection.execute(
            "CREATE TABLE IF NOT EXISTS raw_faces (face_id uuid PRIMARY KEY, account_id uuid,"
            " user_data text, external_id text, avatar text, create_time timestamptz)"
        )
    return rate(FACES_MADE, work)


def _rebuild_under_load(dsn: str) -> tuple[float, float]:
    """Facts per second, and the seconds for which writers waited at the end."""
    stop = threading.Event()

    def write() -> None:
        log = open_log(dsn)
        while not stop.is_set():
            log.commit(_batch(1))
            time.sleep(0.01)
        log.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        rebuilt = rebuild(dsn, FACES, MASTER)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    return rebuilt.position / rebuilt.seconds, rebuilt.pause_s


def _copy_out(dsn: str) -> float:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM history").fetchone()
        assert row is not None

        def work() -> None:
            with connection.cursor().copy("COPY history TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["uuid", "int8", "text", "bytea", "int8"])
                for fields in copy.rows():
                    orjson.loads(fields[3])

        return rate(int(row[0]), work)


def _missed(dsn: str) -> int:
    """How many facts of several writers a tail did not give, or gave twice."""
    first = open_log(dsn)
    start = first.position()
    first.close()
    tail = Tail(dsn, MASTER, start)
    made: list[int] = []

    def write() -> None:
        log = open_log(dsn)
        for _ in range(WRITES):
            made.extend(fact.position for fact in log.commit(_batch(2)).facts)
        log.close()

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    while any(writer.is_alive() for writer in writers) or len(seen) < len(made):
        span = tail.next(1.0)
        seen += [fact.position for fact in span.facts]
        if not span.facts and not any(writer.is_alive() for writer in writers):
            break
    tail.close()
    return abs(len(seen) - len(set(seen))) + len(set(made) - set(seen))
