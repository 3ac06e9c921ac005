"""What /liveness is asked with and what it answers."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from api.errors import ErrorBody
from api.http.fields import Flag, Probability, Text
from api.http.refusals import BadBody
from api.http.validation import refusal_of
from api.schemas.image_bodies import image_bodies

FIELDS: Final = frozenset({"meta", "x_meta"})
"""Fields of the body that may lie beside the images."""


class LivenessQuery(BaseModel):
    """The query of `POST /6/liveness`."""

    aggregate: Annotated[Flag, Field(description="Add what all images tell together.")] = 0


class DeviceMeta(BaseModel):
    """The device that took the images; read, and not needed by the networks in use."""

    os: Text
    manufacture: Text | None = None
    model: Text | None = None


class _Beside(BaseModel):
    """The fields beside the images; an object of any content is the client's own."""

    meta: DeviceMeta | None = None
    x_meta: dict[str, Any] | None = None


def check_beside(fields: Mapping[str, Any]) -> None:
    """Refuse fields beside the images that are not what they should be."""
    try:
        _Beside.model_validate(fields)
    except ValidationError as wrong:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in wrong.errors()]
        raise refusal_of(problems, fields, BadBody) from None


def _input() -> dict[str, Any]:
    bodies = image_bodies()
    content = bodies["requestBody"]["content"]
    own = {"meta": DeviceMeta.model_json_schema(), "x_meta": {"type": "object"}}
    for kind in ("multipart/form-data", "application/json"):
        schema = content[kind]["schema"]
        content[kind] = {"schema": {**schema, "properties": {**schema["properties"], **own}}}
    return bodies


INPUT: Final = _input()
"""The bodies that /liveness takes, for the document of the API."""


class LivenessScores(BaseModel):
    """How probable a living person is, and how good the image is for telling."""

    probability: Probability
    quality: Probability


class LivenessResource(BaseModel):
    """The verdict: 0 spoof, 1 real, 2 unknown."""

    prediction: Literal[0, 1, 2]
    estimations: LivenessScores


class LivenessImage(BaseModel):
    """The liveness of the person in one image; null where it failed."""

    filename: str
    status: Literal[0, 1]
    liveness: LivenessResource | None
    error: ErrorBody


class LivenessTogether(BaseModel):
    """What the images that worked tell together."""

    liveness: LivenessResource


class LivenessAnswer(BaseModel):
    """The images in the order sent."""

    images: list[LivenessImage]
    aggregate_estimations: LivenessTogether | None = None
