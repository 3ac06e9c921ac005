"""What may be asked of schedules: history, command, facts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from commands.schedules import (
    CreateSchedule,
    DeleteSchedule,
    FireSchedule,
    ReplaceSchedule,
    SwitchSchedule,
)
from domain.schedules import Schedule, ScheduleNotFound, schedule_key
from domain.task_errors import task_key
from domain.tasks import Task
from tests.domain.test_schedules import NOON, schedule
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
MINE: Any = {"account_id": ACCOUNT, "schedule_id": 3}
WANTED: Any = {
    **MINE,
    "task": schedule().task,
    "trigger": {"cron": "* * * * *", "cron_timezone": "utc"},
}


def test_a_schedule_knows_when_it_is_due() -> None:
    before = datetime.now(UTC)
    scenario = (
        Scenario()
        .when(CreateSchedule(**WANTED))
        .then((Schedule.Created, {"originator_id": schedule_key(3), "schedule_id": 3}))
    )

    due = scenario.log.facts[-1].event.next_run_time
    assert before < due <= datetime.now(UTC) + timedelta(minutes=1)
    scenario.then_answered(3)


def test_a_schedule_that_is_made_stopped_is_not_due() -> None:
    Scenario().when(CreateSchedule(**WANTED, stopped=True)).then(
        (Schedule.Created, {"next_run_time": None})
    )


def test_a_schedule_may_give_its_task_at_once() -> None:
    Scenario().when(CreateSchedule(**WANTED, first_task_id=9)).then(
        (Schedule.Created, {}),
        (Schedule.Fired, {"task_id": 9}),
        (Task.Created, {"originator_id": task_key(9), "schedule_id": schedule_key(3)}),
    )


def test_a_task_that_is_due_is_given_once() -> None:
    made = schedule()
    fire: Any = {"account_id": made.account_id, "schedule_id": 3, "due_time": NOON}
    scenario = Scenario().given(made).when(FireSchedule(**fire, task_id=1))

    scenario.then(
        (Schedule.Fired, {"task_id": 1}),
        (Task.Created, {"task_id": 1, "task_type": 4, "account_id": made.account_id}),
    ).then_answered(True)
    scenario.when(FireSchedule(**fire, task_id=2)).then_nothing().then_answered(False)


def test_a_stopped_schedule_gives_nothing_until_it_is_started() -> None:
    made = schedule()
    mine: Any = {"account_id": made.account_id, "schedule_id": 3}
    scenario = Scenario().given(made).when(SwitchSchedule(**mine, running=False))
    scenario.then((Schedule.Stopped, {}))

    scenario.when(SwitchSchedule(**mine, running=False)).then_nothing()
    scenario.when(FireSchedule(**mine, due_time=NOON, task_id=1)).then_nothing()
    scenario.when(SwitchSchedule(**mine, running=True)).then((Schedule.Started, {}))
    scenario.when(SwitchSchedule(**mine, running=True)).then_nothing()


def test_a_foreign_schedule_is_not_found_by_its_number() -> None:
    for command in (
        ReplaceSchedule(**WANTED),
        SwitchSchedule(**MINE, running=False),
        DeleteSchedule(**MINE),
        FireSchedule(**MINE, due_time=NOON, task_id=1),
    ):
        Scenario().given(schedule()).when(command).then_refused(ScheduleNotFound, 3)


def test_a_deleted_schedule_leaves_its_tasks() -> None:
    scenario = Scenario().when(CreateSchedule(**WANTED, first_task_id=9))

    scenario.when(DeleteSchedule(**MINE)).then((Schedule.Deleted, {}))

    assert schedule_key(3) not in scenario.log.keyring.keys
    assert task_key(9) in scenario.log.keyring.keys
    scenario.when(DeleteSchedule(**MINE)).then_refused(ScheduleNotFound, 3)
