"""When schedules are due, and what becomes of times that were missed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.cron import Trigger
from domain.schedules import Schedule, ScheduledTask, schedule_key

NOON = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


def due(cron: str, zone: str, after: datetime) -> str:
    """When the trigger is due next, in UTC."""
    found = Trigger(cron=cron, cron_timezone=zone).next_after(after)
    assert found is not None
    return found.isoformat()


def test_a_trigger_counts_in_its_time_zone() -> None:
    assert due("5 4 * * *", "utc", NOON) == "2026-03-29T04:05:00+00:00"
    assert due("5 4 * * *", "Asia/Tokyo", NOON) == "2026-03-28T19:05:00+00:00"
    assert due("5 4 * * *", "america/new_york", NOON) == "2026-03-29T08:05:00+00:00"


def test_an_hour_that_clocks_leave_out_is_due_after_it() -> None:
    assert due("30 2 * * *", "Europe/Berlin", NOON) == "2026-03-29T01:00:00+00:00"


def test_an_hour_that_clocks_repeat_is_due_once() -> None:
    autumn = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    first = Trigger(cron="30 2 * * *", cron_timezone="Europe/Berlin").next_after(autumn)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    second = due("30 2 * * *", "Europe/Berlin", first)

    assert second == "2026-10-26T01:30:00+00:00"


@given(
    st.tuples(
        *(st.one_of(st.just("*"), st.integers(low, high).map(str))
          for low, high in ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6)))
    ).map(" ".join),
    st.sampled_from(["utc", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_a_trigger_is_due_later_and_later(cron: str, zone: str, at: datetime) -> None:
    trigger, moment = Trigger(cron=cron, cron_timezone=zone), at.replace(tzinfo=UTC)
    for _ in range(3):
        found = trigger.next_after(moment)
        assert found is not None
        assert found > moment
        moment = found


@pytest.mark.parametrize(
    ("cron", "zone"),
    [
        ("", "utc"), ("* * * *", "utc"), ("* * * * * *", "utc"), ("60 * * * *", "utc"),
        ("0 0 30 2 *", "utc"), ("@daily", "utc"), ("* * * * *", "Mars"), ("* * * * *", ""),
    ],
)  # fmt: skip
def test_what_is_no_trigger_is_refused(cron: str, zone: str) -> None:
    with pytest.raises(ValidationError):
        Trigger(cron=cron, cron_timezone=zone)


@pytest.mark.parametrize(
    ("task_type", "content", "path"),
    [
        (0, {}, ("task_type",)),
        (5, {}, ("task_type",)),
        (True, {}, ("task_type",)),
        (4, {}, ("content", "target")),
        (1, {"objects_type": "faces", "create_list": 1, "filters": {"x": 1}},
         ("content", "filters", "x")),
    ],
)  # fmt: skip
def test_a_scheduled_task_is_as_strict_as_one_that_is_given(
    task_type: Any, content: Any, path: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as wrong:
        ScheduledTask.model_validate({"task_type": task_type, "content": content})

    assert wrong.value.errors()[0]["loc"] == path


def schedule(cron: str = "0 * * * *", next_run_time: datetime | None = NOON) -> Schedule:
    """A schedule that collects garbage."""
    task = ScheduledTask.model_validate({"task_type": 4, "content": {"target": "events"}})
    return Schedule.with_id(
        schedule_key(3),
        account_id=uuid4(),
        schedule_id=3,
        task=task.as_dict(),
        trigger={"cron": cron, "cron_timezone": "utc"},
        next_run_time=next_run_time,
    )


@given(st.integers(0, 60 * 24 * 400))
def test_times_that_were_missed_are_made_up_for_once(minutes_late: int) -> None:
    made, now = schedule(), NOON + timedelta(minutes=minutes_late)

    made.fire(1, now)

    assert made.next_run_time is not None
    assert now < made.next_run_time <= now + timedelta(hours=1)


def test_a_task_that_is_given_before_its_time_does_not_move_it() -> None:
    made = schedule()

    made.fire(1, NOON - timedelta(minutes=1))

    assert made.next_run_time == NOON
    stopped = schedule(next_run_time=None)
    stopped.fire(1, NOON)
    assert not stopped.is_running


def test_what_would_have_been_due_while_it_was_stopped_is_not_made_up_for() -> None:
    made = schedule()
    made.stop()
    assert not made.is_running

    made.start(NOON + timedelta(days=3, minutes=1))

    assert made.next_run_time == NOON + timedelta(days=3, hours=1)
    made.collect_events()
    made.start(NOON)
    assert not made.pending_events
