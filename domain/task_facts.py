"""What can happen to tasks."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.shared.owned import Owned


class TaskFacts(Owned):
    """The facts of tasks; what they do to a task stands in `domain/tasks.py`."""

    def __init__(self, account_id: UUID) -> None:
        super().__init__(account_id)

    class Created(Owned.Created):
        """A job was given."""

        TOPIC = "task.created"
        PII: ClassVar[frozenset[str]] = frozenset({"content", "description", "notification_policy"})
        task_id: int
        task_type: int
        content: dict[str, Any]
        description: str
        notification_policy: dict[str, Any]
        result_storage_policy: dict[str, Any]
        schedule_id: UUID | None

    class Started(Aggregate.Event):
        """Somebody began to work on it."""

        TOPIC = "task.started"

    class SubtaskCreated(Aggregate.Event):
        """A part of the work was set out."""

        TOPIC = "task.subtask_created"
        PII: ClassVar[frozenset[str]] = frozenset({"content"})
        task_id: int
        subtask_id: int
        content: dict[str, Any]

    class SubtaskStarted(Aggregate.Event):
        """Somebody began, or began again, to work on a part."""

        TOPIC = "task.subtask_started"
        subtask_id: int

    class SubtaskDone(Aggregate.Event):
        """A part came to something."""

        TOPIC = "task.subtask_done"
        subtask_id: int
        result_id: UUID | None

    class SubtaskFailed(Aggregate.Event):
        """A part came to nothing; the error says why."""

        TOPIC = "task.subtask_failed"
        subtask_id: int

    class ErrorRaised(Aggregate.Event):
        """Something went wrong, in a part or in the whole."""

        TOPIC = "task.error_raised"
        PII: ClassVar[frozenset[str]] = frozenset({"detail", "additional_info"})
        error_id: int
        task_id: int
        subtask_id: int | None
        error_code: int
        status_code: int
        description: str
        detail: str
        additional_info: str | None

    class CollectionStarted(Aggregate.Event):
        """All parts are over; their results are put together."""

        TOPIC = "task.collection_started"

    class Done(Aggregate.Event):
        """The job is done; its result, if it has one, is kept until `expire_time`."""

        TOPIC = "task.done"
        result_id: UUID | None
        content_type: str
        size: int
        expire_time: datetime | None

    class Failed(Aggregate.Event):
        """The job came to nothing."""

        TOPIC = "task.failed"

    class Cancelled(Aggregate.Event):
        """The client does not want it any more."""

        TOPIC = "task.cancelled"

    class NotificationPolicyReplaced(Aggregate.Event):
        """Others are told of the progress from now on."""

        TOPIC = "task.notification_policy_replaced"
        PII: ClassVar[frozenset[str]] = frozenset({"notification_policy"})
        notification_policy: dict[str, Any]

    class ResultExpired(Aggregate.Event):
        """The result was kept as long as it should be."""

        TOPIC = "task.result_expired"

    class SubtaskDropped(Aggregate.Event):
        """A part went with its task."""

        TOPIC = "task.subtask_dropped"
        subtask_id: int

    class ErrorDropped(Aggregate.Event):
        """An error went with its task."""

        TOPIC = "task.error_dropped"
        error_id: int

    class Deleted(Owned.Deleted):
        """The task is gone."""

        TOPIC = "task.deleted"
