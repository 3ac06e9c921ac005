"""Descriptors of one body compared with each other: every reference with every candidate."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.pipelines.references import References
from api.schemas.matcher import MatchRawRequest
from api.services import Services
from domain.matching import NotComparable


@dataclass(frozen=True, slots=True)
class RawComparison:
    """A reference by its label, and how similar each candidate is to it, best first."""

    reference_id: str
    candidates: Sequence[tuple[str, float]]


async def compare_raw(
    services: Services, body: MatchRawRequest, account_id: UUID | None
) -> list[RawComparison]:
    """One comparison per reference, in their order; refuses what cannot be compared."""
    features = services.models.descriptors()
    found = References(services.reader, services.attributes, features, account_id)
    references = [
        (one.id, found.raw(one, None, f"references.{n}.data"))
        for n, one in enumerate(body.references)
    ]
    candidates = [
        (one.id, found.raw(one, None, f"candidates.{n}.data"))
        for n, one in enumerate(body.candidates)
    ]
    for reference_id, reference in references:
        for candidate_id, candidate in candidates:
            if (reference.kind, reference.version) != (candidate.kind, candidate.version):
                raise NotComparable(reference_id, candidate_id)
    rows = await asyncio.gather(
        *(
            services.matching.similarities(reference, [c for _, c in candidates])
            for _, reference in references
        )
    )
    compared = []
    for (reference_id, _), row in zip(references, rows, strict=True):
        named = [(label, value) for (label, _), value in zip(candidates, row, strict=True)]
        compared.append(RawComparison(reference_id, sorted(named, key=lambda pair: -pair[1])))
    return compared
