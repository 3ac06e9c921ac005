"""What verifiers are run with, beside images, and what they answer."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, Field

from api.http.fields import CommaList, ExternalId, Flag
from api.http.refusals import BadQuery
from api.images_in_request import BASE64_DESCRIPTORS, DESCRIPTOR_TYPES
from api.schemas.events import FilteredDetections, ProcessedImage
from api.schemas.image_bodies import image_bodies

MOST_OBJECTS: Final = 1000
"""How many objects one request is compared with at most; the contract names no limit."""

_KINDS: Final = {
    "face_ids": "face",
    "event_ids": "event",
    "attribute_ids": "attribute",
    "external_ids": "external",
}


def _input() -> dict[str, Any]:
    bodies = image_bodies()
    for kind in sorted(DESCRIPTOR_TYPES):
        file = {"type": "string", "format": "binary"}
        bodies["requestBody"]["content"][kind] = {"schema": file}
    for kind in BASE64_DESCRIPTORS:
        text = {"type": "string", "format": "byte"}
        bodies["requestBody"]["content"][kind] = {"schema": text}
    return bodies


INPUT: Final = _input()
"""The bodies that verifiers take, for the document of the API."""

_Ids = Annotated[list[UUID] | None, CommaList, Field(max_length=MOST_OBJECTS)]


class VerificationQuery(BaseModel):
    """The query of `POST /6/verifiers/{verifier_id}/verifications`."""

    face_ids: Annotated[_Ids, Field(description="Faces to compare with.")] = None
    event_ids: Annotated[_Ids, Field(description="Events to compare with.")] = None
    attribute_ids: Annotated[_Ids, Field(description="Attributes to compare with.")] = None
    external_ids: Annotated[
        list[ExternalId] | None,
        CommaList,
        Field(max_length=MOST_OBJECTS, description="Faces with these external ids."),
    ] = None
    image_type: Annotated[int, Field(ge=0, le=1, description="0 photos, 1 face warps.")] = 0
    use_exif_info: Annotated[Flag, Field(description="Turn upright by EXIF.")] = 1

    @property
    def objects(self) -> tuple[str, list[Any]]:
        """The kind of the objects and their names; refuses a query of several kinds, or none."""
        given = {name: value for name in _KINDS if (value := getattr(self, name))}
        if len(given) != 1:
            raise BadQuery(", ".join(given or _KINDS))
        ((name, value),) = given.items()
        return _KINDS[name], value


class VerifiedRaw(BaseModel):
    """A candidate: how similar it is, and whether that makes it the same person."""

    candidate_id: str
    similarity: float
    status: bool


class VerifiedReference(BaseModel):
    """A reference with its candidates, best first."""

    reference_id: str
    matches: list[VerifiedRaw]


class VerifyRawResponse(BaseModel):
    """The answer of `POST /6/verifiers/{verifier_id}/raw`."""

    matches: list[VerifiedReference]


class VerifiedFaces(BaseModel):
    """The faces of an image, each with its verifications, and the faces that were dropped."""

    face_detections: list[dict[str, Any]]
    filtered_detections: FilteredDetections


class VerifiedImage(ProcessedImage):
    """What became of one image, and of the faces in it."""

    detections: VerifiedFaces


class VerificationResponse(BaseModel):
    """The answer of `POST /6/verifiers/{verifier_id}/verifications`."""

    images: list[VerifiedImage]
