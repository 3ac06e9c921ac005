"""A handler at work: images in, events out, everything they leave behind kept together.

The stages are those of the contract: detect and filter, extract, match, tags, storage, notify.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from api.dependencies import SendFunction
from api.images_in_request import RequestImage
from api.pipelines.compose_events import Composer, Told, attribute_of, detection_shown
from api.pipelines.decide import Decided, decide
from api.pipelines.detect import DetectedImage
from api.pipelines.given_descriptors import is_descriptor
from api.pipelines.keep_files import drop_files, put_files
from api.pipelines.kept_files import KeptFiles, files_of
from api.pipelines.match import MatchStage
from api.pipelines.models_used import require_roles
from api.pipelines.people import Extraction
from api.pipelines.receive import image_shown, in_order, receive, sightings_of
from api.pipelines.shown import people_shown
from api.services import Services
from commands.recognitions import StoreRecognitions
from domain.attributes import AttributeNotFound
from domain.handlers import DescriptorsNotAggregated
from domain.log.port import OutcomeUnknown
from domain.policies.policies import Policies
from domain.policies.reasons import FilteredDetection
from domain.policies.run_detect import as_shown
from domain.shared.detections import ImageType, ModelRef


@dataclass(slots=True)
class HandlerRun:
    """One request to a handler, from its images to the body of the answer."""

    services: Services
    matching: MatchStage
    send: SendFunction
    account_id: UUID
    handler_id: UUID
    request_id: str
    policies: Policies
    told: Told
    image_type: ImageType = ImageType.RAW
    use_exif: bool = True
    used: list[ModelRef] = field(default_factory=list)
    """The networks that worked, known after `answer`."""

    async def answer(self, images: Sequence[RequestImage]) -> dict[str, Any]:
        """The contract's `GenerateEventsResponse`; all of it is on disk by then."""
        aggregate = self.told.aggregate
        if aggregate and len(images) > 1 and any(map(is_descriptor, images)):
            raise DescriptorsNotAggregated
        models, policies = self.services.models, self.policies
        extraction = Extraction(models, policies.extract_policy, aggregate=aggregate)
        await self._check(images, extraction)
        detected, given = await receive(
            self.services,
            self.account_id,
            images,
            policies.detect_policy,
            image_type=self.image_type,
            use_exif=self.use_exif,
            aggregate=aggregate,
        )
        people = in_order([*await extraction.people(sightings_of(detected)), *given])
        self.used += (ref for image in detected if image.found for ref in image.found.models)
        self.used += extraction.used
        decided = await decide(self.matching, self.account_id, policies, people, self.told.tags)
        return await self._keep(decided, detected)

    async def _check(self, images: Sequence[RequestImage], extraction: Extraction) -> None:
        """Refuse what cannot be done before any of it is."""
        policies = self.policies
        self.matching.check(self.account_id, policies.match_policy)
        if all(map(is_descriptor, images)):
            return
        warps = self.image_type is not ImageType.RAW
        faces = bool(policies.detect_policy.detect_face) or warps
        roles = extraction.roles(faces=faces, bodies=bool(policies.detect_policy.detect_body))
        await require_roles(self.services.models, roles)

    async def _keep(
        self, decided: Sequence[Decided], detected: Sequence[DetectedImage]
    ) -> dict[str, Any]:
        """Bytes and temporary attributes first, then all facts at once; or nothing."""
        services, origin = self.services, self.policies.storage_policy.image_origin_policy
        kept = await files_of(services.models, decided, origin)
        await put_files(services.blobs, kept.contents.items())
        attributes: dict[int, UUID] = {}
        try:
            attributes = await self._put_attributes(decided, kept)
            composer = Composer(self.account_id, self.policies, self.told, kept)
            command = StoreRecognitions(
                account_id=self.account_id,
                handler_id=self.handler_id,
                request_id=self.request_id,
                recognitions=tuple(
                    composer.recognition(one, attributes.get(index))
                    for index, one in enumerate(decided)
                ),
                answer=self._without_events(detected),
                models=_models(self.used),
                face_samples=tuple(kept.face_samples),
                body_samples=tuple(kept.body_samples),
                images=tuple(kept.images),
            )
            body = await self.send(command)
        except OutcomeUnknown:  # the facts may be there, and then they need their bytes
            raise
        except Exception:  # whatever refused or broke it: nothing was committed
            await self._take_back(kept, attributes)
            raise
        own = [str(one.event.event_id) for one in command.recognitions]
        if [event["event_id"] for event in body["events"]] != own:  # a repeated request
            await self._take_back(kept, attributes)
        return body

    async def _put_attributes(self, decided: Sequence[Decided], kept: KeptFiles) -> dict[int, UUID]:
        """The ids of the temporary attributes, by the person's place."""
        contents, places, ttl_s = [], [], 1
        for place, one in enumerate(decided):
            content = attribute_of(one.person, kept)
            if one.plan.attribute_ttl is not None and content is not None:
                ttl_s = one.plan.attribute_ttl  # the same for all: they are of one policy
                contents.append(content)
                places.append(place)
        if not contents:
            return {}
        put = self.services.attributes.put
        ids = await asyncio.to_thread(put, self.account_id, contents, ttl_s)
        return dict(zip(places, ids, strict=True))

    async def _take_back(self, kept: KeptFiles, attributes: dict[int, UUID]) -> None:
        await drop_files(self.services.blobs, kept.contents)
        for attribute_id in attributes.values():
            try:
                delete = self.services.attributes.delete
                await asyncio.to_thread(delete, self.account_id, attribute_id)
            except AttributeNotFound:  # its time was up already
                continue

    def _without_events(self, detected: Sequence[DetectedImage]) -> dict[str, Any]:
        """The part of the answer that says what became of images and of dropped faces."""
        policy = self.policies.detect_policy
        dropped = [
            FilteredDetection(
                image.filename, detection_shown(policy, as_shown(policy, one.face)), one.reasons
            ).as_dict()
            for image in detected
            for one in image.dropped
        ]
        return {
            "images": [self._image_shown(image) for image in detected],
            "filtered_detections": {"face_detections": dropped},
        }

    def _image_shown(self, image: DetectedImage) -> dict[str, Any]:
        """The contract's `ProcessedImage`, and what later clients are told of the whole image."""
        where = bool(self.policies.detect_policy.estimate_people_count.people_coordinates)
        told = {} if image.found is None else people_shown(image.found, where=where)
        return {**image_shown(image), "image_estimations": told}


def _models(used: Sequence[ModelRef]) -> dict[str, Any]:
    """By role, which network made results: pack and its version, file and its sha256."""
    return {
        ref.role: {
            "pack": ref.pack,
            "version": ref.version,
            "model": ref.model,
            "sha256": ref.sha256,
        }
        for ref in used
    }
