"""What filters of handler events and of general events have in common, as SQL conditions."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, Self
from uuid import UUID

from psycopg.sql import SQL, Composable
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from domain.shared.fields import Time
from projections.event_content import ContentCondition, NoContentCondition, content_condition
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


Null = Literal["null"]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | Null
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | Null
Delta = Annotated[float, Field(ge=0, le=90, allow_inf_nan=False)]

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


class CommonConditions(Conditions):
    """Conditions on when and where events were, and on what clients put into them."""

    model_config = ConfigDict(extra="allow")
    _prefix: ClassVar[str]
    """Parameters `<prefix>.*` are conditions on the column `_column`."""

    _column: ClassVar[str]
    _content: list[ContentCondition] = PrivateAttr(default_factory=list)

    event_ids: Annotated[list[UUID] | None, CommaList, Where("event_id = ANY(%s)")] = None
    event_id__gte: Annotated[UUID | None, Where("event_id >= %s")] = None
    event_id__lt: Annotated[UUID | None, Where("event_id < %s")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None
    end_time__gte: Annotated[Time | None, Where("end_time >= %s")] = None
    end_time__lt: Annotated[Time | None, Where("end_time < %s")] = None
    insert_time__gte: Annotated[Time | None, Where("insert_time >= %s")] = None
    insert_time__lt: Annotated[Time | None, Where("insert_time < %s")] = None

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
    def _extras_are_content(self) -> Self:
        self._content = []
        for key, value in (self.model_extra or {}).items():
            word, dot, path = key.partition(".")
            if not dot or word != self._prefix:
                continue
            try:
                self._content.append(content_condition(path, value, self._column))
            except NoContentCondition:
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
        for condition in self._content:
            clauses.append(SQL(condition.sql))
            values += condition.values
        return clauses, values


def _wrong(message: str, *parameters: str) -> PydanticCustomError:
    return PydanticCustomError("parameters", message, {"parameters": list(parameters)})
