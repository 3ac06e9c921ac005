"""What may be asked of tasks: history, command, facts."""

from typing import Any
from uuid import uuid4

from commands.tasks import (
    CancelTask,
    CompleteTask,
    CreateTask,
    DeleteTask,
    ExpireTaskResult,
    FailSubtask,
    FailTask,
    FinishSubtask,
    ReplaceTaskNotificationPolicy,
    SplitTask,
    StartSubtask,
    StartTask,
)
from domain.task_errors import TaskNotFound, task_key
from domain.tasks import Task
from tests.domain.test_tasks import ACCOUNT, RESULT, TROUBLE, task
from tests.support.scenario import Scenario

MINE: Any = {"account_id": ACCOUNT, "task_id": 5}


def test_a_task_is_kept_under_its_number() -> None:
    content = {"target": "events"}

    Scenario().when(CreateTask(**MINE, task_type=4, content=content, description="old")).then(
        (
            Task.Created,
            {"originator_id": task_key(5), "task_id": 5, "content": content, "description": "old"},
        )
    ).then_answered(5)


def test_a_task_of_another_account_is_not_found_by_its_number() -> None:
    foreign: Any = {"account_id": uuid4(), "task_id": 5}

    for command in (
        CancelTask(**foreign),
        DeleteTask(**foreign),
        StartTask(**foreign),
        ReplaceTaskNotificationPolicy(**foreign, notification_policy={}),
    ):
        Scenario().given(task()).when(command).then_refused(TaskNotFound, 5)


def test_a_task_is_set_out_once() -> None:
    split = SplitTask(**MINE, parts=((7, {"a": 1}), (8, {"a": 2})))
    scenario = Scenario().given(task()).when(StartTask(**MINE)).when(split)

    scenario.then(
        (Task.SubtaskCreated, {"subtask_id": 7, "content": {"a": 1}}),
        (Task.SubtaskCreated, {"subtask_id": 8, "content": {"a": 2}}),
    ).then_answered(True)
    scenario.when(split).then_nothing().then_answered(False)


def test_a_part_is_finished_once_with_the_errors_on_the_way() -> None:
    result_id = uuid4()
    finish = FinishSubtask(**MINE, subtask_id=1, result_id=result_id, troubles=(TROUBLE,))

    scenario = Scenario().given(task(parts=2)).when(finish)

    scenario.then(
        (Task.ErrorRaised, {"error_id": 1, "subtask_id": 1, "error_code": 28010}),
        (Task.SubtaskDone, {"subtask_id": 1, "result_id": result_id}),
    )
    scenario.when(finish).then_nothing().then_answered(False)
    scenario.when(FailSubtask(**MINE, subtask_id=1, troubles=())).then_nothing()


def test_every_attempt_on_a_part_is_counted() -> None:
    again = StartSubtask(**MINE, subtask_id=1)

    Scenario().given(task(parts=1)).when(again).when(again).then(
        (Task.SubtaskStarted, {"subtask_id": 1})
    )


def test_a_cancelled_task_takes_nothing_more() -> None:
    scenario = Scenario().given(task(parts=1)).when(CancelTask(**MINE))
    scenario.then((Task.Cancelled, {"originator_id": task_key(5)}))

    for command in (
        CancelTask(**MINE),
        StartTask(**MINE),
        StartSubtask(**MINE, subtask_id=1),
        FinishSubtask(**MINE, subtask_id=1, result_id=None),
        CompleteTask(**MINE, result=RESULT),
        FailTask(**MINE),
    ):
        scenario.when(command).then_nothing().then_answered(False)


def test_a_result_is_kept_for_as_many_days_as_its_policy_says() -> None:
    create = CreateTask(**MINE, task_type=4, content={}, result_storage_policy={"ttl": 2})
    scenario = Scenario().when(create).when(StartTask(**MINE))
    scenario.when(SplitTask(**MINE, parts=((1, {}),)))
    scenario.when(FinishSubtask(**MINE, subtask_id=1, result_id=None))

    scenario.when(CompleteTask(**MINE, result=RESULT))

    done = scenario.log.facts[-1].event
    assert (done.expire_time - done.timestamp).days in (1, 2)
    scenario.when(ExpireTaskResult(**MINE)).then((Task.ResultExpired, {}))
    scenario.then_answered(RESULT.result_id)
    scenario.when(ExpireTaskResult(**MINE)).then_nothing().then_answered(None)


def test_a_deleted_task_is_gone_with_its_parts_and_errors() -> None:
    result_id = uuid4()
    scenario = Scenario().given(task(parts=1))
    scenario.when(
        FinishSubtask(**MINE, subtask_id=1, result_id=result_id, troubles=(TROUBLE,))
    ).when(CompleteTask(**MINE, result=RESULT))

    scenario.when(DeleteTask(**MINE)).then(
        (Task.SubtaskDropped, {"subtask_id": 1}),
        (Task.ErrorDropped, {"error_id": 1}),
        (Task.Deleted, {}),
    ).then_answered([result_id, RESULT.result_id])
    scenario.when(CancelTask(**MINE)).then_refused(TaskNotFound, 5)
    assert task_key(5) not in scenario.log.keyring.keys
