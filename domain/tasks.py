"""Tasks: long jobs of an account, done in parts, with a result that can be fetched later."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import event

from domain.shared.enums import SubtaskStatus, TaskStatus
from domain.task_errors import TaskNotFound, Trouble
from domain.task_facts import TaskFacts
from domain.task_policies import ResultStoragePolicy

OVER = (TaskStatus.CANCELLED, TaskStatus.FAILED, TaskStatus.DONE)
"""How a task can end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptResult:
    """A result in the blob store, named after its id."""

    result_id: UUID
    content_type: str
    size: int


class Task(TaskFacts):
    """One job: pending, at work, then collecting what its parts made, then over.

    Whatever is told to a task that is over changes nothing, and so does what is told twice;
    thus a runner may repeat itself after a crash.
    """

    TOPIC = "task"
    missing = TaskNotFound

    @event(TaskFacts.Created)
    def __init__(
        self,
        account_id: UUID,
        task_id: int,
        task_type: int,
        content: dict[str, Any],
        description: str = "",
        notification_policy: dict[str, Any] | None = None,
        result_storage_policy: dict[str, Any] | None = None,
        schedule_id: UUID | None = None,
    ) -> None:
        super().__init__(account_id)
        self.task_id, self.task_type = task_id, task_type
        self.status = TaskStatus.PENDING
        self.subtasks: dict[int, SubtaskStatus] = {}
        self.errors: list[int] = []
        self.schedule_id = schedule_id
        self.notification_policy = notification_policy or {}
        self.storage_policy = result_storage_policy or {}
        self.result_id: UUID | None = None
        self.part_results: dict[int, UUID] = {}

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to the task any more but its deletion."""
        return self.status in OVER

    def start(self) -> bool:
        """Begin; whether there is work to do."""
        if self.status == TaskStatus.PENDING:
            self._start()
        return not self.is_over

    @event(TaskFacts.Started)
    def _start(self) -> None:
        self.status = TaskStatus.IN_PROGRESS

    def split(self, parts: Iterable[tuple[int, dict[str, Any]]]) -> bool:
        """Set the parts out, once; whether these are the ones."""
        if self.status != TaskStatus.IN_PROGRESS or self.subtasks:
            return False
        for subtask_id, content in parts:
            self._add(self.task_id, subtask_id, content)
        self._collect_if_all_over()
        return True

    @event(TaskFacts.SubtaskCreated)
    def _add(self, task_id: int, subtask_id: int, content: dict[str, Any]) -> None:
        self.subtasks[subtask_id] = SubtaskStatus.PENDING

    def _is_open(self, subtask_id: int) -> bool:
        at_work = self.status == TaskStatus.IN_PROGRESS
        wanted = (SubtaskStatus.PENDING, SubtaskStatus.IN_PROGRESS)
        return at_work and self.subtasks.get(subtask_id) in wanted

    def start_subtask(self, subtask_id: int) -> bool:
        """Begin a part, perhaps anew; whether it is still to be done."""
        if not self._is_open(subtask_id):
            return False
        self._start_subtask(subtask_id)
        return True

    @event(TaskFacts.SubtaskStarted)
    def _start_subtask(self, subtask_id: int) -> None:
        self.subtasks[subtask_id] = SubtaskStatus.IN_PROGRESS

    def finish_subtask(
        self, subtask_id: int, result_id: UUID | None, troubles: Iterable[Trouble]
    ) -> bool:
        """Take what a part came to; whether it counts."""
        if not self._is_open(subtask_id):
            return False
        self._note(troubles, subtask_id)
        self._finish_subtask(subtask_id, result_id)
        self._collect_if_all_over()
        return True

    @event(TaskFacts.SubtaskDone)
    def _finish_subtask(self, subtask_id: int, result_id: UUID | None) -> None:
        self.subtasks[subtask_id] = SubtaskStatus.DONE
        if result_id is not None:
            self.part_results[subtask_id] = result_id

    def fail_subtask(self, subtask_id: int, troubles: Iterable[Trouble]) -> bool:
        """Take that a part came to nothing; whether it counts."""
        if not self._is_open(subtask_id):
            return False
        self._note(troubles, subtask_id)
        self._fail_subtask(subtask_id)
        self._collect_if_all_over()
        return True

    @event(TaskFacts.SubtaskFailed)
    def _fail_subtask(self, subtask_id: int) -> None:
        self.subtasks[subtask_id] = SubtaskStatus.FAILED

    def _note(self, troubles: Iterable[Trouble], subtask_id: int | None) -> None:
        for trouble in troubles:
            self._raise_error(
                error_id=trouble.error_id,
                task_id=self.task_id,
                subtask_id=subtask_id,
                error_code=trouble.error_code,
                status_code=trouble.status_code,
                description=trouble.description,
                detail=trouble.detail,
                additional_info=trouble.additional_info,
            )

    @event(TaskFacts.ErrorRaised)
    def _raise_error(
        self,
        error_id: int,
        task_id: int,
        subtask_id: int | None,
        error_code: int,
        status_code: int,
        description: str,
        detail: str,
        additional_info: str | None,
    ) -> None:
        self.errors.append(error_id)

    def _collect_if_all_over(self) -> None:
        over = (SubtaskStatus.DONE, SubtaskStatus.FAILED)
        if all(status in over for status in self.subtasks.values()):
            self._start_collection()

    @event(TaskFacts.CollectionStarted)
    def _start_collection(self) -> None:
        self.status = TaskStatus.COLLECTING_RESULTS

    def complete(self, result: KeptResult | None, now: datetime) -> bool:
        """Be done, with this result or none; whether it counts."""
        if self.status != TaskStatus.COLLECTING_RESULTS:
            return False
        if result is None:
            self._complete(result_id=None, content_type="", size=0, expire_time=None)
            return True
        self._complete(
            result_id=result.result_id,
            content_type=result.content_type,
            size=result.size,
            expire_time=ResultStoragePolicy.model_validate(self.storage_policy).expire_time(now),
        )
        return True

    @event(TaskFacts.Done)
    def _complete(
        self, result_id: UUID | None, content_type: str, size: int, expire_time: datetime | None
    ) -> None:
        self.status, self.result_id = TaskStatus.DONE, result_id

    def fail(self, troubles: Iterable[Trouble]) -> bool:
        """Come to nothing; whether it counts."""
        if self.is_over:
            return False
        self._note(troubles, None)
        self._fail()
        return True

    @event(TaskFacts.Failed)
    def _fail(self) -> None:
        self.status = TaskStatus.FAILED

    def cancel(self) -> None:
        """Stop; a task that is over stays as it is."""
        if not self.is_over:
            self._cancel()

    @event(TaskFacts.Cancelled)
    def _cancel(self) -> None:
        self.status = TaskStatus.CANCELLED

    @event(TaskFacts.NotificationPolicyReplaced)
    def replace_notification_policy(self, notification_policy: dict[str, Any]) -> None:
        """Tell others from now on."""
        self.notification_policy = notification_policy

    def expire_result(self) -> UUID | None:
        """Let the result go; its id, if there was one."""
        gone = self.result_id
        if gone is not None:
            self._expire_result()
        return gone

    @event(TaskFacts.ResultExpired)
    def _expire_result(self) -> None:
        self.result_id = None

    def delete(self) -> None:
        """End the task's life, with all its parts and errors."""
        for subtask_id in list(self.subtasks):
            self._drop_subtask(subtask_id)
        for error_id in list(self.errors):
            self._drop_error(error_id)
        super().delete()

    @event(TaskFacts.SubtaskDropped)
    def _drop_subtask(self, subtask_id: int) -> None:
        self.subtasks.pop(subtask_id, None)

    @event(TaskFacts.ErrorDropped)
    def _drop_error(self, error_id: int) -> None:
        self.errors.remove(error_id)
