"""Samples to temporary attributes: load, extract, drop what is too poor, keep the rest."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from api.pipelines.load_images import ImageLoader
from api.pipelines.models_used import require_roles
from api.schemas.eyes import ExtractorQuery
from domain.attributes import AttributeContent, DescriptorData
from domain.policies.reasons import FilterReason
from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import Extracted, ExtractWanted, ModelRef, Warp
from domain.shared.estimations import ETHNICITY_IDS, BasicAttributes
from projections.temporary_attributes import TemporaryAttributes
from ray_cluster.models import Models

_Made = tuple[tuple[UUID, ...], Extracted]
"""What was extracted, and the samples it came from."""


class ExtractorRun:
    """One request: `answer` is a list of the contract's `ExtractResult`, `used` the networks."""

    def __init__(
        self,
        models: Models,
        images: ImageLoader,
        attributes: TemporaryAttributes,
        query: ExtractorQuery,
    ) -> None:
        self._models = models
        self._images = images
        self._attributes = attributes
        self._query = query
        self._wanted = ExtractWanted(
            bool(query.extract_descriptor), bool(query.extract_basic_attributes)
        )
        self.used: list[ModelRef] = []

    async def answer(self, sample_ids: Sequence[UUID], account_id: UUID) -> list[dict[str, Any]]:
        """One attribute per sample, or one of all samples whose descriptors are good enough."""
        await require_roles(self._models, self._roles())
        files = await self._images.face_samples(sample_ids, account_id)
        warps = await self._models.decode_warps(files, DescriptorKind.FACE)
        if not self._query.aggregate_attributes:
            found = await self._extract(warps, aggregate=False)
            made = [((sample_id,), one) for sample_id, one in zip(sample_ids, found, strict=True)]
            return await self._keep(made, account_id)
        good = list(zip(sample_ids, warps, strict=True))
        if self._query.score_threshold and self._wanted.descriptor:
            each = await self._extract(warps, aggregate=False)
            passed = [pair for pair, one in zip(good, each, strict=True) if not self._poor(one)]
            good = passed or good  # if none passes, the answer says how poor all are together
        (together,) = await self._extract([warp for _, warp in good], aggregate=True)
        return await self._keep([(tuple(i for i, _ in good), together)], account_id)

    def _roles(self) -> list[str]:
        roles = ["face_descriptor"] if self._wanted.descriptor else []
        return [*roles, "basic_attributes"] if self._wanted.basic_attributes else roles

    async def _extract(self, warps: Sequence[Warp], *, aggregate: bool) -> list[Extracted]:
        wanted = replace(self._wanted, aggregate=aggregate)
        found = await self._models.extract_faces(warps, wanted)
        self.used += (ref for one in found for ref in one.models)
        return found

    def _poor(self, extracted: Extracted) -> bool:
        result = extracted.descriptor
        return result is not None and result.score < self._query.score_threshold

    async def _keep(self, made: Sequence[_Made], account_id: UUID) -> list[dict[str, Any]]:
        """Keep those that are good enough, together, and show all."""
        contents = [_content(*one) for one in made if not self._poor(one[1])]
        ids = iter(
            await asyncio.to_thread(self._attributes.put, account_id, contents, self._query.ttl)
            if contents
            else ()
        )
        return [
            self._dropped(extracted)
            if self._poor(extracted)
            else _shown(samples, extracted, next(ids))
            for samples, extracted in made
        ]

    def _dropped(self, extracted: Extracted) -> dict[str, Any]:
        assert extracted.descriptor is not None
        score = round(extracted.descriptor.score, 6)
        reason = FilterReason("score_threshold", score, self._query.score_threshold)
        return {
            "samples": [],
            "attribute_id": None,
            "url": None,
            "score": score,
            "filter": {"is_filtered": True, "filter_reasons": [reason.as_dict()]},
        }


def _shown(samples: Sequence[UUID], extracted: Extracted, attribute_id: UUID) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "samples": samples,
        "attribute_id": attribute_id,
        "url": f"/6/attributes/{attribute_id}",
        "filter": {"is_filtered": False, "filter_reasons": []},
    }
    if extracted.basic_attributes is not None:
        shown["basic_attributes"] = extracted.basic_attributes.as_dict()
    if extracted.descriptor is not None:
        shown["score"] = round(extracted.descriptor.score, 6)
    return shown


def _content(samples: tuple[UUID, ...], extracted: Extracted) -> AttributeContent:
    result, basic = extracted.descriptor, extracted.basic_attributes
    descriptors = (
        (DescriptorData(result.descriptor.version, result.descriptor.data),) if result else ()
    )
    return AttributeContent(
        descriptors,
        None if basic is None else _stored(basic),
        samples if descriptors else (),
        samples if basic is not None else (),
    )


def _stored(basic: BasicAttributes) -> dict[str, Any]:
    """Basic attributes as attributes and faces keep them."""
    shown = basic.as_dict()
    stored = {"age": shown["age"], "gender": shown["gender"]}
    if basic.ethnicities is not None:
        stored["ethnicity"] = ETHNICITY_IDS[basic.ethnicities.predominant()]
    return stored
