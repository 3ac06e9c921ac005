"""From what networks return to the values that leave the inference layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.shared.body_estimations import BodyAttributes
from domain.shared.detections import (
    BodyEstimations,
    DetectWanted,
    FaceEstimations,
    FoundBody,
    FoundFace,
    Human,
    ImageDetections,
    ImageInput,
    Measured,
    ModelRef,
)
from domain.shared.estimations import Liveness
from domain.shared.geometry import Box, Landmarks, Point
from inference.humans import pair_up
from inference.image import DecodedImage
from inference.models import DetectedBody, DetectedFace, FaceView, Pixels
from inference.portrait.geometry import LENGTHS
from inference.warp_codec import warp_of
from inference.warps import inverted, transform

_ESTIMATIONS = (
    "head_pose",
    "gaze",
    "emotions",
    "mask",
    "glasses",
    "mouth_attributes",
    "eyes_attributes",
    "basic_attributes",
)


@dataclass(slots=True, eq=False)
class ImageView:
    """An opened image and what was found in it so far; faces and views, bodies and warps agree.

    For an image that was given as a warp `detected` stays empty.
    """

    image: ImageInput
    decoded: DecodedImage
    detected: list[DetectedFace] = field(default_factory=list)
    faces: list[FaceView] = field(default_factory=list)
    bodies: list[DetectedBody] = field(default_factory=list)
    body_warps: list[Pixels] = field(default_factory=list)
    body_attributes: list[BodyAttributes] = field(default_factory=list)
    people: list[Point] | None = None


def detections_of(
    view: ImageView, wanted: DetectWanted, refs: tuple[ModelRef, ...]
) -> ImageDetections:
    """What was found in an image, in pixels of the upright image at its original size."""
    decoded = view.decoded
    return ImageDetections(
        filename=view.image.filename,
        width=decoded.width,
        height=decoded.height,
        image_format=decoded.image_format,
        humans=tuple(_humans(view, wanted)),
        exif=decoded.exif,
        models=refs,
        people=None
        if view.people is None
        else tuple(p.scaled(1 / decoded.scale) for p in view.people),
    )


def _humans(view: ImageView, wanted: DetectWanted) -> list[Human]:
    scale = 1.0 / view.decoded.scale
    of_image = _measured(view)
    scores = [found.score for found in view.detected] or [1.0] * len(view.faces)
    faces = [
        _face(face, score, scale, wanted, of_image)
        for face, score in zip(view.faces, scores, strict=True)
    ]
    bodies = _bodies(view, scale, wanted)
    owned = pair_up(_boxes(faces), _boxes(bodies))
    together = [
        Human(face, bodies[owned[i]] if i in owned else None) for i, face in enumerate(faces)
    ]
    alone = [Human(body=b) for j, b in enumerate(bodies) if j not in owned.values()]
    return [*together, *alone]


def _measured(view: ImageView) -> dict[str, Measured]:
    """Values of checks that concern the file and the whole image."""
    decoded = view.decoded
    return {
        "image_format": decoded.image_format,
        "image_size": len(view.image.data),
        "image_width": decoded.width,
        "image_height": decoded.height,
        "aspect_ratio": round(decoded.width / decoded.height, 4),
    }


def _enlarged(measured: Mapping[str, Measured], scale: float) -> dict[str, Measured]:
    """Lengths in pixels of the image at its original size."""
    return {
        name: round(value * scale, 2) if name in LENGTHS and not isinstance(value, str) else value
        for name, value in measured.items()
    }


def _bodies(view: ImageView, scale: float, wanted: DetectWanted) -> list[FoundBody]:
    told: Sequence[BodyAttributes | None] = view.body_attributes or [None] * len(view.body_warps)
    bodies = [
        FoundBody(warp_of(pixels), estimations=_of_body(attributes, wanted))
        for pixels, attributes in zip(view.body_warps, told, strict=True)
    ]
    if not view.bodies:
        return bodies
    return [
        replace(body, score=seen.score, box=seen.box.scaled(scale))
        for body, seen in zip(bodies, view.bodies, strict=True)
    ]


def _of_body(attributes: BodyAttributes | None, wanted: DetectWanted) -> BodyEstimations:
    if attributes is None:
        return BodyEstimations()
    basic = attributes.body_basic_attributes
    return BodyEstimations(
        basic_attributes=basic if wanted.body_basic_attributes else None,
        upper_body=attributes.upper_body if wanted.upper_body else None,
        lower_body=attributes.lower_body if wanted.lower_body else None,
        accessories=attributes.accessories if wanted.accessories else None,
    )


def _boxes(found: Sequence[FoundFace] | Sequence[FoundBody]) -> list[Box]:
    return [item.box for item in found if item.box is not None]


def _face(
    face: FaceView,
    score: float,
    scale: float,
    wanted: DetectWanted,
    of_image: Mapping[str, Measured],
) -> FoundFace:
    known = face.known
    asked = {name: known.get(name) for name in _ESTIMATIONS if getattr(wanted, name)}
    measured = known.get("face_quality") if wanted.face_quality else None
    estimations = FaceEstimations(**asked, liveness=_liveness(known.get("liveness"), wanted))
    return FoundFace(
        warp=warp_of(face.warp),
        score=score,
        box=None if face.box is None else face.box.scaled(scale),
        landmarks5=_landmarks5(face, scale) if wanted.landmarks5 else None,
        landmarks68=_landmarks68(face, scale) if wanted.landmarks68 else None,
        quality=known.get("quality") if wanted.quality else None,
        estimations=estimations,
        measured=None if measured is None else {**_enlarged(measured, scale), **of_image},
    )


def _liveness(found: Liveness | None, wanted: DetectWanted) -> Liveness | None:
    if found is None:
        return None
    return replace(
        found,
        liveness_threshold=wanted.liveness_threshold,
        quality_threshold=wanted.liveness_quality_threshold,
    )


def _landmarks5(face: FaceView, scale: float) -> Landmarks | None:
    if face.points is None or face.layout is None:
        return None
    return face.layout.landmarks(face.points).scaled(scale)


def _landmarks68(face: FaceView, scale: float) -> Landmarks | None:
    if face.landmarks68 is None or face.to_warp is None:
        return None
    return Landmarks.from_pairs(transform(face.landmarks68, inverted(face.to_warp))).scaled(scale)
