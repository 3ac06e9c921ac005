"""From the rows that references found, on one shard or several, to the candidates to name."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from inference.matching.id_table import Ids, ids_of
from inference.matching.scoring import Scores, Scoring
from inference.matching.values import MatchAnswer, MatchCandidate, MatchOrder, MatchQuery

# What `MatchCandidate._make` does, without a call of Python for each.
_candidate: Final[Callable[[tuple[UUID, float]], MatchCandidate]] = partial(
    tuple.__new__, MatchCandidate
)


class Hits(NamedTuple):
    """What one reference of one query found, in no order: ids, scores and create times."""

    query: int
    reference: int
    scoring: Scoring
    ids: Ids
    scores: Scores
    times: NDArray[np.int64]
    recall: float | None = None


def answers(
    queries: Sequence[MatchQuery], found: Iterable[Hits], position: int
) -> list[list[MatchAnswer]]:
    """The answers of each query, one per reference; hits of one reference may come in parts."""
    made = [[MatchAnswer((), position, True)] * len(query.references) for query in queries]
    groups: dict[Scoring, dict[tuple[int, int], list[Hits]]] = {}
    for hits in found:
        of_scoring = groups.setdefault(hits.scoring, {})
        of_scoring.setdefault((hits.query, hits.reference), []).append(hits)
    for scoring, group in groups.items():
        wanted = [queries[query] for query, _ in group]
        lists = _ranked(list(group.values()), wanted, scoring)
        for ((query, reference), parts), best in zip(group.items(), lists, strict=True):
            recall = min((part.recall for part in parts if part.recall is not None), default=None)
            answer = MatchAnswer(best, position, recall is None)
            made[query][reference] = answer if recall is None else answer._replace(recall=recall)
    return made


def _ranked(
    found: Sequence[Sequence[Hits]], queries: Sequence[MatchQuery], scoring: Scoring
) -> list[tuple[MatchCandidate, ...]]:
    """The best of what each reference found, as its query wants them."""
    parts = [part for hits in found for part in hits]
    ids = np.concatenate([part.ids for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    times = np.concatenate([part.times for part in parts])
    counts = [sum(len(part.scores) for part in hits) for hits in found]
    similarities = scoring.similarities(scores)
    references = np.repeat(np.arange(len(found)), counts)
    order = np.lexsort((ids[:, 1], ids[:, 0], -scores, references))
    ranks = np.arange(len(scores)) - np.cumsum([0, *counts])[references]
    limits = np.array([query.limit for query in queries])
    thresholds = np.array([query.threshold for query in queries])
    taken = (ranks < limits[references]) & (similarities[order] >= thresholds[references])
    order, references = order[taken], references[taken]
    cuts = np.searchsorted(references, np.arange(len(found) + 1))
    for number, query in enumerate(queries):
        if query.order is not MatchOrder.SIMILARITY:
            part = slice(cuts[number], cuts[number + 1])
            newest_first = query.order is MatchOrder.CREATE_TIME_DESC
            keys = -times[order[part]] if newest_first else times[order[part]]
            order[part] = order[part][np.argsort(keys, kind="stable")]
    pairs = zip(ids_of(ids[order]), similarities[order].tolist(), strict=True)
    candidates = tuple(map(_candidate, pairs))
    return [candidates[start:stop] for start, stop in pairwise(cuts.tolist())]
