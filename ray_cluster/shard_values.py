"""What shards are told and what they say: options, states, and what a search found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import DescriptorKind
from domain.shared.model_features import DescriptorFeature
from inference.matching.batches import Features
from inference.matching.id_table import Ids
from inference.matching.ranking import Hits
from inference.matching.scoring import Scores, Scoring
from inference.matching.values import MatchQuery


@dataclass(frozen=True, slots=True)
class ShardOptions:
    """How one shard is held: its descriptors, its threads, and where it is saved, signed by a key.

    The directory is one of the machine that the shard runs on, which is `node`.
    """

    features: tuple[DescriptorFeature, ...]
    threads: int | None = None
    directory: Path | None = None
    key: bytes = b""
    shard: int = 0
    node: str = ""


class ShardState(NamedTuple):
    """Which life of the shard this is, by process; its place in the log; whether it is filled.

    Then the epoch of its layout, the virtual shards that it still waits for, and its machine.
    """

    life: str
    position: int
    filling: bool
    epoch: int
    expected: frozenset[int]
    node: str


class ShardFigures(NamedTuple):
    """How a shard does: searches since it began, under way and waiting; what it holds.

    `behind` are the places of the log that it has heard of and does not have. `held` are the
    bytes of the index, `resident` those of the whole process.
    """

    state: ShardState
    machine: str
    searches: int
    running: int
    waiting: int
    rows: int
    behind: int
    held: int
    resident: int


class Found(NamedTuple):
    """What all references found at a position, one after the other.

    Of each: the query, the reference, the kind and version, and how many of the rows are its.
    `epoch` is the layout's; while virtual shards are on their way another shard may find the same.
    """

    position: int
    epoch: int
    moving: bool
    of: list[tuple[int, int, DescriptorKind, int, int]]
    ids: Ids
    scores: Scores
    times: NDArray[np.int64]

    def hits(self, features: Features) -> Iterator[Hits]:
        """What each reference found."""
        ends = np.cumsum([0, *(count for *_, count in self.of)]).tolist()
        for (number, reference, kind, version, _), (start, stop) in zip(
            self.of, pairwise(ends), strict=True
        ):
            part = slice(start, stop)
            scoring = Scoring(features[kind, version].calibration)
            yield Hits(
                number, reference, scoring, self.ids[part], self.scores[part], self.times[part]
            )


def found_by(
    queries: Sequence[MatchQuery], found: Iterable[Hits], position: int, epoch: int, *, moving: bool
) -> Found:
    """What a shard says of the hits of some queries."""
    hits = list(found)
    of = []
    for each in hits:
        reference = queries[each.query].references[each.reference]
        of.append((each.query, each.reference, reference.kind, reference.version, len(each.scores)))
    if not hits:
        nothing = np.empty((0, 2), np.uint64), np.empty(0, np.float32), np.empty(0, np.int64)
        return Found(position, epoch, moving, of, *nothing)
    return Found(
        position,
        epoch,
        moving,
        of,
        np.concatenate([each.ids for each in hits]),
        np.concatenate([each.scores for each in hits]),
        np.concatenate([each.times for each in hits]),
    )


def each_once(hits: Iterable[Hits]) -> list[Hits]:
    """Hits of all shards without candidates that a reference found in two of them."""
    groups: dict[tuple[int, int], list[Hits]] = {}
    for each in hits:
        groups.setdefault((each.query, each.reference), []).append(each)
    merged = []
    for parts in groups.values():
        ids = np.concatenate([part.ids for part in parts])
        rows = np.unique(ids, axis=0, return_index=True)[1]
        scores = np.concatenate([part.scores for part in parts])
        times = np.concatenate([part.times for part in parts])
        merged.append(parts[0]._replace(ids=ids[rows], scores=scores[rows], times=times[rows]))
    return merged
