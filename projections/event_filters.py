"""Which events are meant: every filter of the contract as one SQL condition."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from psycopg.sql import SQL, Composable
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from domain.shared.fields import Tag, Time
from projections.event_meta import MetaCondition, NoMetaCondition, meta_condition
from projections.filtering import CommaList, Conditions, Where

NULL: Final = "null"
"""Among the values of a filter: events of which the thing is not known."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The values of a filter field are alternatives for a column, or SQL that is like one.

    With `several`, the column holds a list, which passes when it shares a value with the filter.
    """

    column: str
    several: bool = False

    def condition(self, wanted: list[Any]) -> tuple[str, list[Any]]:
        """The SQL condition and its values."""
        known = [value for value in wanted if value != NULL]
        compared = f"{self.column} && %s" if self.several else f"{self.column} = ANY(%s)"
        unknown = f"{self.column} IS NULL"
        if len(known) == len(wanted):
            return compared, [known]
        return (f"({compared} OR {unknown})", [known]) if known else (unknown, [])


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


def _filled(value: Any) -> Any:
    """A list of tags with nothing in it asks for nothing."""
    return [tag for tag in value if tag] or None if isinstance(value, list) else value


# A CASE is evaluated in order, so what is of another type is never cast.


def _word(column: str, path: str) -> str:
    return f"({column} #>> '{{{path}}}')"


def _number(column: str, path: str) -> str:
    at = f"{column} #> '{{{path}}}'"
    return f"CASE jsonb_typeof({at}) WHEN 'number' THEN ({at})::numeric END"


def _words(column: str, path: str) -> str:
    at = f"{column} #> '{{{path}}}'"
    return (
        f"CASE jsonb_typeof({at}) WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text({at})) "
        "END"
    )


_APPARENT_AGE: Final = _number("body_basic_attributes", "apparent_age")


Null = Literal["null"]
Emotions = Annotated[int, Field(ge=1, le=7)] | Null
Masks = Annotated[int, Field(ge=1, le=3)] | Null
EthnicGroups = Annotated[int, Field(ge=1, le=4)] | Null
OneOfTwo = Annotated[int, Field(ge=0, le=1)] | Null
OneOfThree = Annotated[int, Field(ge=0, le=2)] | Null
Sleeve = Literal["short", "long", "undefined", "null"]
Garment = Literal["trousers", "shorts", "skirt", "undefined", "null"]
ShortColour = Literal["black", "other", "white", "undefined", "null"]
Colour = Literal[
    "black", "blue", "green", "gray", "orange", "purple", "red", "white",
    "yellow", "pink", "brown", "beige", "khaki", "multicolored", "undefined", "null",
]  # fmt: skip
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | Null
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | Null
Delta = Annotated[float, Field(ge=0, le=90, allow_inf_nan=False)]
Share = Annotated[float, Field(allow_inf_nan=False)]
Years = Annotated[int, Field(ge=-32_768, le=32_767)]

_ORIGINS: Final = ("origin_longitude", "origin_latitude")
_DEFAULT_DELTA: Final = 0.01
_ROUNDING: Final = 1e-9  # degrees that a place at the very edge may seem to be outside
_BOX: Final = (
    "(least(abs(longitude - %s), 360 - abs(longitude - %s)) <= %s AND abs(latitude - %s) <= %s)"
)
_NOWHERE: Final = "(longitude IS NULL AND latitude IS NULL)"


@cache
def _alternatives_of(kind: type[BaseModel]) -> dict[str, AnyOf]:
    """The fields of a class whose values are alternatives."""
    return {
        name: mark
        for name, field in kind.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, AnyOf)
    }


class EventConditions(Conditions):
    """Conditions on events, all of which must hold; parameters `meta.*` are conditions too."""

    model_config = ConfigDict(extra="allow")
    _meta: list[MetaCondition] = PrivateAttr(default_factory=list)

    event_ids: Annotated[list[UUID] | None, CommaList, Where("event_id = ANY(%s)")] = None
    event_id__gte: Annotated[UUID | None, Where("event_id >= %s")] = None
    event_id__lt: Annotated[UUID | None, Where("event_id < %s")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None
    end_time__gte: Annotated[Time | None, Where("end_time >= %s")] = None
    end_time__lt: Annotated[Time | None, Where("end_time < %s")] = None
    insert_time__gte: Annotated[Time | None, Where("insert_time >= %s")] = None
    insert_time__lt: Annotated[Time | None, Where("insert_time < %s")] = None
    handler_ids: Annotated[list[UUID] | None, CommaList, Where("handler_id = ANY(%s)")] = None
    face_ids: Annotated[list[UUID] | None, CommaList, Where("face_id = ANY(%s)")] = None
    external_ids: Annotated[list[str] | None, CommaList, Where("external_id = ANY(%s)")] = None
    user_data: Annotated[str | None, Where("strpos(user_data, %s) > 0")] = None
    tags: Annotated[
        list[Tag] | None, BeforeValidator(_filled), CommaList, Where("tags @> %s::text[]")
    ] = None

    sources: Annotated[list[str] | None, CommaList, AnyOf("source")] = None
    stream_ids: Annotated[list[UUID | Null] | None, CommaList, AnyOf("stream_id")] = None
    track_ids: Annotated[list[str] | None, CommaList, AnyOf("track_id")] = None
    cities: Annotated[list[str] | None, CommaList, AnyOf("city")] = None
    areas: Annotated[list[str] | None, CommaList, AnyOf("area")] = None
    districts: Annotated[list[str] | None, CommaList, AnyOf("district")] = None
    streets: Annotated[list[str] | None, CommaList, AnyOf("street")] = None
    house_numbers: Annotated[list[str] | None, CommaList, AnyOf("house_number")] = None
    origin_longitude: Longitude | None = None
    origin_latitude: Latitude | None = None
    longitude_delta: Delta | None = None
    latitude_delta: Delta | None = None

    top_matching_candidates_label: Annotated[str | None, Where("top_label = %s")] = None
    top_similar_object_ids: Annotated[
        list[UUID] | None, CommaList, Where("top_object_id = ANY(%s)")
    ] = None
    top_similar_external_ids: Annotated[
        list[str] | None, CommaList, Where("top_external_id = ANY(%s)")
    ] = None
    top_similar_object_similarity__gte: Annotated[Share | None, Where("top_similarity >= %s")] = (
        None
    )
    top_similar_object_similarity__lt: Annotated[Share | None, Where("top_similarity < %s")] = None

    age__gte: Annotated[Years | None, Where("age >= %s")] = None
    age__lt: Annotated[Years | None, Where("age < %s")] = None
    gender: Annotated[
        list[OneOfTwo] | None, Field(max_length=1), BeforeValidator(_listed), CommaList,
        AnyOf("gender"),
    ] = None  # fmt: skip
    emotions: Annotated[list[Emotions] | None, CommaList, AnyOf("emotion")] = None
    masks: Annotated[list[Masks] | None, CommaList, AnyOf("mask")] = None
    ethnic_groups: Annotated[list[EthnicGroups] | None, CommaList, AnyOf("ethnic_group")] = None
    liveness: Annotated[list[OneOfThree] | None, CommaList, AnyOf("liveness")] = None
    deepfake: Annotated[list[OneOfTwo] | None, CommaList, AnyOf("deepfake")] = None

    apparent_age__gte: Annotated[Years | None, Where(_APPARENT_AGE + " >= %s")] = None
    apparent_age__lt: Annotated[Years | None, Where(_APPARENT_AGE + " < %s")] = None
    apparent_gender: Annotated[
        list[OneOfThree] | None, CommaList,
        AnyOf(_number("body_basic_attributes", "apparent_gender")),
    ] = None  # fmt: skip
    headwear_states: Annotated[
        list[OneOfThree] | None, CommaList,
        AnyOf(_number("upper_body", "headwear,state")),
    ] = None  # fmt: skip
    headwear_apparent_colors: Annotated[
        list[ShortColour] | None, CommaList, AnyOf(_word("upper_body", "headwear,apparent_color"))
    ] = None
    sleeve_lengths: Annotated[
        list[Sleeve] | None, CommaList, AnyOf(_word("upper_body", "sleeve,length"))
    ] = None
    upper_clothing_colors: Annotated[
        list[Colour] | None, CommaList,
        AnyOf(_words("upper_body", "upper_clothing,colors"), several=True),
    ] = None  # fmt: skip
    lower_garment_types: Annotated[
        list[Garment] | None, CommaList, AnyOf(_word("lower_body", "lower_garment,type"))
    ] = None
    lower_garment_colors: Annotated[
        list[Colour] | None, CommaList,
        AnyOf(_words("lower_body", "lower_garment,colors"), several=True),
    ] = None  # fmt: skip
    shoes_apparent_colors: Annotated[
        list[ShortColour] | None, CommaList, AnyOf(_word("lower_body", "shoes,apparent_color"))
    ] = None
    backpack_states: Annotated[
        list[OneOfThree] | None, CommaList,
        AnyOf(_number("accessories", "backpack,state")),
    ] = None  # fmt: skip
    meta: Annotated[Null | None, Where("meta IS NULL AND %s = 'null'")] = None

    @model_validator(mode="after")
    def _geo_is_whole(self) -> Self:
        longitude, latitude = self.origin_longitude, self.origin_latitude
        deltas = self.longitude_delta, self.latitude_delta
        if (longitude is None) != (latitude is None) or (longitude == NULL) != (latitude == NULL):
            raise _wrong("both origins are given, or none", *_ORIGINS)
        if longitude is None and deltas != (None, None):
            raise _wrong("a box needs both origins", *_ORIGINS)
        return self

    @model_validator(mode="after")
    def _extras_are_meta(self) -> Self:
        self._meta = []
        for key, value in (self.model_extra or {}).items():
            if not key.startswith("meta."):
                continue
            try:
                self._meta.append(meta_condition(key, value))
            except NoMetaCondition:
                raise _wrong("there is no such parameter", key) from None
        return self

    def conditions(self) -> tuple[list[Composable], list[Any]]:
        """The conditions that are on, and their values in the same order."""
        clauses, values = super().conditions()
        for name, alternatives in _alternatives_of(type(self)).items():
            if (wanted := getattr(self, name)) is not None:
                sql, its = alternatives.condition(wanted)
                clauses.append(SQL(sql))
                values += its
        if self.origin_longitude == NULL:
            clauses.append(SQL(_NOWHERE))
        elif self.origin_longitude is not None:
            longitude, latitude = self.origin_longitude, self.origin_latitude
            east = _DEFAULT_DELTA if self.longitude_delta is None else self.longitude_delta
            north = _DEFAULT_DELTA if self.latitude_delta is None else self.latitude_delta
            clauses.append(SQL(_BOX))
            values += [longitude, longitude, east + _ROUNDING, latitude, north + _ROUNDING]
        for condition in self._meta:
            clauses.append(SQL(condition.sql))
            values += condition.values
        return clauses, values


def _wrong(message: str, *parameters: str) -> PydanticCustomError:
    return PydanticCustomError("parameters", message, {"parameters": list(parameters)})
