"""Types of single fields of records that clients write: flags, numbers, texts, times, lists.

JSON decides the types: a number is no text and a truth value is no number. `Absent[X]` is a
field that may be missing but is never null, and that is not shown when it is missing.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeVar, get_args
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError

T = TypeVar("T")


class Record(BaseModel):
    """A frozen record of JSON values; a field it does not know is refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON values, with all defaults filled in."""
        return self.model_dump(mode="json")


class _NeverNull:
    """Validates as the type without None; None is only the default, for a field not given."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        (given,) = (item for item in get_args(source) if item is not type(None))
        return handler(given)


def is_absent(value: Any) -> bool:
    """Whether a field was not given."""
    return value is None


def _no_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


Absent = Annotated[
    T | None, _NeverNull(), Field(exclude_if=is_absent, json_schema_extra=_no_default)
]
"""`gender: Absent[GenderId] = None`: not required, not null, not shown when not given."""


def _whole(value: Any) -> Any:
    if type(value) is not int:
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("text may not hold U+0000")
    return text


Integer = BeforeValidator(_whole)
"""What a type of several integers needs, so that true is not taken for 1."""

Flag = Annotated[Literal[0, 1], Integer]
"""0 or 1, never true or false."""

Whole = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)]
"""Any integer that a column of integers holds."""

Probability = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
Degrees = Annotated[int, Field(strict=True, ge=0, le=180)]
Age = Annotated[int, Field(strict=True, ge=0, le=100)]

Text = Annotated[str, Field(strict=True), AfterValidator(_text)]
"""Any text that a database can hold."""

UserData = Annotated[Text, Field(max_length=128)]
ExternalId = Annotated[Text, Field(max_length=36)]
Source = Annotated[Text, Field(max_length=128)]
Tag = Annotated[Text, Field(max_length=36)]
LocationPart = Annotated[Text, Field(max_length=36)]
TrackId = Annotated[str, Field(strict=True, pattern=r"^[a-zA-Z0-9_\-]{1,36}$")]


def _split(value: Any) -> Any:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return value
    parts = (part.strip() for item in value for part in item.split(","))
    return [part for part in parts if part]


CommaList: Final = BeforeValidator(_split)
"""`ids: Annotated[list[UUID] | None, CommaList] = None`: "a,b,c", or the parameter repeated.

Nothing between two commas is no item, so that "" is the empty list.
"""

GenderId = Annotated[Literal[0, 1], Integer]
EthnicGroupId = Annotated[Literal[1, 2, 3, 4], Integer]
EmotionId = Annotated[Literal[1, 2, 3, 4, 5, 6, 7], Integer]
MaskId = Annotated[Literal[1, 2, 3], Integer]
LivenessId = Annotated[Literal[0, 1, 2], Integer]
DeepfakeId = Annotated[Literal[0, 1], Integer]

_UUID = re.compile(r"[a-fA-F0-9]{8}-([a-fA-F0-9]{4}-){3}[a-fA-F0-9]{12}", re.ASCII)


def _uuid(value: Any) -> Any:
    if isinstance(value, str) and not _UUID.fullmatch(value):
        raise PydanticCustomError("uuid_parsing", "Input should be a valid UUID")
    return value


Id = Annotated[UUID, BeforeValidator(_uuid)]
"""A UUID written with hyphens."""

_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def point_in_time(value: Any) -> datetime:
    """The time that a text in RFC 3339 means, in UTC; raises ValueError for anything else."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("a time is written as in RFC 3339, with a zone: 2018-08-11T09:11:41.674Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


def written(value: datetime) -> str:
    """A time as answers show it: RFC 3339 in UTC, microseconds where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Time = Annotated[
    datetime,
    PlainValidator(point_in_time),
    PlainSerializer(written, when_used="json-unless-none"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A point in time, always in UTC; shown in RFC 3339."""

_NOW: Final = re.compile(r"now-(\d{1,200})([smhdwMy])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class NowTime:
    """A time that is so long before the moment it is used at, such as now-2y."""

    amount: int
    unit: Literal["s", "m", "h", "d", "w", "M", "y"]

    def at(self, now: datetime) -> datetime:
        """The point in time meant at `now`; months and years keep the day where they can."""
        try:
            if self.unit in _SECONDS:
                return now - timedelta(seconds=self.amount * _SECONDS[self.unit])
            months = self.amount * (12 if self.unit == "y" else 1)
            year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
            day = min(now.day, calendar.monthrange(year, month + 1)[1])
            return now.replace(year=year, month=month + 1, day=day)
        except (OverflowError, ValueError):  # before the year 1, that is, before everything
            return datetime.min.replace(tzinfo=UTC)

    def __str__(self) -> str:
        return f"now-{self.amount}{self.unit}"


def resolved(value: datetime | NowTime | None, now: datetime) -> datetime | None:
    """The point in time that a bound means at `now`."""
    return value.at(now) if isinstance(value, NowTime) else value


def from_now(value: Any, now: datetime) -> Any:
    """The point in time that a text such as now-2y means at `now`; anything else as it is."""
    if isinstance(value, str) and (found := _NOW.fullmatch(value)):
        return NowTime(int(found[1]), found[2]).at(now)  # type: ignore[arg-type]  # see _NOW
    return value


def _time_or_now(value: Any) -> datetime | NowTime:
    if isinstance(value, NowTime):
        return value
    if isinstance(value, str) and value.startswith("now"):
        if found := _NOW.fullmatch(value):
            return NowTime(int(found[1]), found[2])  # type: ignore[arg-type]  # as the pattern says
        raise ValueError("a relative time is now-, a number and one of s, m, h, d, w, M, y")
    return point_in_time(value)


def _written_either(value: datetime | NowTime) -> str:
    return written(value) if isinstance(value, datetime) else str(value)


TimeOrNow = Annotated[
    datetime | NowTime,
    PlainValidator(_time_or_now),
    PlainSerializer(_written_either, when_used="json-unless-none"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "pattern": r"^now-(\d+)[smhdwMy]$"},
            ]
        }
    ),
]
"""A point in time, or one relative to the moment of use."""
