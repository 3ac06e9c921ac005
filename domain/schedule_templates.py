"""Templates of schedules: when analytics of streams work, said once and by a cron expression."""

from datetime import datetime, timedelta, tzinfo
from itertools import islice
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from eventsourcing.domain import Aggregate, event
from pydantic import Field, model_validator

from domain.cron import CronExpression, ZoneName, due_times, zone_named
from domain.schedules import ScheduleNotFound
from domain.shared.fields import Record, Text, Time
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal

MOST_INTERVALS: Final = 1000
LOCAL: Final = "local"
"""The time zone of the server, when the template is made."""

_UNITS: Final = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


class TooManyIntervals(Refusal):
    """A schedule names more intervals than it may; narrow its period or have them less often."""

    detail = "The schedule has more than {} intervals"


class TemplateContent(Record):
    """From when to when, at which times within it, and for how long each time."""

    start_time: Time
    end_time: Time
    cron: CronExpression
    cron_timezone: Annotated[Literal["local"] | ZoneName, Field(union_mode="left_to_right")] = LOCAL
    duration: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    duration_type: Literal["minute", "hour", "day", "week"]
    description: Annotated[Text, Field(max_length=256)] | None = None

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.end_time <= self.start_time:
            raise ValueError("end_time must be after start_time")
        return self

    def intervals_at(self, local: tzinfo) -> list[dict[str, datetime]]:
        """When something is to be done, each time until its end or that of the whole period."""
        zone = local if self.cron_timezone == LOCAL else zone_named(self.cron_timezone)
        length = timedelta(seconds=self.duration * _UNITS[self.duration_type])
        due = due_times(self.cron, zone, self.start_time, self.end_time)
        times = list(islice(due, MOST_INTERVALS + 1))
        if len(times) > MOST_INTERVALS:
            raise TooManyIntervals(MOST_INTERVALS)
        return [
            {"start_time": begin, "end_time": min(begin + length, self.end_time)} for begin in times
        ]


class ScheduleTemplate(Owned):
    """When something is to be done, for any number of streams of one account.

    Every fact tells the intervals, so that nobody else needs to know the calendar.
    """

    TOPIC = "schedule_template"
    missing = ScheduleNotFound

    class Created(Owned.Created):
        """A template was made."""

        TOPIC = "schedule_template.created"
        content: dict[str, Any]
        intervals: list[dict[str, datetime]]

    class Replaced(Aggregate.Event):
        """Other times."""

        TOPIC = "schedule_template.replaced"
        content: dict[str, Any]
        intervals: list[dict[str, datetime]]

    class Deleted(Owned.Deleted):
        """The template is gone."""

        TOPIC = "schedule_template.deleted"

    @event(Created)
    def __init__(
        self, account_id: UUID, content: dict[str, Any], intervals: list[dict[str, datetime]]
    ) -> None:
        super().__init__(account_id)
        self.content, self.intervals = content, intervals

    @event(Replaced)
    def replace(self, content: dict[str, Any], intervals: list[dict[str, datetime]]) -> None:
        """Be this from now on."""
        self.content, self.intervals = content, intervals
