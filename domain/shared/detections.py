"""What is asked of images and what was found in them: the values between API and networks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any

from domain.shared.biometrics import Descriptor, encode_sdk
from domain.shared.body_estimations import (
    Accessories,
    BodyBasicAttributes,
    LowerBody,
    UpperBody,
)
from domain.shared.estimations import (
    BasicAttributes,
    Emotions,
    Eyes,
    Gaze,
    Glasses,
    HeadPose,
    Liveness,
    Mask,
    Mouth,
    Quality,
)
from domain.shared.geometry import Box, Landmarks, Point


@dataclass(frozen=True, slots=True)
class DescriptorResult:
    """A descriptor and its score: how fit the warp was for recognition, 0 to 1."""

    descriptor: Descriptor
    score: float

    def as_dict(self) -> dict[str, Any]:
        """The contract's `descriptor` of estimations."""
        return {"sdk_descriptor": encode_sdk(self.descriptor), "score": round(self.score, 6)}


@dataclass(frozen=True, slots=True)
class FaceEstimations:
    """Everything that was asked about one face, or about several taken together; None = unasked."""

    head_pose: HeadPose | None = None
    gaze: Gaze | None = None
    emotions: Emotions | None = None
    mask: Mask | None = None
    glasses: Glasses | None = None
    mouth_attributes: Mouth | None = None
    eyes_attributes: Eyes | None = None
    liveness: Liveness | None = None
    basic_attributes: BasicAttributes | None = None
    descriptor: DescriptorResult | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `attributes` of a face: only what was asked."""
        known = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value.as_dict() for name, value in known if value is not None}


@dataclass(frozen=True, slots=True)
class BodyEstimations:
    """Everything that was asked about one body, or about several taken together."""

    descriptor: DescriptorResult | None = None
    basic_attributes: BodyBasicAttributes | None = None
    upper_body: UpperBody | None = None
    lower_body: LowerBody | None = None
    accessories: Accessories | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `attributes` of a body: only what was asked."""
        known = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value.as_dict() for name, value in known if value is not None}


Measured = float | int | str
"""A measurement of a face quality check: a number, a flag or a word."""


class ImageType(IntEnum):
    """What an input image is: a photo, or an aligned crop made earlier."""

    RAW = 0
    FACE_WARP = 1
    BODY_WARP = 2


@dataclass(frozen=True, slots=True)
class Warp:
    """An aligned crop: RGB pixels, row by row, of 250x250 (face) or 128x256 (body)."""

    pixels: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ImageInput:
    """One image of a request: the file's bytes as sent, and the name it is answered under."""

    data: bytes
    filename: str = "raw image"
    image_type: ImageType = ImageType.RAW


@dataclass(frozen=True, slots=True)
class DetectWanted:
    """What to look for in images and what to estimate of each face."""

    faces: bool = True
    bodies: bool = False
    landmarks5: bool = False
    landmarks68: bool = False
    head_pose: bool = False
    gaze: bool = False
    quality: bool = False
    emotions: bool = False
    mask: bool = False
    glasses: bool = False
    mouth_attributes: bool = False
    eyes_attributes: bool = False
    liveness: bool = False
    basic_attributes: bool = False
    face_quality: bool = False
    body_basic_attributes: bool = False
    upper_body: bool = False
    lower_body: bool = False
    accessories: bool = False
    people_count: bool = False
    exif: bool = False
    use_exif_orientation: bool = True
    best_face_only: bool = False
    liveness_threshold: float = 0.5
    liveness_quality_threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which network made a value: pack, its version, role, file and the file's sha256."""

    pack: str
    version: str
    role: str
    model: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face of an image; a face given as a warp has no box and no landmarks.

    `measured` holds the values that face quality checks judge, by the names of the checks; a
    check that is missing there cannot be made with the pack in use.
    """

    warp: Warp
    score: float = 1.0
    box: Box | None = None
    landmarks5: Landmarks | None = None
    landmarks68: Landmarks | None = None
    quality: Quality | None = None
    estimations: FaceEstimations = field(default_factory=FaceEstimations)
    measured: Mapping[str, Measured] | None = None


@dataclass(frozen=True, slots=True)
class FoundBody:
    """A body of an image; a body given as a warp has no box."""

    warp: Warp
    score: float = 1.0
    box: Box | None = None
    estimations: BodyEstimations = field(default_factory=BodyEstimations)


@dataclass(frozen=True, slots=True)
class Human:
    """One person in an image: a face, a body, or both."""

    face: FoundFace | None = None
    body: FoundBody | None = None


@dataclass(frozen=True, slots=True)
class ImageDetections:
    """What was found in one image; boxes are pixels of the upright image.

    `people` are the middles of everybody who was counted; None when nobody was to be.
    """

    filename: str
    width: int
    height: int
    image_format: str
    humans: tuple[Human, ...] = ()
    exif: Mapping[str, Any] | None = None
    models: tuple[ModelRef, ...] = ()
    people: tuple[Point, ...] | None = None

    @property
    def faces(self) -> tuple[FoundFace, ...]:
        """The faces, best first."""
        return tuple(human.face for human in self.humans if human.face is not None)

    @property
    def bodies(self) -> tuple[FoundBody, ...]:
        """The bodies, those with a face first."""
        return tuple(human.body for human in self.humans if human.body is not None)


@dataclass(frozen=True, slots=True)
class ExtractWanted:
    """What to extract from warps, and whether several warps show one person."""

    descriptor: bool = True
    basic_attributes: bool = False
    aggregate: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was extracted from one warp, or from several of one person."""

    descriptor: DescriptorResult | None = None
    basic_attributes: BasicAttributes | None = None
    models: tuple[ModelRef, ...] = ()
