"""Video tasks: films whose analytics are computed while nobody waits for the answer."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned
from domain.shared.refusal import Refusal
from domain.stream_statuses import StreamStatus


class VideoTaskNotFound(Refusal):
    """The video task is unknown or foreign."""

    detail = "Video task with id '{}' not found"


class VideoTask(Owned):
    """One film of one account; `content` says where it is and what is to be computed of it."""

    TOPIC = "video_task"
    missing = VideoTaskNotFound

    class Created(Owned.Created):
        """A film waits for somebody to look at it."""

        TOPIC = "video_task.created"
        PII: ClassVar[frozenset[str]] = frozenset({"content"})
        content: dict[str, Any]

    class Passed(Aggregate.Event):
        """The film is looked at, waits again, or is over: with a result, or with an error."""

        TOPIC = "video_task.passed"
        status: StreamStatus
        result_id: UUID | None
        error: str | None

        def apply(self, aggregate: Any) -> None:
            """Note where it stands."""
            aggregate.status = StreamStatus(self.status)

    class Deleted(Owned.Deleted):
        """Never happens: a task that is over stays readable."""

        TOPIC = "video_task.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, content: dict[str, Any]) -> None:
        super().__init__(account_id)
        self.content = content
        self.status = StreamStatus.PENDING

    def begin(self) -> bool:
        """Give it to whoever asks first; answers whether that is who asks now."""
        if self.status is not StreamStatus.PENDING:
            return False
        self._pass(StreamStatus.IN_PROGRESS)
        return True

    def lose_worker(self) -> None:
        """Wait for another worker, since this one has fallen silent."""
        if self.status is StreamStatus.IN_PROGRESS:
            self._pass(StreamStatus.PENDING)

    def end(self, result_id: UUID | None, error: str | None) -> None:
        """Be over, once."""
        if self.status is StreamStatus.IN_PROGRESS:
            over = StreamStatus.DONE if error is None else StreamStatus.FAILURE
            self._pass(over, result_id, error)

    def _pass(
        self, status: StreamStatus, result_id: UUID | None = None, error: str | None = None
    ) -> None:
        self.trigger_event(self.Passed, status=status, result_id=result_id, error=error)
