"""Bodies about attributes: temporary ones, and those that faces own."""

import base64
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)

from domain.shared.fields import Absent, Age, EthnicGroupId, GenderId, Id, Record, Time

LONGEST_LIST: Final = 1000
"""How many ids a list in a body may hold."""

_BASE64: Final = WithJsonSchema({"type": "string", "format": "byte"})


class BasicAttributes(BaseModel):
    """Age in years, gender (0 female, 1 male), ethnic group; each may be unknown."""

    model_config = ConfigDict(frozen=True)

    age: Absent[Age] = None
    gender: Absent[GenderId] = None
    ethnicity: Absent[EthnicGroupId] = None


EncodedBytes = Annotated[str | bytes, _BASE64]
"""Base64 text in JSON, bytes in MessagePack."""


class DescriptorData(BaseModel):
    """A raw descriptor, float32 numbers in little endian, and its version."""

    model_config = ConfigDict(frozen=True)

    descriptor: EncodedBytes
    version: Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]


def _unique(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise ValueError("the ids must be different")
    return ids


SampleIds = Annotated[
    list[Id],
    Field(max_length=LONGEST_LIST, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_unique),
]
"""The samples that values were taken from; they need not exist any more."""

Descriptors = Annotated[list[DescriptorData | EncodedBytes], Field(min_length=1, max_length=16)]
"""Descriptors of one person in different versions: raw with a version, or SDK containers."""


class AttributeByDescriptors(Record):
    """Descriptors alone."""

    face_descriptors: Descriptors
    face_descriptor_samples: SampleIds = []


class AttributeByBasic(Record):
    """Basic attributes alone."""

    basic_attributes: BasicAttributes
    basic_attributes_samples: SampleIds = []


class AttributeByBoth(AttributeByDescriptors, AttributeByBasic):
    """Descriptors and basic attributes."""


class AttributeById(Record):
    """A temporary attribute, whose content is taken over."""

    attribute_id: Id


def _shape(value: Any) -> str:
    """Which of the shapes is meant, so that errors speak of that one only."""
    given = value.keys() if isinstance(value, dict) else set()
    return "by_id" if "attribute_id" in given else _shape_of_data(value)


def _shape_of_data(value: Any) -> str:
    given = value.keys() if isinstance(value, dict) else set()
    if "basic_attributes" not in given:
        return "by_descriptors"
    return "by_both" if "face_descriptors" in given else "by_basic"


_ByBoth = Annotated[AttributeByBoth, Tag("by_both")]
_ByBasic = Annotated[AttributeByBasic, Tag("by_basic")]
_ByDescriptors = Annotated[AttributeByDescriptors, Tag("by_descriptors")]
_ById = Annotated[AttributeById, Tag("by_id")]

AttributeData = Annotated[_ByBoth | _ByBasic | _ByDescriptors, Discriminator(_shape_of_data)]
"""The body that makes a temporary attribute."""

FaceAttributeInput = Annotated[_ById | _ByBoth | _ByBasic | _ByDescriptors, Discriminator(_shape)]
"""What a face's attributes are taken from: a temporary attribute, or data given in place."""


class AttributeCreated(BaseModel):
    """Where a new temporary attribute is."""

    attribute_id: UUID
    url: str


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


Base64 = Annotated[bytes, PlainSerializer(_encoded, when_used="json"), _BASE64]


class StoredBasicAttributes(BaseModel):
    """The basic attributes that are known."""

    age: int | None = None
    gender: int | None = None
    ethnicity: int | None = None


class AttributeView(BaseModel):
    """A temporary attribute; with targets only the fields asked for."""

    create_time: Time | None = None
    attribute_id: UUID | None = None
    account_id: UUID | None = None
    face_descriptor_samples: list[UUID] | None = None
    basic_attributes_samples: list[UUID] | None = None
    face_descriptor: Base64 | None = None
    basic_attributes: StoredBasicAttributes | None = None


class AttributesView(BaseModel):
    """Those of the attributes asked for that have not expired."""

    attributes: list[AttributeView]


class FaceDescriptor(BaseModel):
    """The descriptor of a face in one version."""

    descriptor: Base64
    descriptor_version: int


class FaceAttributes(BaseModel):
    """The attributes of a face; nulls and empty lists when it has none."""

    create_time: Time | None = None
    basic_attributes: StoredBasicAttributes | None = None
    face_descriptor: FaceDescriptor | None = None
    basic_attributes_samples: list[UUID] | None = None
    face_descriptor_samples: list[UUID] | None = None


class FaceAttributesView(BaseModel):
    """The attributes of a face, under their name."""

    attributes: FaceAttributes


class SamplesView(BaseModel):
    """The samples that attributes were taken from."""

    samples: list[UUID]


AttributeTarget = Literal[
    "create_time", "attribute_id", "account_id", "face_descriptor_samples",
    "basic_attributes_samples", "face_descriptor", "basic_attributes",
]  # fmt: skip
FaceAttributeTarget = Literal[
    "create_time", "basic_attributes", "basic_attributes_samples",
    "face_descriptor", "face_descriptor_samples",
]  # fmt: skip


def only(values: dict[str, Any], targets: list[Any] | None) -> dict[str, Any]:
    """The values that were asked for; all without targets."""
    return values if targets is None else {name: values[name] for name in values if name in targets}
