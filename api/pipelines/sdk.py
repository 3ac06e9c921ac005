"""Stateless estimation: everything a client asks about images, with nothing stored."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.pipelines.detect import DetectedImage, DroppedFace, detect_images
from api.pipelines.load_images import LoadedImage
from api.pipelines.models_used import require_roles
from api.pipelines.shown import (
    Shown,
    body_shown,
    face_shown,
    filtered_shown,
    people_shown,
    status_shown,
)
from api.schemas.eyes import SdkQuery
from domain.policies.reasons import FilterReason
from domain.policies.run_detect import as_shown, detect_wanted
from domain.policies.run_extract import estimations_together
from domain.shared.detections import (
    Extracted,
    ExtractWanted,
    FaceEstimations,
    FoundFace,
    Human,
    ImageDetections,
    ImageType,
    ModelRef,
    Warp,
)
from ray_cluster.models import Models


@dataclass(slots=True)
class _Person:
    """Somebody in an image with what was made of the warps after the detect stage."""

    human: Human
    face: Extracted = field(default_factory=Extracted)
    body: Extracted = field(default_factory=Extracted)
    face_warp: bytes | None = None
    body_warp: bytes | None = None


@dataclass(slots=True)
class _Image:
    """A detected image with its people."""

    detected: DetectedImage
    people: list[_Person]


class SdkRun:
    """One request: `answer` is the contract's `SdkResponse`, `used` the networks behind it."""

    def __init__(self, models: Models, query: SdkQuery) -> None:
        self._models = models
        self._query = query
        self._policy = query.policy()
        self._aggregate = bool(query.aggregate_attributes)
        self.used: list[ModelRef] = []

    async def answer(self, loaded: Sequence[LoadedImage]) -> Shown:
        """Detect, drop, extract and encode for all images together, then show each."""
        roles = [*self._query.other_roles, *self._extracting_roles(loaded)]
        await require_roles(self._models, roles)
        images = await self._detect(loaded)
        if not self._aggregate:
            await asyncio.gather(self._extract_faces(images), self._extract_bodies(images))
        elif self._query.score_threshold and self._query.estimate_face_descriptor:
            await self._extract_faces(images)  # only the good ones are taken together
        await self._encode_warps(images)
        shown: Shown = {"images_estimations": [self._shown(image) for image in images]}
        if self._aggregate:
            shown["aggregate_estimations"] = await self._together(_people(images))
        return shown

    def _extracting_roles(self, loaded: Sequence[LoadedImage]) -> Iterator[str]:
        """Roles that are asked for only once there is a face or a body."""
        query = self._query
        given = {image.given.image_type for image in loaded if image.given is not None}
        if query.detect_face or ImageType.FACE_WARP in given:
            if query.estimate_face_descriptor:
                yield "face_descriptor"
            if query.estimate_basic_attributes:
                yield "basic_attributes"
        if query.estimate_body_descriptor and (query.detect_body or ImageType.BODY_WARP in given):
            yield "body_descriptor"

    async def _detect(self, loaded: Sequence[LoadedImage]) -> list[_Image]:
        wanted = replace(
            detect_wanted(self._policy, use_exif_orientation=bool(self._query.use_exif_info)),
            landmarks5=bool(self._query.estimate_landmarks5),
            people_count=bool(self._query.estimate_people_count),
        )
        found = await detect_images(
            self._models, loaded, self._policy, wanted=wanted, aggregate=self._aggregate
        )
        self.used += (ref for image in found if image.found for ref in image.found.models)
        return [_Image(image, [_Person(human) for human in image.people]) for image in found]

    async def _extract_faces(self, images: Sequence[_Image]) -> None:
        """What each face gives, in one call; those whose descriptor is too poor are dropped."""
        whole = [person for person in _people(images) if person.human.face is not None]
        found = await self._of_faces(whole, aggregate=False)
        for person, extracted in zip(whole, found, strict=bool(found)):
            person.face = extracted
        for image in images:
            kept = []
            for person in image.people:
                result, face = person.face.descriptor, person.human.face
                if face is None or result is None or result.score >= self._query.score_threshold:
                    kept.append(person)
                    continue
                score = round(result.score, 6)
                reason = FilterReason("score_threshold", score, self._query.score_threshold)
                image.detected.dropped.append(DroppedFace(face, (reason,)))
            image.people = kept

    async def _extract_bodies(self, images: Sequence[_Image]) -> None:
        """What each body gives, in one call."""
        whole = [person for person in _people(images) if person.human.body is not None]
        found = await self._of_bodies(whole, aggregate=False)
        for person, extracted in zip(whole, found, strict=bool(found)):
            person.body = extracted

    async def _of_faces(self, people: Sequence[_Person], *, aggregate: bool) -> list[Extracted]:
        wanted = ExtractWanted(
            bool(self._query.estimate_face_descriptor),
            bool(self._query.estimate_basic_attributes),
            aggregate,
        )
        warps = [person.human.face.warp for person in people if person.human.face is not None]
        if not warps or not (wanted.descriptor or wanted.basic_attributes):
            return []
        return self._counted(await self._models.extract_faces(warps, wanted))

    async def _of_bodies(self, people: Sequence[_Person], *, aggregate: bool) -> list[Extracted]:
        warps = [person.human.body.warp for person in people if person.human.body is not None]
        if not warps or not self._query.estimate_body_descriptor:
            return []
        wanted = ExtractWanted(descriptor=True, aggregate=aggregate)
        return self._counted(await self._models.extract_bodies(warps, wanted))

    def _counted(self, found: list[Extracted]) -> list[Extracted]:
        self.used += (ref for extracted in found for ref in extracted.models)
        return found

    async def _encode_warps(self, images: Sequence[_Image]) -> None:
        """The JPEG files of all warps to be shown, in one call."""
        faces: list[tuple[_Person, Warp]] = []
        bodies: list[tuple[_Person, Warp]] = []
        for person in _people(images):
            if self._query.estimate_face_warp and person.human.face is not None:
                faces.append((person, person.human.face.warp))
            if self._query.estimate_body_warp and person.human.body is not None:
                bodies.append((person, person.human.body.warp))
        files = iter(await self._models.encode_warps([warp for _, warp in (*faces, *bodies)]))
        for person, _ in faces:
            person.face_warp = next(files)
        for person, _ in bodies:
            person.body_warp = next(files)

    def _shown(self, image: _Image) -> Shown:
        """The contract's `SdkImage`."""
        detected = image.detected
        return {
            "filename": detected.filename,
            **status_shown(detected.error),
            **self._of_image(detected.found),
            "estimations": [self._person_shown(person) for person in image.people],
            "filtered_detections": {
                "face_detections": [
                    filtered_shown(dropped, self._visible(dropped.face))
                    for dropped in detected.dropped
                ]
            },
        }

    def _of_image(self, found: ImageDetections | None) -> Shown:
        """What is told of the image as a whole, where it is asked for."""
        shown: Shown = {}
        if found is not None and self._query.extract_exif:
            shown["exif"] = dict(found.exif or {})
        if found is not None and found.people is not None:
            where = bool(self._query.people_count_coordinates)
            shown["image_estimations"] = people_shown(found, where=where)
        return shown

    def _person_shown(self, person: _Person) -> Shown:
        shown: Shown = {"face": None, "body": None}
        if person.human.face is not None:
            face = self._visible(person.human.face, person.face)
            shown["face"] = {"detection": face_shown(face, warp=person.face_warp)}
        if person.human.body is not None:
            detection = body_shown(person.human.body, warp=person.body_warp)
            detection["attributes"] |= _descriptor(person.body)
            shown["body"] = {"detection": detection}
        return shown

    def _visible(self, face: FoundFace, extracted: Extracted | None = None) -> FoundFace:
        """The face as the client asked for it: estimations of filters alone are not shown.

        What all images tell together is not told of each.
        """
        shown = as_shown(self._policy, face)
        estimations = shown.estimations
        if self._aggregate:
            estimations = replace(estimations, emotions=None, mask=None, liveness=None)
        elif extracted is not None:
            estimations = _joined(estimations, extracted)
        return replace(shown, estimations=estimations)

    async def _together(self, people: Sequence[_Person]) -> Shown:
        """The contract's `AggregateEstimations`; null for what nobody showed."""
        faces = [person for person in people if person.human.face is not None]
        bodies = [person for person in people if person.human.body is not None]
        of_face, of_body = await asyncio.gather(
            self._of_faces(faces, aggregate=True), self._of_bodies(bodies, aggregate=True)
        )
        shown: dict[str, Any] = {"face": None, "body": None}
        found = [person.human.face for person in faces if person.human.face is not None]
        if found:
            merged = estimations_together(
                [as_shown(self._policy, face).estimations for face in found]
            )
            merged = _joined(merged, *of_face)
            shown["face"] = {"attributes": merged.as_dict()}
        if bodies:
            shown["body"] = {"attributes": _descriptor(*of_body)}
        return shown


def _people(images: Sequence[_Image]) -> list[_Person]:
    return [person for image in images for person in image.people]


def _joined(estimations: FaceEstimations, *extracted: Extracted) -> FaceEstimations:
    for one in extracted:
        estimations = replace(
            estimations, descriptor=one.descriptor, basic_attributes=one.basic_attributes
        )
    return estimations


def _descriptor(*extracted: Extracted) -> Shown:
    """The `attributes` of a body."""
    found = [one.descriptor for one in extracted if one.descriptor is not None]
    return {"descriptor": found[0].as_dict()} if found else {}
