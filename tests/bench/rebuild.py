"""Rebuild and the tail of the log: `python -m tests.bench rebuild`."""

import threading
import time
from collections.abc import Iterator

import orjson
import psycopg

from projections.faces import FACES
from projections.rebuild import rebuild
from projections.tail import Tail
from tests.bench.appending import FACES_AT_ONCE, faces
from tests.bench.figures import Figure, rate
from tests.support.log import MASTER, open_log

FACES_MADE = 30_000
WRITERS, WRITES = 6, 300


def figures(dsn: str) -> Iterator[Figure]:
    """The rows of the design's table on rebuild, cut-over and missed facts."""
    _import(dsn)
    rebuilt, pause = _rebuild_under_load(dsn)
    raw = _copy_out(dsn)
    yield Figure("rebuild of faces, sealed / COPY OUT + orjson", rebuilt, raw, "1/s", 0.10)
    yield Figure("cut-over pause under load / 50 ms", pause * 1000, 50, "ms", 1.0, bound=True)
    missed = _missed(dsn)
    yield Figure("facts missed by a tail under 6 writers", missed, 1, "facts", 0.0, bound=True)


def _import(dsn: str) -> None:
    log = open_log(dsn)
    for _ in range(FACES_MADE // FACES_AT_ONCE):
        log.commit(faces(FACES_AT_ONCE))
    log.close()


def _rebuild_under_load(dsn: str) -> tuple[float, float]:
    """Facts per second, and the seconds for which writers waited at the end."""
    stop = threading.Event()

    def write() -> None:
        log = open_log(dsn)
        while not stop.is_set():
            log.commit(faces(1))
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
            made.extend(fact.position for fact in log.commit(faces(2)).facts)
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
