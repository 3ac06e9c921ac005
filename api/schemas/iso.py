"""What /iso is asked with and what it answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.errors import ErrorBody
from api.http.fields import Flag
from api.schemas.check_results import ChecksResult
from api.schemas.event_parts import Rect
from api.schemas.eyes import OneOfThree


class IsoQuery(BaseModel):
    """The query of `POST /6/iso`."""

    image_type: Annotated[Flag, Field(description="0 raw, 1 face warp.")] = 0
    multiface_policy: Annotated[
        OneOfThree, Field(description="0 several faces are refused, 1 allowed, 2 the best only.")
    ] = 0
    extract_exif: Annotated[Flag, Field(description="EXIF tags.")] = 0


class IsoDetection(BaseModel):
    """The checks of a face; no rectangle for a given warp."""

    iso: ChecksResult
    rect: Rect | None = None


class IsoFace(BaseModel):
    """A face that was checked."""

    detection: IsoDetection


class IsoEstimation(BaseModel):
    """One person in an image."""

    face: IsoFace


class IsoImage(BaseModel):
    """The checked faces of one image."""

    filename: str
    status: Literal[0, 1]
    error: ErrorBody
    exif: dict[str, Any] | None = None
    estimations: list[IsoEstimation]


class IsoAnswer(BaseModel):
    """The images in the order sent."""

    images: list[IsoImage]
