"""The rules of templates of schedules."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from commands.command import Command
from commands.schedule_templates import CreateTemplate, DeleteTemplate, ReplaceTemplate
from domain.schedule_templates import ScheduleTemplate, TemplateContent, TooManyIntervals
from domain.schedules import ScheduleNotFound
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
MAY = datetime(2025, 5, 1, tzinfo=UTC)
THURSDAYS = {
    "start_time": "2025-05-01T00:00:00Z",
    "end_time": "2025-05-16T00:00:00Z",
    "cron": "5 4 * * 4",
    "duration": 11,
    "duration_type": "minute",
}


def content(**changes: Any) -> TemplateContent:
    """Eleven minutes on three Thursdays, or what is told."""
    return TemplateContent.model_validate({**THURSDAYS, **changes})


def begins(of: TemplateContent) -> list[datetime]:
    """When the intervals begin where it is always noon in London at noon."""
    return [one["start_time"] for one in of.intervals_at(UTC)]


def test_intervals_begin_where_the_cron_expression_says() -> None:
    times = content().intervals_at(UTC)

    assert [one["start_time"].day for one in times] == [1, 8, 15]
    assert {one["end_time"] - one["start_time"] for one in times} == {timedelta(minutes=11)}
    assert times[0]["start_time"] == MAY + timedelta(hours=4, minutes=5)


def test_the_first_interval_may_begin_with_the_period_and_the_last_ends_with_it() -> None:
    whole = content(
        cron="0 0 * * *", duration=1, duration_type="week", end_time="2025-05-03T00:00:00Z"
    )

    assert begins(whole) == [MAY, MAY + timedelta(days=1)]
    assert {one["end_time"] for one in whole.intervals_at(UTC)} == {MAY + timedelta(days=2)}


def test_local_is_the_zone_of_the_server_and_others_are_meant_as_they_are_named() -> None:
    moscow = ZoneInfo("Europe/Moscow")
    assert content().intervals_at(moscow)[0]["start_time"] == MAY + timedelta(hours=1, minutes=5)
    named = content(cron_timezone="Europe/Moscow")
    assert named.intervals_at(UTC) == content().intervals_at(moscow)


@given(minutes=st.integers(1, 59), hours=st.integers(1, 60), length=st.integers(1, 600))
def test_intervals_lie_in_the_period_and_follow_each_other(
    minutes: int, hours: int, length: int
) -> None:
    end = MAY + timedelta(hours=hours)
    times = content(cron=f"*/{minutes} * * * *", end_time=end.isoformat(), duration=length)
    if 60 * hours > 1000 * minutes:
        return
    found = times.intervals_at(UTC)
    assert all(MAY <= one["start_time"] < one["end_time"] <= end for one in found)
    assert begins(times) == sorted(set(begins(times)))


def test_there_is_a_limit() -> None:
    with pytest.raises(TooManyIntervals):
        content(cron="* * * * *").intervals_at(UTC)


@pytest.mark.parametrize(
    "bad",
    [
        {"cron": "often"},
        {"cron_timezone": "Mars/Olympus"},
        {"duration": 0},
        {"duration": 1.5},
        {"duration_type": "eon"},
        {"start_time": "2025-05-16T00:00:00Z"},
        {"end_time": "soon"},
        {"colour": "red"},
    ],
)
def test_what_is_no_schedule_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        content(**bad)


def made() -> ScheduleTemplate:
    """A template of the account."""
    return ScheduleTemplate(ACCOUNT, content().as_dict(), content().intervals_at(UTC))


def test_a_template_is_made_replaced_and_deleted() -> None:
    wanted = {"content": content().as_dict(), "intervals": tuple(content().intervals_at(UTC))}
    noted = {"content": content().as_dict(), "intervals": content().intervals_at(UTC)}
    Scenario().when(CreateTemplate(account_id=ACCOUNT, **wanted)).then(
        (ScheduleTemplate.Created, {"account_id": ACCOUNT, **noted})
    )
    old = made()
    Scenario().given(old).when(
        ReplaceTemplate(account_id=ACCOUNT, template_id=old.id, **wanted)
    ).then((ScheduleTemplate.Replaced, noted)).then_answered(old.id)
    old = made()
    Scenario().given(old).when(DeleteTemplate(account_id=ACCOUNT, template_id=old.id)).then(
        (ScheduleTemplate.Deleted, {"originator_id": old.id})
    )


def test_those_of_others_are_missing() -> None:
    theirs = ScheduleTemplate(uuid4(), content().as_dict(), [])
    asked: list[Command[Any]] = [
        DeleteTemplate(account_id=ACCOUNT, template_id=theirs.id),
        ReplaceTemplate(account_id=ACCOUNT, template_id=theirs.id, content={}, intervals=()),
    ]
    for command in asked:
        Scenario().given(theirs).when(command).then_refused(ScheduleNotFound)
