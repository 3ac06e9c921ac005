"""Match requests: references against sets of candidates, answered as the contract shows it."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import Response

from api.pipelines.candidates import CandidateSearch, CandidateSet, Found
from api.pipelines.references import Reference
from api.schemas.general_matcher import GeneralCandidates, PlattScaling
from api.schemas.matcher import ATTRIBUTE_TARGETS, CandidateAttributes, Candidates
from api.services import Services
from domain.policies.match import EVENT_TARGETS, FACE_TARGETS, GENERAL_EVENT_TARGETS
from domain.shared.biometrics import Descriptor, DescriptorKind
from ray_cluster.matching import MatchOrder

_TARGETS = {
    "faces": FACE_TARGETS,
    "events": EVENT_TARGETS,
    "general_events": GENERAL_EVENT_TARGETS,
}


async def match_sets(
    services: Services,
    references: Sequence[Reference],
    sets: Sequence[Candidates | GeneralCandidates],
    account_id: UUID | None,
    answer: Response,
    scaled: Sequence[PlattScaling | None] = (),
) -> list[dict[str, Any]]:
    """One item per reference, in it one result per candidate set, both in the order asked.

    `scaled` says how similarities of each set are normalised, if of any they are.
    Headers tell the place in the log that the index had reached, and whether it was exact.
    """
    search = CandidateSearch(services.reader, services.matching)
    descriptors = [reference.descriptor for reference in references]
    results = await asyncio.gather(
        *(
            _search(services, search, descriptors, wanted, account_id, scaling)
            for wanted, scaling in zip(sets, scaled or [None] * len(sets), strict=True)
        )
    )
    if search.position is not None:
        answer.headers["Selene-Match-Position"] = str(search.position)
        answer.headers["Selene-Match-Exact"] = "true" if search.exact else "false"
        if not search.exact:
            answer.headers["Selene-Match-Recall"] = f"{search.recall:.3f}"
    return [
        {
            "reference": reference.shown,
            "matches": [
                {"result": result[number], "filters": wanted.filters.as_dict()}
                for wanted, result in zip(sets, results, strict=True)
            ],
        }
        for number, reference in enumerate(references)
    ]


async def _search(
    services: Services,
    search: CandidateSearch,
    references: Sequence[Descriptor],
    wanted: Candidates | GeneralCandidates,
    account_id: UUID | None,
    scaling: PlattScaling | None,
) -> list[Found]:
    if scaling is not None:
        threshold = scaling.least(wanted.threshold)
        asked = wanted.model_copy(update={"threshold": threshold, "targets": None})
        found = await _search(services, search, references, asked, account_id, None)
        return [_normalised(one, wanted, scaling) for one in found]
    if isinstance(wanted, CandidateAttributes):
        return await _attributes(services, references, wanted, account_id)
    candidates = CandidateSet(
        wanted.filters,
        wanted.limit,
        wanted.threshold,
        wanted.shown(_TARGETS[wanted.filters.origin]),
        MatchOrder(wanted.order),
    )
    return await search.search(references, candidates, account_id)


def _normalised(
    found: Found, wanted: Candidates | GeneralCandidates, scaling: PlattScaling
) -> Found:
    """The hits whose normalised similarity passes, with no more than the targets."""
    hits: Found = []
    for hit in found:
        similarity = scaling.normalised(hit.pop("similarity"))
        if similarity < wanted.threshold:
            continue
        for name, fields in hit.items():
            shown = wanted.targets
            hit[name] = fields if shown is None else {n: fields[n] for n in shown if n in fields}
        if wanted.targets is None or "similarity" in wanted.targets:
            hit["similarity"] = round(similarity, 6)
        hits.append(hit)
    return hits


async def _attributes(
    services: Services,
    references: Sequence[Descriptor],
    wanted: CandidateAttributes,
    account_id: UUID | None,
) -> list[Found]:
    """Temporary attributes are few and named by id: they are compared one by one."""
    account = account_id or wanted.filters.account_id
    ids = list(dict.fromkeys(wanted.filters.attribute_ids))
    kept = await asyncio.to_thread(services.attributes.find, account, ids)
    shown = wanted.shown(ATTRIBUTE_TARGETS)
    found: list[Found] = []
    for reference in references:
        vectors = [
            (attribute, Descriptor(DescriptorKind.FACE, one.version, one.data))
            for attribute in kept
            for one in attribute.content.descriptors
            if one.version == reference.version
        ]
        scores = await services.matching.similarities(reference, [v for _, v in vectors])
        hits = [
            (score, attribute)
            for score, (attribute, _) in zip(scores, vectors, strict=True)
            if score >= wanted.threshold
        ]
        hits.sort(key=lambda hit: (-hit[0], hit[1].attribute_id))
        del hits[wanted.limit :]
        if wanted.order != "similarity":
            newest = wanted.order == "create_time_desc"
            hits.sort(key=lambda hit: hit[1].create_time, reverse=newest)
        row: Found = []
        for score, attribute in hits:
            fields = {n: getattr(attribute, n) for n in shown if n != "similarity"}
            hit: dict[str, Any] = {"attribute": fields}
            if "similarity" in shown:
                hit["similarity"] = round(score, 6)
            row.append(hit)
        found.append(row)
    return found
