"""Stateless estimation: everything a client asks about images, with nothing stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from api.pipelines.detect import DetectedImage, DroppedFace, detect_images
from api.pipelines.load_images import LoadedImage
from api.pipelines.shown import Shown, body_shown, face_shown, status_shown
from api.schemas.eyes import SdkQuery
from domain.policies.reasons import FilterReason
from domain.policies.run_detect import as_shown, detect_wanted
from domain.policies.run_extract import estimations_together
from domain.shared.detections import (
    Extracted,
    ExtractWanted,
    FaceEstimations,
    FoundBody,
    FoundFace,
    Human,
    Warp,
)
from ray_cluster.models import Models


async def sdk_answer(models: Models, images: Sequence[LoadedImage], query: SdkQuery) -> Shown:
    """The contract's `SdkResponse`."""
    policy = query.policy()
    aggregate = bool(query.aggregate_attributes)
    wanted = replace(
        detect_wanted(policy, use_exif_orientation=bool(query.use_exif_info)),
        landmarks5=bool(query.estimate_landmarks5),
        exif=bool(query.use_exif_info),
    )
    detected = await detect_images(models, images, policy, wanted=wanted, aggregate=aggregate)
    if not aggregate:
        await _extract_each(models, detected, query)
    answer: Shown = {"images_estimations": [await _image(models, i, query) for i in detected]}
    if aggregate:
        answer["aggregate_estimations"] = await _together(models, detected, query)
    return answer


async def _extract_each(models: Models, detected: Sequence[DetectedImage], query: SdkQuery) -> None:
    """Give every face and body what is extracted; drop faces whose descriptor is too poor."""
    faces = [h.face for image in detected for h in image.people if h.face is not None]
    of_face = iter(await _faces(models, faces, query, aggregate=False))
    for image in detected:
        kept = []
        for human in image.people:
            if human.face is None:
                kept.append(human)
                continue
            face = _with(human.face, next(of_face, Extracted()))
            result = face.estimations.descriptor
            if result is not None and result.score < query.score_threshold:
                reason = FilterReason(
                    "score_threshold", round(result.score, 6), query.score_threshold
                )
                image.dropped.append(DroppedFace(face, (reason,)))
            else:
                kept.append(replace(human, face=face))
        image.people = kept


async def _faces(
    models: Models, faces: Sequence[FoundFace], query: SdkQuery, *, aggregate: bool
) -> list[Extracted]:
    wanted = ExtractWanted(
        bool(query.estimate_face_descriptor), bool(query.estimate_basic_attributes), aggregate
    )
    if not faces or not (wanted.descriptor or wanted.basic_attributes):
        return []
    return await models.extract_faces([face.warp for face in faces], wanted)


async def _bodies(
    models: Models, bodies: Sequence[FoundBody], query: SdkQuery, *, aggregate: bool
) -> list[Extracted]:
    if not bodies or not query.estimate_body_descriptor:
        return []
    wanted = ExtractWanted(descriptor=True, aggregate=aggregate)
    return await models.extract_bodies([body.warp for body in bodies], wanted)


def _with(face: FoundFace, extracted: Extracted) -> FoundFace:
    estimations = replace(
        face.estimations,
        descriptor=extracted.descriptor,
        basic_attributes=extracted.basic_attributes,
    )
    return replace(face, estimations=estimations)


async def _image(models: Models, image: DetectedImage, query: SdkQuery) -> Shown:
    shown: Shown = {"filename": image.filename, **status_shown(image.error), "estimations": []}
    if image.found is not None:
        if image.found.exif:
            shown["exif"] = dict(image.found.exif)
        bodies = [h.body for h in image.people if h.body is not None]
        of_body = iter(
            []
            if query.aggregate_attributes
            else await _bodies(models, bodies, query, aggregate=False)
        )
        for human in image.people:
            extracted = next(of_body, None) if human.body is not None else None
            shown["estimations"].append(await _human(models, human, extracted, query))
    shown["filtered_detections"] = {
        "face_detections": [
            {
                "filter_reasons": [reason.as_dict() for reason in dropped.reasons],
                "detection": face_shown(_visible(dropped.face, query)),
            }
            for dropped in image.dropped
        ]
    }
    return shown


async def _human(models: Models, human: Human, body: Extracted | None, query: SdkQuery) -> Shown:
    face: Any = None
    if human.face is not None:
        warp = await _warp(models, human.face.warp, asked=bool(query.estimate_face_warp))
        face = {"detection": face_shown(_visible(human.face, query), warp=warp)}
    whole: Any = None
    if human.body is not None:
        warp = await _warp(models, human.body.warp, asked=bool(query.estimate_body_warp))
        detection = body_shown(human.body, warp=warp)
        if body is not None and body.descriptor is not None:
            detection["attributes"]["descriptor"] = body.descriptor.as_dict()
        whole = {"detection": detection}
    return {"face": face, "body": whole}


async def _warp(models: Models, warp: Warp, *, asked: bool) -> bytes | None:
    return (await models.encode_warps([warp]))[0] if asked else None


def _visible(face: FoundFace, query: SdkQuery) -> FoundFace:
    """The face as the client asked for it: estimations of filters alone are not shown."""
    shown = as_shown(query.policy(), face)
    estimations = replace(
        shown.estimations,
        descriptor=face.estimations.descriptor,
        basic_attributes=face.estimations.basic_attributes,
    )
    if query.aggregate_attributes:
        estimations = replace(estimations, emotions=None, mask=None, liveness=None)
    return replace(shown, estimations=estimations)


async def _together(models: Models, detected: Sequence[DetectedImage], query: SdkQuery) -> Shown:
    """The contract's `AggregateEstimations`; null for what nobody showed."""
    faces = [h.face for image in detected for h in image.people if h.face is not None]
    bodies = [h.body for image in detected for h in image.people if h.body is not None]
    answer: Shown = {"face": None, "body": None}
    if faces:
        merged: FaceEstimations = estimations_together(
            [as_shown(query.policy(), face).estimations for face in faces]
        )
        extracted = next(iter(await _faces(models, faces, query, aggregate=True)), Extracted())
        merged = replace(
            merged,
            descriptor=extracted.descriptor,
            basic_attributes=extracted.basic_attributes,
        )
        answer["face"] = {"attributes": merged.as_dict()}
    if bodies:
        extracted = next(iter(await _bodies(models, bodies, query, aggregate=True)), Extracted())
        attributes = {}
        if extracted.descriptor is not None:
            attributes["descriptor"] = extracted.descriptor.as_dict()
        answer["body"] = {"attributes": attributes}
    return answer
