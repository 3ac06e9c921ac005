"""The extract stage: who was seen, where, and what is known of them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from api.pipelines.detect import DetectedImage
from domain.policies.extract import ExtractPolicy
from domain.policies.reasons import FilterReason
from domain.policies.run_extract import (
    estimations_together,
    events_of,
    extract_wanted,
    score_reason,
)
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.detections import (
    Extracted,
    ExtractWanted,
    FaceEstimations,
    FoundFace,
    Human,
    ModelRef,
    Warp,
)
from domain.shared.estimations import BasicAttributes, Liveness
from ray_cluster.models import Models

FACE, BODY = DescriptorKind.FACE, DescriptorKind.BODY


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Somebody in one image; `place` is the image's in the request.

    Without `human` it is a descriptor that was sent in place of an image.
    """

    place: int
    image: DetectedImage
    human: Human = field(default_factory=Human)


@dataclass(frozen=True, slots=True)
class Person:
    """Who makes one event: where they were seen, and what was extracted of all of it together.

    `descriptors` are those good enough to be matched and stored; `poor` says why the face's is
    not among them. A descriptor that was sent has no score.
    """

    sightings: tuple[Sighting, ...]
    descriptors: Mapping[DescriptorKind, Descriptor] = field(default_factory=dict)
    scores: Mapping[DescriptorKind, float] = field(default_factory=dict)
    basic: BasicAttributes | None = None
    poor: FilterReason | None = None

    @property
    def faces(self) -> list[FoundFace]:
        """The faces that were detected."""
        found = (sighting.human.face for sighting in self.sightings)
        return [face for face in found if face is not None]

    @property
    def has_face(self) -> bool:
        """Whether a face was seen, or its descriptor sent."""
        return bool(self.faces) or FACE in self.descriptors

    @property
    def together(self) -> FaceEstimations:
        """Liveness, mask and emotions over all faces."""
        return estimations_together([face.estimations for face in self.faces])

    @property
    def liveness(self) -> Liveness | None:
        """Liveness over all faces."""
        return self.together.liveness


class Extraction:
    """Runs the extract policy over what was detected; `used` are the networks that worked."""

    def __init__(self, models: Models, policy: ExtractPolicy, *, aggregate: bool) -> None:
        self._models = models
        self._policy = policy
        self._aggregate = aggregate
        self._faces = extract_wanted(policy)
        self.used: list[ModelRef] = []

    def roles(self, *, faces: bool, bodies: bool) -> Iterator[str]:
        """The models that are needed once there is a face or a body."""
        if faces and self._faces.descriptor:
            yield "face_descriptor"
        if faces and self._faces.basic_attributes:
            yield "basic_attributes"
        if bodies and self._policy.extract_body_descriptor:
            yield "body_descriptor"

    async def people(self, sightings: Sequence[Sighting]) -> list[Person]:
        """Everybody who makes an event, in the order seen."""
        faces = [s for s in sightings if s.human.face is not None]
        bodies = [s for s in sightings if s.human.body is not None]
        of_face, of_body = await asyncio.gather(self._of_faces(faces), self._of_bodies(bodies))
        return [
            self._person(tuple(group), of_face, of_body)
            for group in events_of(sightings, aggregate=self._aggregate)
        ]

    async def _of_faces(self, sightings: Sequence[Sighting]) -> dict[Sighting, Extracted]:
        """What each face gives; taken together it is under every sighting."""
        wanted = self._faces
        if not sightings or not (wanted.descriptor or wanted.basic_attributes):
            return {}
        if not self._aggregate:
            found = await self._models.extract_faces(_face_warps(sightings), wanted)
            return dict(zip(sightings, self._counted(found), strict=True))
        good = sightings
        if self._policy.fd_score_threshold and wanted.descriptor and len(sightings) > 1:
            alone = await self._models.extract_faces(
                _face_warps(sightings), ExtractWanted(descriptor=True)
            )
            pairs = zip(sightings, alone, strict=True)
            good = [s for s, one in pairs if self._poor(one) is None] or sightings
        together = ExtractWanted(wanted.descriptor, wanted.basic_attributes, aggregate=True)
        (one,) = self._counted(await self._models.extract_faces(_face_warps(good), together))
        return dict.fromkeys(sightings, one)

    async def _of_bodies(self, sightings: Sequence[Sighting]) -> dict[Sighting, Extracted]:
        if not sightings or not self._policy.extract_body_descriptor:
            return {}
        warps = [s.human.body.warp for s in sightings if s.human.body is not None]
        wanted = ExtractWanted(descriptor=True, aggregate=self._aggregate)
        found = self._counted(await self._models.extract_bodies(warps, wanted))
        if self._aggregate:
            return dict.fromkeys(sightings, found[0])
        return dict(zip(sightings, found, strict=True))

    def _counted(self, found: list[Extracted]) -> list[Extracted]:
        self.used += (ref for extracted in found for ref in extracted.models)
        return found

    def _poor(self, extracted: Extracted) -> FilterReason | None:
        result = extracted.descriptor
        return None if result is None else score_reason(self._policy, result.score)

    def _person(
        self,
        sightings: tuple[Sighting, ...],
        of_face: Mapping[Sighting, Extracted],
        of_body: Mapping[Sighting, Extracted],
    ) -> Person:
        face = next((of_face[s] for s in sightings if s in of_face), Extracted())
        body = next((of_body[s] for s in sightings if s in of_body), Extracted())
        poor = self._poor(face)
        descriptors, scores = {}, {}
        for kind, result in ((FACE, face.descriptor), (BODY, body.descriptor)):
            if result is not None:
                scores[kind] = result.score
                if kind is not FACE or poor is None:
                    descriptors[kind] = result.descriptor
        return Person(sightings, descriptors, scores, face.basic_attributes, poor)


def _face_warps(sightings: Sequence[Sighting]) -> list[Warp]:
    return [s.human.face.warp for s in sightings if s.human.face is not None]
