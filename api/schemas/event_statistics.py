"""Bodies about statistics of events."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from domain.shared.fields import Absent, Id, Number, Record, Text, Time, Whole
from projections.event_statistics import (
    AGGREGATORS,
    EVENTS,
    GENERAL_EVENTS,
    OPERATORS,
    Aggregator,
    Condition,
    Counted,
    Frequency,
    Interval,
    Kind,
    Operator,
    StatQuery,
    Target,
)

_INTERVAL: Final = re.compile(r"([1-9]\d{0,3})([smhdwMy])", re.ASCII)
_MOST: Final = 100
_MOST_VALUES: Final = 1000
_VALUES: Final[Mapping[str, TypeAdapter[Any]]] = {
    "text": TypeAdapter(Text),
    "uuid": TypeAdapter(Id),
    "id": TypeAdapter(Whole),
    "number": TypeAdapter(Number),
    "time": TypeAdapter(Time),
}


class _OfColumn(Record):
    """Something about one column of what is counted."""

    of: ClassVar[Counted] = EVENTS
    column: Annotated[str, Field(strict=True)]

    @field_validator("column")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            cls.of.column(name)
        except KeyError:
            known = ", ".join(sorted(cls.of.columns))
            raise ValueError(f"unexpected value; permitted: {known}") from None
        return name

    @property
    def kind(self) -> Kind:
        """What the column's values are."""
        return self.of.column(self.column).kind


class StatTarget(_OfColumn):
    """A column of the answer: a grouping key, or a function."""

    aggregator: Aggregator = "count"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.aggregator not in (fits := AGGREGATORS[self.kind]):
            permitted = ", ".join(sorted(fits))
            raise ValueError(f"'{self.column}' has no {self.aggregator}; permitted: {permitted}")
        return self


class StatFilter(_OfColumn):
    """A condition on events; `value` is a list for in and nin, null for what is not known."""

    operator: Operator
    value: Any

    @model_validator(mode="after")
    def _fits(self) -> Self:
        kind = self.kind
        if self.operator not in OPERATORS[kind]:
            permitted = ", ".join(sorted(OPERATORS[kind]))
            raise ValueError(f"'{self.column}' has no {self.operator}; permitted: {permitted}")
        self.read_value()
        return self

    def read_value(self) -> Any:
        """The value as what the column holds."""
        adapter = _VALUES[self.kind]
        several = self.operator in ("in", "nin")
        if several != isinstance(self.value, list):
            raise ValueError(f"the value of {self.operator} is {'a' if several else 'no'} list")
        if self.value is None and self.operator in ("eq", "neq"):
            return None
        if several and len(self.value) > _MOST_VALUES:
            raise ValueError(f"at most {_MOST_VALUES} values are compared")
        try:
            if several:
                return [adapter.validate_python(value) for value in self.value]
            return adapter.validate_python(self.value)
        except ValidationError as wrong:
            raise ValueError(str(wrong.errors()[0]["msg"])) from None


class StatPeriod(Record):
    """A bound of the creation time."""

    operator: Literal["gt", "gte", "lt", "lte"]
    value: Time


def _by_time(text: Any) -> Any:
    if isinstance(text, Interval) or text in get_args(Frequency):
        return text
    if isinstance(text, str) and (found := _INTERVAL.fullmatch(text)):
        return Interval(int(found[1]), found[2])  # type: ignore[arg-type]  # as the pattern says
    words = ", ".join(get_args(Frequency))
    raise ValueError(f"a number and one of s, m, h, d, w, M, y is expected, or one of {words}")


ByTime = Annotated[
    Interval | Frequency,
    BeforeValidator(_by_time),
    WithJsonSchema({"type": "string", "example": "dayOfWeek"}),
]


class EventStatsQuery(Record):
    """What statistics of events are asked for; `group_by` groups by creation time (UTC)."""

    targets: Annotated[list[StatTarget], Field(max_length=_MOST)] = [StatTarget(column="event_id")]
    filters: Annotated[list[StatFilter], Field(max_length=_MOST)] = []
    period: Annotated[list[StatPeriod], Field(max_length=_MOST)] = []
    group_by: Absent[ByTime] = None

    def asked(self) -> StatQuery:
        """The query; without any target, events are counted."""
        targets = [Target(one.column, one.aggregator) for one in self.targets]
        conditions = [Condition(f.column, f.operator, f.read_value()) for f in self.filters]
        conditions += [Condition("create_time", p.operator, p.value) for p in self.period]
        return StatQuery(targets or [Target("event_id")], conditions, self.group_by)


class GeneralStatTarget(StatTarget):
    """A column of the answer; `event.<path>:<type>` is what the content holds at the path."""

    of: ClassVar[Counted] = GENERAL_EVENTS


class GeneralStatFilter(StatFilter):
    """A condition on general events, also on their content."""

    of: ClassVar[Counted] = GENERAL_EVENTS


class GeneralEventStatsQuery(EventStatsQuery):
    """What statistics of general events are asked for."""

    targets: Annotated[list[GeneralStatTarget], Field(max_length=_MOST)] = [  # type: ignore[assignment]
        GeneralStatTarget(column="event_id")
    ]
    filters: Annotated[list[GeneralStatFilter], Field(max_length=_MOST)] = []  # type: ignore[assignment]


class EventStats(BaseModel):
    """Statistics: what the columns are, and the rows."""

    fields: list[str]
    stats: list[list[str | int | float | None]]
