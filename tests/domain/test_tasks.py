"""The life of a task: whatever it is told, in whatever order, it goes one way and ends once."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.enums import SubtaskStatus, TaskStatus
from domain.shared.numbered import MOST, Numbered, id_of
from domain.task_errors import TaskNotFound, Trouble, task_key
from domain.tasks import OVER, KeptResult, Task

ACCOUNT = uuid4()
NOW = datetime(2026, 1, 2, tzinfo=UTC)
RESULT = KeptResult(result_id=uuid4(), content_type="application/json", size=2)
TROUBLE = Trouble(
    error_id=1, error_code=28010, status_code=400, description="Objects not found", detail="none"
)


def task(task_id: int = 5, parts: int = 0) -> Task:
    """A new task, or one that was set out in so many parts, numbered from 1."""
    made = Task.with_id(
        task_key(task_id),
        account_id=ACCOUNT,
        task_id=task_id,
        task_type=4,
        content={"target": "events"},
        description="",
        notification_policy={},
        result_storage_policy={},
        schedule_id=None,
    )
    if parts:
        made.start()
        made.split((n, {}) for n in range(1, parts + 1))
    return made


ORDER = {
    TaskStatus.PENDING: 0,
    TaskStatus.IN_PROGRESS: 1,
    TaskStatus.COLLECTING_RESULTS: 2,
    **dict.fromkeys(OVER, 3),
}
STEPS = st.one_of(
    st.sampled_from(["start", "split", "complete", "fail", "cancel", "expire"]).map(
        lambda name: (name, 0)
    ),
    st.tuples(
        st.sampled_from(["start_subtask", "finish_subtask", "fail_subtask"]), st.integers(1, 4)
    ),
)


def do(made: Task, step: str, subtask_id: int) -> None:
    """Tell the task one thing."""
    told: dict[str, Any] = {
        "start": made.start,
        "split": lambda: made.split([(1, {}), (2, {}), (3, {})]),
        "complete": lambda: made.complete(RESULT, NOW),
        "fail": lambda: made.fail([TROUBLE]),
        "cancel": made.cancel,
        "expire": made.expire_result,
        "start_subtask": lambda: made.start_subtask(subtask_id),
        "finish_subtask": lambda: made.finish_subtask(subtask_id, None, []),
        "fail_subtask": lambda: made.fail_subtask(subtask_id, [TROUBLE]),
    }
    told[step]()


@given(st.lists(STEPS, max_size=30))
@settings(max_examples=300, deadline=None)
def test_a_task_goes_one_way_and_ends_once(steps: list[tuple[str, int]]) -> None:
    made = task()
    ends = 0
    for step, subtask_id in steps:
        before, parts = made.status, dict(made.subtasks)
        made.collect_events()
        do(made, step, subtask_id)
        assert ORDER[made.status] >= ORDER[before]
        for number, status in parts.items():
            over = status in (SubtaskStatus.DONE, SubtaskStatus.FAILED)
            assert not over or made.subtasks[number] == status
        if before in OVER:
            assert made.status == before
            assert step == "expire" or not made.pending_events
        ends += before not in OVER and made.status in OVER
    assert ends <= 1


@given(st.lists(STEPS, max_size=30))
@settings(max_examples=100, deadline=None)
def test_what_is_told_twice_counts_once(steps: list[tuple[str, int]]) -> None:
    once, twice = task(), task()
    for step, subtask_id in steps:
        do(once, step, subtask_id)
        for _ in range(1 if step == "fail" else 2):
            do(twice, step, subtask_id)

    assert (once.status, once.subtasks) == (twice.status, twice.subtasks)
    assert once.errors == twice.errors


@given(st.lists(STEPS, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_deleted_task_leaves_no_part_and_no_error(steps: list[tuple[str, int]]) -> None:
    made = task()
    for step, subtask_id in steps:
        do(made, step, subtask_id)

    made.delete()

    assert (made.deleted, made.subtasks, made.errors) == (True, {}, [])


def test_the_last_part_begins_the_collection() -> None:
    made = task(parts=2)
    made.finish_subtask(2, None, [])
    assert made.status == TaskStatus.IN_PROGRESS

    made.fail_subtask(1, [TROUBLE])

    assert made.status == TaskStatus.COLLECTING_RESULTS


def test_nothing_of_a_cancelled_task_counts() -> None:
    made = task(parts=1)
    made.cancel()

    assert not made.start_subtask(1)
    assert not made.finish_subtask(1, uuid4(), [])
    assert not made.complete(RESULT, NOW)
    assert not made.fail([])


@given(st.sampled_from(Numbered), st.integers(1, MOST))
def test_every_number_has_an_id_of_its_own(kind: Numbered, number: int) -> None:
    made = id_of(kind, number)

    assert made.version == 8
    assert made.int & MOST == number
    assert made == UUID(str(made))
    assert len({id_of(other, number) for other in Numbered}) == len(Numbered)


@pytest.mark.parametrize("number", [0, -1, MOST + 1, 2**63 - 1])
def test_a_number_that_no_task_has_is_not_found(number: int) -> None:
    with pytest.raises(TaskNotFound):
        task_key(number)
