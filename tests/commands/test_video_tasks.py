"""Video tasks: taken once, given back when nobody is heard of them, over once."""

from typing import Any
from uuid import uuid4

from commands.video_tasks import BeginVideoTask, CreateVideoTask, EndVideoTask, LoseVideoWorker
from domain.stream_statuses import StreamStatus as S
from domain.video_tasks import VideoTask, VideoTaskNotFound
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
FILM = {"video": {"url": "http://there/film"}}


def made() -> CreateVideoTask:
    """The command that makes a task."""
    return CreateVideoTask(account_id=ACCOUNT, content=FILM)


def test_a_task_is_taken_once() -> None:
    task = made()
    begin = BeginVideoTask(account_id=ACCOUNT, task_id=task.task_id)
    story = Scenario().when(task).then((VideoTask.Created, {"content": FILM}))
    story.when(begin).then_answered(True).then((VideoTask.Passed, {"status": S.IN_PROGRESS}))
    story.when(begin).then_answered(False).then_nothing()


def test_a_task_whose_worker_is_silent_waits_again_and_an_old_word_is_late() -> None:
    task = made()
    begin = BeginVideoTask(account_id=ACCOUNT, task_id=task.task_id)
    lost = LoseVideoWorker(account_id=ACCOUNT, task_id=task.task_id)
    story = Scenario().when(task).when(lost).then_nothing()
    story.when(begin).when(lost).then((VideoTask.Passed, {"status": S.PENDING}))
    late = EndVideoTask(account_id=ACCOUNT, task_id=task.task_id, result_id=uuid4())
    story.when(late).then_nothing()
    story.when(begin).then_answered(True)


def test_a_task_is_over_once_with_a_result_or_an_error() -> None:
    for error, status in ((None, S.DONE), ("no film", S.FAILURE)):
        task, result_id = made(), None if error else uuid4()
        told: dict[str, Any] = {"task_id": task.task_id, "result_id": result_id, "error": error}
        end = EndVideoTask(account_id=ACCOUNT, **told)
        story = Scenario().when(task)
        story.when(BeginVideoTask(account_id=ACCOUNT, task_id=task.task_id)).when(end)
        story.then((VideoTask.Passed, {"status": status, "result_id": result_id, "error": error}))
        story.when(end).then_nothing()


def test_a_foreign_task_is_not_taken() -> None:
    task = made()
    begin = BeginVideoTask(account_id=uuid4(), task_id=task.task_id)
    Scenario().when(task).when(begin).then_refused(VideoTaskNotFound)
