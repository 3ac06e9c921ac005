"""Compares the match index that a running service searches with the read models, as they change."""

import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import Connection, sql

from api.workers.index_source import STORED, candidate_of
from domain.shared.biometrics import DescriptorKind
from domain.shared.model_features import DescriptorFeature
from ray_cluster.matching import Difference, Matching, Origin, PutCandidate

_CHUNK: Final = 2000
_EXAMPLES: Final = 10
_ROUNDS: Final = 20
_PAUSE_S: Final = 0.1
_REACHED_WITHIN_S: Final = 60.0
_COUNTED_TRIES: Final = 100
_HEAD: Final = "SELECT position FROM log_head"

Known = Container[tuple[DescriptorKind, int]]
Suspects = dict[tuple[Origin, UUID], tuple[PutCandidate, Difference]]


@dataclass(slots=True)
class RunningVerdict:
    """How many descriptors were compared from which position on, and how many are not the same.

    `counted` says that the index was also found to hold no more than is stored, or how many more.
    """

    position: int
    descriptors: int = 0
    differences: int = 0
    counted: bool = False
    examples: list[Difference] = field(default_factory=list)


def check_running(
    dsn: str, matching: Matching, features: Iterable[DescriptorFeature]
) -> RunningVerdict:
    """Compare all that is stored with the index, while both change.

    What differs may just have been changed: it is compared again, some time later.
    """
    known = {(each.kind, each.version) for each in features}
    with psycopg.connect(dsn, autocommit=True) as connection:
        with _moment(connection, matching) as position:
            verdict = RunningVerdict(position)
            suspects: Suspects = {}
            for origin in STORED:
                for candidates in _stored(connection, origin):
                    own = [c for c in candidates if _is_known(c, known)]
                    verdict.descriptors += len(own)
                    suspects |= _differing(matching, own)
        for _ in range(_ROUNDS):
            if not suspects:
                break
            time.sleep(_PAUSE_S)
            with _moment(connection, matching):
                suspects = _still(connection, matching, suspects, known)
        more = _held_beside(connection, matching, known)
    verdict.counted = more is not None
    verdict.differences = len(suspects) + abs(more or 0)
    verdict.examples = [difference for _, difference in suspects.values()][:_EXAMPLES]
    return verdict


@contextmanager
def _moment(connection: Connection[Any], matching: Matching) -> Iterator[int]:
    """The database as it is at one position, which the index has reached."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        position, last = _head(connection), time.monotonic() + _REACHED_WITHIN_S
        while matching.position < position:
            if time.monotonic() > last:
                raise TimeoutError(f"the index stays at {matching.position}, before {position}")
            time.sleep(_PAUSE_S)
        yield position


def _head(connection: Connection[Any]) -> int:
    row = connection.execute(_HEAD).fetchone()
    return 0 if row is None else int(row[0])


def _stored(connection: Connection[Any], origin: Origin) -> Iterator[list[PutCandidate]]:
    with connection.cursor(name="index_check", binary=True) as cursor:
        cursor.execute(STORED[origin])
        while rows := cursor.fetchmany(_CHUNK):
            yield [candidate_of(origin, row) for row in rows]


def _is_known(candidate: PutCandidate, known: Known) -> bool:
    return (candidate.descriptor.kind, candidate.descriptor.version) in known


def _differing(matching: Matching, candidates: list[PutCandidate]) -> Suspects:
    """Those that are held otherwise; one of each candidate, whatever it has several of."""
    found = {each.candidate_id: each for each in matching.differences(candidates)}
    return {
        (each.origin, each.candidate_id): (each, found[each.candidate_id])
        for each in candidates
        if each.candidate_id in found
    }


def _still(
    connection: Connection[Any], matching: Matching, suspects: Suspects, known: Known
) -> Suspects:
    """Those that differ from what is stored by now, too."""
    left: Suspects = {}
    for origin, query in STORED.items():
        own = {key[1]: value for key, value in suspects.items() if key[0] is origin}
        chosen = sql.SQL("SELECT * FROM ({}) AS stored (id) WHERE id = ANY(%b)").format(
            sql.SQL(query)
        )
        rows = connection.execute(chosen, [list(own)], binary=True).fetchall() if own else []
        now = [candidate_of(origin, row) for row in rows]
        left |= _differing(matching, [each for each in now if _is_known(each, known)])
        gone = [own[i][0] for i in own.keys() - {each.candidate_id for each in now}]
        missing = {d.candidate_id for d in matching.differences(gone) if d.what == "missing"}
        for each in gone:
            if each.candidate_id not in missing:
                beside = Difference(each.candidate_id, "not stored")
                left[origin, each.candidate_id] = each, beside
    return left


def _held_beside(connection: Connection[Any], matching: Matching, known: Known) -> int | None:
    """How many more are held than are stored; None if the log never stands still for a moment."""
    more: int | None = None
    for _ in range(_COUNTED_TRIES):
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            position = _head(connection)
            if matching.position == position:
                held = _held(matching)
                if matching.position == position:
                    more = sum(held.values()) - _count(connection, known)
        if more == 0:
            return 0
        time.sleep(_PAUSE_S / 10)
    return more


def _held(matching: Matching) -> Mapping[Origin, int]:
    held = dict.fromkeys(STORED, 0)
    for size in matching.sizes():
        if size.origin in held:
            held[size.origin] += size.candidates
    return held


def _count(connection: Connection[Any], known: Known) -> int:
    count = 0
    for query in STORED.values():
        of = sql.SQL(
            "SELECT kind, version, count(*) FROM ({}) AS stored (id, account_id, kind, version) "
            "GROUP BY kind, version"
        ).format(sql.SQL(query))
        for kind, version, number in connection.execute(of).fetchall():
            count += int(number) if (DescriptorKind(kind), int(version)) in known else 0
    return count
