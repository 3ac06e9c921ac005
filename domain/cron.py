"""Cron expressions with a time zone: when something that is repeated is due."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from domain.shared.fields import Record, Text

_FIELDS: Final = 5


@cache
def _zones() -> dict[str, str]:
    """The names of all time zones by their lower case, since clients write utc."""
    return {name.lower(): name for name in available_timezones()}


def _expression(given: str) -> str:
    if len(given.split()) != _FIELDS:
        raise ValueError("a cron expression has minute, hour, day, month and day of the week")
    try:
        next(CronSim(given, datetime.now(UTC)))
    except (CronSimError, StopIteration):
        raise ValueError("it is no cron expression, or one that is never due") from None
    return given


def _zone(given: str) -> str:
    if given.lower() not in _zones():
        raise ValueError("there is no time zone of this name")
    return given


CronExpression = Annotated[Text, Field(max_length=256), AfterValidator(_expression)]
ZoneName = Annotated[Text, Field(max_length=64), AfterValidator(_zone)]


def due_times(cron: str, zone: tzinfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Every time (UTC) that a cron expression names from `begin` on and before `end`."""
    before = begin - timedelta(microseconds=1)  # the first time may be the very beginning
    for due in CronSim(cron, before.astimezone(zone)):
        if due >= end:
            return
        yield due.astimezone(UTC)


def zone_named(name: str) -> ZoneInfo:
    """The time zone of a name in any case."""
    return ZoneInfo(_zones()[name.lower()])


class Trigger(Record):
    """When it is due: a cron expression of five fields, in a time zone of the tz database."""

    cron: CronExpression
    cron_timezone: ZoneName = "utc"

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after the moment (UTC), None if there is none within fifty years.

        Times that a change of clocks leaves out are due right after it, others once.
        """
        there = moment.astimezone(zone_named(self.cron_timezone))
        found = next(CronSim(self.cron, there), None)
        return None if found is None else found.astimezone(UTC)
