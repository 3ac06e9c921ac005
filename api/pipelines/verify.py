"""A verifier at work: images in, out who of the named objects is the same person.

The stages are those of handlers: detect and filter, extract; then compare and keep.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from api.dependencies import SendFunction
from api.images_in_request import RequestImage
from api.pipelines.compose_events import attribute_of, detection_shown, face_attributes_of
from api.pipelines.detect import DetectedImage
from api.pipelines.given_descriptors import is_descriptor
from api.pipelines.keep_files import keep_samples
from api.pipelines.kept_files import KeptFiles, take_given_samples
from api.pipelines.models_used import require_roles
from api.pipelines.people import FACE, Extraction, Person
from api.pipelines.receive import image_shown, in_order, receive, sightings_of
from api.pipelines.verification_objects import VerificationObject
from api.services import Services
from domain.policies.extract import ExtractPolicy
from domain.policies.reasons import FilteredDetection
from domain.policies.run_detect import as_shown
from domain.policies.verify import VerifierPolicies
from domain.shared.detections import ImageType, ModelRef
from domain.shared.enums import SamplesType
from projections.temporary_attributes import DEFAULT_TTL_S

Shown = dict[str, Any]

_FACES_ONLY: Final = (FACE,)


@dataclass(slots=True)
class VerifierRun:
    """One request to a verifier, from its images to the body of the answer."""

    services: Services
    send: SendFunction
    account_id: UUID
    policies: VerifierPolicies
    image_type: ImageType = ImageType.RAW
    use_exif: bool = True
    used: list[ModelRef] = field(default_factory=list)
    """The networks that worked, known after `answer`."""

    async def answer(
        self, images: Sequence[RequestImage], objects: Sequence[VerificationObject]
    ) -> Shown:
        """The contract's `VerificationResponse`; what policies keep is on disk by then."""
        policy = ExtractPolicy(**self.policies.extract_policy.model_dump())
        extraction = Extraction(self.services.models, policy, aggregate=False)
        if not all(map(is_descriptor, images)):
            await require_roles(self.services.models, extraction.roles(faces=True, bodies=False))
        detected, given = await receive(
            self.services,
            self.account_id,
            images,
            self.policies.detect_policy,
            image_type=self.image_type,
            use_exif=self.use_exif,
            kinds=_FACES_ONLY,
        )
        people = in_order([*await extraction.people(sightings_of(detected)), *given])
        self.used += (ref for image in detected if image.found for ref in image.found.models)
        self.used += extraction.used
        verifications = await asyncio.gather(*(self._compared(one, objects) for one in people))
        kept = await self._keep_samples(people)
        attributes = await self._put_attributes(people, kept)
        faces: dict[int, list[Shown]] = {}
        for place, person in enumerate(people):
            shown = self._person_shown(person, attributes.get(place), kept)
            shown["verifications"] = verifications[place]
            faces.setdefault(person.sightings[0].place, []).append(shown)
        return {
            "images": [
                self._image_shown(image, faces.get(place, []))
                for place, image in enumerate(detected)
            ]
        }

    async def _compared(self, person: Person, objects: Sequence[VerificationObject]) -> list[Shown]:
        """The person with every object, best first; with none where the descriptor is too poor."""
        if (reference := person.descriptors.get(FACE)) is None:
            return []
        vectors = [one.descriptor for one in objects]
        scores = await self.services.matching.similarities(reference, vectors)
        pairs = sorted(zip(scores, objects, strict=True), key=lambda pair: -pair[0])
        return [
            {
                "similarity": round(similarity, 6),
                "status": self.policies.is_same(similarity),
                **one.shown,
            }
            for similarity, one in pairs
        ]

    async def _keep_samples(self, people: Sequence[Person]) -> KeptFiles:
        """The ids of the warps that are kept, and of samples that were sent."""
        kept = KeptFiles()
        for person in people:
            for sighting in person.sightings:
                take_given_samples(kept, sighting)
        if not self.policies.storage_policy.face_sample_policy.store_sample:
            return kept
        new = [
            (sighting, face.warp)
            for person in people
            for sighting in person.sightings
            if (face := sighting.human.face) is not None and sighting not in kept.face_ids
        ]
        if new:
            files = await self.services.models.encode_warps([warp for _, warp in new])
            ids = await keep_samples(
                self.send, self.services.blobs, self.account_id, SamplesType.FACES, files
            )
            kept.face_ids.update(zip((sighting for sighting, _ in new), ids, strict=True))
        return kept

    async def _put_attributes(
        self, people: Sequence[Person], kept: KeptFiles
    ) -> Mapping[int, UUID]:
        """The ids of the temporary attributes, by the person's place."""
        if not self.policies.storage_policy.attribute_policy.store_attribute:
            return {}
        contents = {
            place: content
            for place, person in enumerate(people)
            if (content := attribute_of(person, kept)) is not None
        }
        if not contents:
            return {}
        put = self.services.attributes.put
        values = list(contents.values())
        ids = await asyncio.to_thread(put, self.account_id, values, DEFAULT_TTL_S)
        return dict(zip(contents, ids, strict=True))

    def _person_shown(self, person: Person, attribute_id: UUID | None, kept: KeptFiles) -> Shown:
        """The contract's `VerificationFaceDetection`; who was sent as a descriptor has no face."""
        attributes = face_attributes_of(person, attribute_id, kept)
        shown: Shown = {"face_attributes": attributes.as_dict()} if attributes else {}
        (sighting,) = person.sightings
        if (face := sighting.human.face) is not None:
            policy, sample_id = self.policies.detect_policy, kept.face_ids.get(sighting)
            shown["sample"] = {
                "face": {
                    "sample_id": None if sample_id is None else str(sample_id),
                    "url": None if sample_id is None else f"/6/samples/faces/{sample_id}",
                    **detection_shown(policy, as_shown(policy, face)),
                }
            }
        return shown

    def _image_shown(self, image: DetectedImage, faces: list[Shown]) -> Shown:
        """The contract's `VerificationImage`."""
        policy = self.policies.detect_policy
        dropped = [
            FilteredDetection(
                image.filename, detection_shown(policy, as_shown(policy, one.face)), one.reasons
            ).as_dict()
            for one in image.dropped
        ]
        detections = {"face_detections": faces, "filtered_detections": {"face_detections": dropped}}
        return {**image_shown(image), "detections": detections}
