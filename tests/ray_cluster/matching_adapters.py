"""The adapters of the matching port, and how tests talk to them."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import pytest

from domain.shared.model_features import DescriptorFeature
from ray_cluster.local_matching import LocalMatching
from ray_cluster.matching import MatchAnswer, Matching, MatchQuery, Origin, RemoveCandidate
from tests.inference.matching.galleries import COSINE, candidate_id, descriptor
from tests.ray_cluster.memory_log import MemoryLog

Make = Callable[[Sequence[DescriptorFeature]], Matching]

IN_PROCESS: dict[str, Make] = {
    "local": LocalMatching,
    "sharded": partial(LocalMatching, shards=3),
}


def on_ray(features: Sequence[DescriptorFeature]) -> Matching:
    """Two shards on the tests' cluster, which are the same actors each time, and emptied."""
    from ray_cluster.ray_matching import RayMatching
    from ray_cluster.shard_fleet import ClusterIndex

    matching = RayMatching(features, ClusterIndex("tests", shards=2))
    matching.begin(MemoryLog(features))
    return matching


ADAPTERS: dict[str, Make] = {**IN_PROCESS, "ray": on_ray}
ALL = [*IN_PROCESS, pytest.param("ray", marks=pytest.mark.slow)]


def query(*numbers: int, feature: DescriptorFeature = COSINE, **wanted) -> MatchQuery:  # type: ignore[no-untyped-def]
    references = tuple(descriptor(number, feature) for number in numbers)
    return MatchQuery(references=references, **{"origin": Origin.FACES, "limit": 10, **wanted})


def ids(answer: MatchAnswer) -> list[UUID]:
    return [candidate.candidate_id for candidate in answer.candidates]


async def found(matching: Matching, asked: MatchQuery) -> list[list[UUID]]:
    (answers,) = await matching.search([asked])
    return [ids(answer) for answer in answers]


def gone(number: int, origin: Origin = Origin.FACES, **narrowed) -> RemoveCandidate:  # type: ignore[no-untyped-def]
    return RemoveCandidate(origin=origin, candidate_id=candidate_id(number), **narrowed)
