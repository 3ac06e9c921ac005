"""Compares the match index, as it was saved or as the log makes it, with the read models."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import Connection

from api.workers.index_feeder import IndexFeeder
from api.workers.index_source import STORED, candidate_of
from domain.log.sealing import MasterKey
from domain.shared.biometrics import DescriptorKind
from domain.shared.model_features import DescriptorFeature
from ray_cluster.matching import Difference, Matching, Origin

_CHUNK: Final = 2000
_EXAMPLES: Final = 10
_HEAD: Final = "SELECT position FROM log_head"


@dataclass(slots=True)
class IndexVerdict:
    """How many descriptors were compared at which position, and how many are not the same.

    `saved` says that the index was begun with its saved files, and not made from the whole log.
    """

    position: int
    saved: bool
    descriptors: int = 0
    differences: int = 0
    examples: list[Difference] = field(default_factory=list)


def verify_index(
    dsn: str, master: MasterKey, matching: Matching, features: Iterable[DescriptorFeature]
) -> IndexVerdict:
    """Bring an empty index to the position of one moment, and compare it with that moment.

    `features` are the descriptors that the index takes.
    """
    known = {(each.kind, each.version) for each in features}
    with psycopg.connect(dsn, autocommit=True) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute(_HEAD).fetchone()
        position = 0 if row is None else int(row[0])
        feeder = IndexFeeder(dsn, master, matching)
        try:
            verdict = IndexVerdict(position, feeder.bring_to(position))
        finally:
            feeder.stop()
        for origin, query in STORED.items():
            held = sum(size.candidates for size in matching.sizes() if size.origin is origin)
            expected = _compare(connection, matching, known, (origin, query), verdict)
            verdict.differences += held - expected  # what is held beside what is stored
    return verdict


def _compare(
    connection: Connection[Any],
    matching: Matching,
    known: Container[tuple[DescriptorKind, int]],
    stored: tuple[Origin, str],
    verdict: IndexVerdict,
) -> int:
    """Add what differs in one origin; returns how many of what is stored are held."""
    origin, query = stored
    held = 0
    with connection.cursor(name="index_verification", binary=True) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(_CHUNK):
            candidates = [candidate_of(origin, row) for row in rows]
            found = matching.differences(candidates)
            count = sum((c.descriptor.kind, c.descriptor.version) in known for c in candidates)
            held += count - sum(difference.what == "missing" for difference in found)
            verdict.descriptors += count
            verdict.differences += len(found)
            verdict.examples += found[: _EXAMPLES - len(verdict.examples)]
    return held
