"""Types of single fields, the same in every schema: texts, flags, times, lists in one value."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError


def _split(value: Any) -> Any:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return value
    parts = (part.strip() for item in value for part in item.split(","))
    return [part for part in parts if part]


CommaList: Final = BeforeValidator(_split)
"""`ids: Annotated[list[UUID] | None, CommaList] = None`: "a,b,c", or the parameter repeated."""

REPEATED: Final = {"x-repeated": True}
"""`json_schema_extra` of the few query lists that OpenAPI shows as a repeated parameter."""


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("text may not hold U+0000")
    return text


Text = Annotated[str, AfterValidator(_no_nul)]
"""Any text that a database can hold."""

UserData = Annotated[Text, Field(max_length=128)]
ExternalId = Annotated[Text, Field(max_length=36)]
Description = Annotated[Text, Field(max_length=128)]
Source = Annotated[Text, Field(max_length=128)]
Tag = Annotated[Text, Field(max_length=36)]
LocationPart = Annotated[Text, Field(max_length=36)]
Avatar = Annotated[Text, Field(max_length=256)]
TrackId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_\-]{1,36}$")]


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "value is not a valid integer")
    return value


Flag = Annotated[
    int,
    BeforeValidator(_no_bool),
    Field(ge=0, le=1),
    WithJsonSchema({"type": "integer", "enum": [0, 1]}),
]
"""0 or 1, never true or false."""

Whole = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=2**63 - 1)]
"""A count or a position that fits a bigint."""

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Degrees = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=180)]

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _point_in_time(value: Any) -> datetime:
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("a time is written as in RFC 3339, with a zone: 2018-08-11T09:11:41.674Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


def written(value: datetime) -> str:
    """A time as all answers show it: RFC 3339 in UTC, microseconds where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Time = Annotated[
    datetime,
    PlainValidator(_point_in_time),
    PlainSerializer(written, when_used="json-unless-none"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A point in time, always in UTC; shown in RFC 3339."""

_NOW = re.compile(r"now-(\d{1,6})([smhdwMy])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


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


def _now_time(value: Any) -> NowTime:
    if isinstance(value, NowTime):
        return value
    if isinstance(value, str) and (found := _NOW.fullmatch(value)):
        return NowTime(int(found[1]), found[2])  # type: ignore[arg-type]  # the pattern says so
    raise ValueError("a relative time is now-, a number and one of s, m, h, d, w, M, y")


def _time_or_now(value: Any) -> datetime | NowTime:
    if isinstance(value, NowTime) or (isinstance(value, str) and value.startswith("now")):
        return _now_time(value)
    return _point_in_time(value)


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
                {"type": "string", "pattern": r"^now-(\d+)[smhdwMy]$", "example": "now-2y"},
            ]
        }
    ),
]
"""A point in time, or one relative to the moment of use."""
