"""What /sdk, /detector, /extractor and /features answer."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.errors import ErrorBody
from api.http.fields import Flag, Probability
from api.schemas import event_parts
from api.schemas.body_attributes import (
    Accessories,
    BodyBasicAttributes,
    LowerBody,
    UpperBody,
)

Base64 = Annotated[str, Field(json_schema_extra={"format": "byte"})]


class Descriptor(BaseModel):
    """A descriptor in the container of the SDK, and how fit its warp was for recognition."""

    sdk_descriptor: Base64
    score: Probability


class FaceAttributes(event_parts.FaceEstimations):
    """What was asked about a face."""

    descriptor: Descriptor | None = None


class FaceDetection(event_parts.FaceDetection):
    """A face; no rectangle and no landmarks for a given warp."""

    attributes: FaceAttributes
    warp: Base64 | None = None


class BodyAttributes(BaseModel):
    """What was asked about a body."""

    descriptor: Descriptor | None = None
    basic_attributes: BodyBasicAttributes | None = None
    upper_body: UpperBody | None = None
    lower_body: LowerBody | None = None
    accessories: Accessories | None = None


class BodyDetection(BaseModel):
    """A body; no rectangle for a given warp."""

    rect: event_parts.Rect | None = None
    attributes: BodyAttributes
    warp: Base64 | None = None


class FilterReason(BaseModel):
    """Why something was dropped."""

    filter_name: str
    object_value: float | int | str
    threshold_value: float | int | list[int]


class FilteredDetection(BaseModel):
    """A face that was dropped, and why."""

    filter_reasons: list[FilterReason]
    detection: FaceDetection


class Filtered(BaseModel):
    """The faces of an image that were dropped."""

    face_detections: list[FilteredDetection]


class _Image(BaseModel):
    filename: str
    status: Flag
    error: ErrorBody


class FoundFace(BaseModel):
    """The face of somebody in an image."""

    detection: FaceDetection


class FoundBody(BaseModel):
    """The body of somebody in an image."""

    detection: BodyDetection


class SdkEstimation(BaseModel):
    """One person in an image."""

    face: FoundFace | None
    body: FoundBody | None


class People(BaseModel):
    """How many people an image shows, and the middle of each where that is asked for."""

    count: int
    coordinates: list[tuple[int, int]] | None = None


class ImageEstimations(BaseModel):
    """What is told of an image as a whole."""

    people: People


class SdkImage(_Image):
    """What one image shows."""

    exif: dict[str, Any] | None = None
    image_estimations: ImageEstimations | None = None

    estimations: list[SdkEstimation]
    filtered_detections: Filtered


class FaceTogether(BaseModel):
    """What the faces of all images tell of one person."""

    attributes: FaceAttributes


class BodyTogether(BaseModel):
    """What the bodies of all images tell of one person."""

    attributes: BodyAttributes


class Together(BaseModel):
    """What all images tell of one person."""

    face: FaceTogether | None
    body: BodyTogether | None


class SdkAnswer(BaseModel):
    """What the images show, in the order sent."""

    images_estimations: list[SdkImage]
    aggregate_estimations: Together | None = None


class NewSample(BaseModel):
    """A face and where its warp is stored."""

    detection: FaceDetection
    sample_id: UUID
    url: str


class DetectorSample(BaseModel):
    """A face whose sample was stored."""

    face: NewSample


class Detections(BaseModel):
    """The faces of an image: stored and dropped ones."""

    samples: list[DetectorSample]
    filtered_detections: Filtered


class DetectorImage(_Image):
    """The faces of one image."""

    exif: dict[str, Any] | None = None
    detections: Detections


class DetectorAnswer(BaseModel):
    """The faces of the images, in the order sent."""

    images: list[DetectorImage]


class AttributeFilter(BaseModel):
    """Whether a descriptor was too poor to be kept."""

    is_filtered: bool
    filter_reasons: list[FilterReason]


class ExtractAnswer(BaseModel):
    """A temporary attribute, or why none was made."""

    samples: list[UUID]
    attribute_id: UUID | None
    url: str | None
    external_url: str | None = None
    basic_attributes: event_parts.BasicAttributes | None = None
    score: Probability | None = None
    filter: AttributeFilter


class ModelFeature(BaseModel):
    """The network of one role; the texts are empty when the pack in use has none.

    Its accuracy and latency (one image or face on one thread) are as the pack's maker measured.
    """

    available: bool
    model: str
    architecture: str
    licence: str
    provider: str
    pack: str
    version: str
    sha256: str
    accuracy: str
    latency_ms: float | None


class DescriptorVersion(BaseModel):
    """A kind of descriptors that are extracted."""

    kind: str
    version: int
    dimension: int


class FeaturesAnswer(BaseModel):
    """What this installation can do."""

    license: dict[str, Any]
    estimations: dict[str, Flag]
    components: dict[str, Flag]
    models: dict[str, ModelFeature]
    descriptors: list[DescriptorVersion]
