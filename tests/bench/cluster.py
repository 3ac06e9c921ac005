"""Shards in actors against one index in this process: `python -m tests.bench.cluster [--rows N]`.

All run in turns on this one machine, so more actors can only share its cores.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.similarity import Calibration
from ray_cluster.connection import LOCAL, ClusterOptions, Connection
from ray_cluster.local_matching import LocalMatching
from ray_cluster.matching import IndexChange, Matching, MatchQuery, Origin, PutCandidate
from tests.bench.figures import Figure, show

DIMENSION, PART, BATCH, ROUNDS = 512, 2000, 32, 12
ACTORS = (1, 2, 4)
_FEATURE = DescriptorFeature(DescriptorKind.FACE, 1, DIMENSION, Calibration(12.0, -5.0))


class Stored:
    """Rows to fill shards with."""

    def __init__(self, rows: int) -> None:
        random, now, account = np.random.default_rng(1), datetime.now(UTC), uuid4()
        vectors = random.standard_normal((rows, DIMENSION)).astype("<f4")
        self.puts = [
            PutCandidate(
                origin=Origin.FACES,
                candidate_id=UUID(bytes=random.bytes(16)),
                account_id=account,
                descriptor=Descriptor(DescriptorKind.FACE, 1, row.tobytes()),
                create_time=now,
            )
            for row in vectors
        ]

    def head(self) -> int:
        return 1

    def mark(self, position: int) -> str:
        return str(position)

    def changes(self, after: int, upto: int) -> Iterator[tuple[Sequence[IndexChange], int]]:
        return iter(())

    @contextmanager
    def everything(self) -> Iterator[tuple[int, Iterator[Sequence[PutCandidate]]]]:
        yield 1, (self.puts[start : start + PART] for start in range(0, len(self.puts), PART))

    def query(self, number: int) -> list[MatchQuery]:
        descriptor = self.puts[number % len(self.puts)].descriptor
        return [MatchQuery(references=(descriptor,), origin=Origin.FACES, limit=10)]


async def rates(kinds: Sequence[Matching], stored: Stored, together: int) -> list[float]:
    """Searches per second, so many at once, of the best round of each; they take turns."""
    best = [float("inf")] * len(kinds)
    for number in range(ROUNDS):
        queries = [stored.query(number * together + each) for each in range(together)]
        for place, matching in enumerate(kinds):
            began = time.perf_counter()
            await asyncio.gather(*(matching.search(each) for each in queries))
            best[place] = min(best[place], time.perf_counter() - began)
    return [together / each for each in best]


async def compare(rows: int) -> list[Figure]:
    """Searches per second by the number of actors, and what a call of them costs."""
    from ray_cluster.ray_matching import RayMatching
    from ray_cluster.shard_fleet import ClusterIndex

    stored = Stored(rows)
    local = LocalMatching([_FEATURE])
    began = time.perf_counter()
    for start in range(0, rows, PART):
        local.apply(stored.puts[start : start + PART], 1)
    local_fill = rows / (time.perf_counter() - began)
    figures, single = [], 0.0
    for actors in ACTORS:
        matching = RayMatching([_FEATURE], ClusterIndex(uuid4().hex, actors))
        began = time.perf_counter()
        matching.begin(stored)
        fill = rows / (time.perf_counter() - began)
        named = f"{rows:,} rows, {actors} actors"
        figures.append(Figure(f"{named}: rows filled / in process", fill, local_fill, "1/s", 0.0))
        for together in (1, BATCH):
            ours, limit = await rates([matching, local], stored, together)
            what = f"{named}: searches, {together} at once / in process"
            figures.append(Figure(what, ours, limit, "1/s", 0.0))
            if together == BATCH:
                single = single or ours
                what = f"{named}: searches, {together} at once / one actor"
                figures.append(Figure(what, ours, single, "1/s", 0.0))
        began = time.perf_counter()
        for position in range(2, 102):
            matching.apply([stored.puts[position]], position)
        each = (time.perf_counter() - began) * 10
        figures.append(Figure(f"{named}: a change / 100 ms", each, 100.0, "ms", 1.0, bound=True))
        await matching.close()
        matching.end()
    await local.close()
    return figures


def figures(rows: int) -> Iterator[Figure]:
    """On a cluster of this process's own."""
    with tempfile.TemporaryDirectory() as directory:
        connection = Connection(ClusterOptions(LOCAL, Path(directory), object_bytes=200 << 20))
        connection.open()
        try:
            yield from asyncio.run(compare(rows))
        finally:
            connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    print(show([*figures(parser.parse_args().rows)]))
