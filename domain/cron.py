"""Cron expressions with a time zone: when something that is repeated is due."""

from datetime import UTC, datetime
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


class Trigger(Record):
    """When it is due: a cron expression of five fields, in a time zone of the tz database."""

    cron: Annotated[Text, Field(max_length=256), AfterValidator(_expression)]
    cron_timezone: Annotated[Text, Field(max_length=64), AfterValidator(_zone)] = "utc"

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after the moment (UTC), None if there is none within fifty years.

        Times that a change of clocks leaves out are due right after it, others once.
        """
        there = moment.astimezone(ZoneInfo(_zones()[self.cron_timezone.lower()]))
        found = next(CronSim(self.cron, there), None)
        return None if found is None else found.astimezone(UTC)
