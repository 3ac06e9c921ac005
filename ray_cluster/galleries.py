"""The port to comparisons of descriptors with one another, made in the calling thread."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from domain.shared.biometrics import Descriptor
from domain.shared.model_features import DescriptorFeature
from inference import clustering, roc
from inference.matching.gallery import Gallery
from inference.matching.id_table import Rows
from inference.matching.match_index import MatchIndex
from inference.matching.values import MatchCandidate, MatchQuery, Origin, PutCandidate
from inference.matching.workers import Workers
from inference.roc import Marked, RocCurve, roc_curve

__all__ = ["Gallery", "Marked", "RocCurve", "best_among", "clusters", "match_marked", "roc_curve"]

Pause = Callable[[], None]


@contextmanager
def _workers() -> Iterator[Workers]:
    """All threads but one, so that whoever asks meanwhile is answered."""
    workers = Workers(max(Workers.cores() - 1, 1))
    try:
        yield workers
    finally:
        workers.close()


def clusters(
    gallery: Gallery,
    threshold: float,
    *,
    limit: int | None = None,
    together: Iterable[Rows] = (),
    pause: Pause = lambda: None,
) -> list[Rows]:
    """Row numbers by cluster: `inference.clustering.clusters`."""
    with _workers() as workers:
        return clustering.clusters(
            gallery, threshold, limit=limit, together=together, workers=workers, pause=pause
        )


def match_marked(
    gallery: Gallery,
    labels: Sequence[int],
    *,
    limit: int,
    hit_threshold: float = 0.0,
    pause: Pause = lambda: None,
) -> Marked:
    """The best matches of each row with the others: `inference.roc.match_marked`."""
    with _workers() as workers:
        return roc.match_marked(
            gallery,
            labels,
            limit=limit,
            hit_threshold=hit_threshold,
            workers=workers,
            pause=pause,
        )


def best_among(
    candidates: Mapping[UUID, Descriptor],
    references: Sequence[Descriptor],
    feature: DescriptorFeature,
    *,
    limit: int,
    threshold: float,
) -> list[Sequence[MatchCandidate]]:
    """What a search of an index of just these candidates finds for each reference."""
    moment = datetime.now(UTC)
    with _workers() as workers:
        index = MatchIndex([feature], workers=workers)
        index.apply(
            [
                PutCandidate(
                    origin=Origin.ATTRIBUTES,
                    candidate_id=candidate_id,
                    account_id=candidate_id,
                    descriptor=descriptor,
                    create_time=moment,
                )
                for candidate_id, descriptor in candidates.items()
            ],
            None,
        )
        query = MatchQuery(
            references=tuple(references),
            origin=Origin.ATTRIBUTES,
            limit=limit,
            threshold=threshold,
        )
        (answers,) = index.search([query])
    return [answer.candidates for answer in answers]
