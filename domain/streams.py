"""Streams: video sources, what is done with them, and where their processing stands."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned
from domain.stream_statuses import (
    FATAL_ERRORS,
    CannotCancel,
    CannotStop,
    StreamNotFound,
    StreamStatus,
)


class Stream(Owned):
    """A video source of one account; a worker that has it reports under its `stream_version`.

    `content` is the second generation's `data` with all defaults filled in; `of_v1` holds what
    only the first generation can say. Only transitions are facts: progress and previews are not.
    """

    TOPIC = "stream"
    missing = StreamNotFound

    class Created(Owned.Created):
        """A stream was made; it waits for a worker, or is paused."""

        TOPIC = "stream.created"
        PII: ClassVar[frozenset[str]] = frozenset(
            {"name", "description", "content", "of_v1", "location"}
        )
        name: str
        description: str
        content: dict[str, Any]
        of_v1: dict[str, Any] | None
        location: dict[str, Any]
        autorestart: dict[str, int]
        group_ids: list[UUID]
        status: StreamStatus

    class Replaced(Aggregate.Event):
        """The stream is another one under the same id; whoever has it must reload."""

        TOPIC = "stream.replaced"
        PII: ClassVar[frozenset[str]] = frozenset(
            {"name", "description", "content", "of_v1", "location"}
        )
        name: str
        description: str
        content: dict[str, Any]
        of_v1: dict[str, Any] | None
        location: dict[str, Any]
        autorestart: dict[str, int]
        status: StreamStatus
        stream_version: int

    class Described(Aggregate.Event):
        """The description changed."""

        TOPIC = "stream.described"
        PII: ClassVar[frozenset[str]] = frozenset({"description"})
        description: str

    class StatusChanged(Aggregate.Event):
        """The stream passed into a status; `attempt` counts tries after failures."""

        TOPIC = "stream.status_changed"
        status: StreamStatus
        error: str | None
        video_info: dict[str, Any] | None
        attempt: int
        attempt_time: datetime | None
        stream_version: int

        def apply(self, aggregate: Any) -> None:
            """Note the status and since when it holds."""
            aggregate.status, aggregate.status_time = StreamStatus(self.status), self.timestamp
            aggregate.error, aggregate.video_info = self.error, self.video_info
            aggregate.attempt, aggregate.attempt_time = self.attempt, self.attempt_time

    class Attached(Aggregate.Event):
        """The stream joined a group."""

        TOPIC = "stream.attached"
        group_id: UUID

    class Detached(Aggregate.Event):
        """The stream left a group."""

        TOPIC = "stream.detached"
        group_id: UUID

    class Deleted(Owned.Deleted):
        """The stream is gone; events it made stay."""

        TOPIC = "stream.deleted"
        stream_version: int

    @event(Created)
    def __init__(
        self,
        account_id: UUID,
        name: str,
        description: str,
        content: dict[str, Any],
        of_v1: dict[str, Any] | None,
        location: dict[str, Any],
        autorestart: dict[str, int],
        group_ids: list[UUID],
        status: StreamStatus,
    ) -> None:
        super().__init__(account_id)
        self.stream_version = 1
        self.group_ids = list(group_ids)
        self.error: str | None = None
        self.video_info: dict[str, Any] | None = None
        self.attempt, self.attempt_time = 0, None
        self.status_time = self.create_time
        self._take(name, description, content, of_v1, location, autorestart, status)

    def replace(self, **content: Any) -> None:
        """Become another stream under the same id, with a greater version."""
        self._replace(**content, stream_version=self.stream_version + 1)

    def delete(self) -> None:
        """End the stream; its log says so."""
        self.trigger_event(self.Deleted, stream_version=self.stream_version)

    @event(Replaced)
    def _replace(
        self,
        name: str,
        description: str,
        content: dict[str, Any],
        of_v1: dict[str, Any] | None,
        location: dict[str, Any],
        autorestart: dict[str, int],
        status: StreamStatus,
        stream_version: int,
    ) -> None:
        self.stream_version = stream_version
        self.error, self.video_info = None, None
        self.attempt, self.attempt_time = 0, None
        self._take(name, description, content, of_v1, location, autorestart, status)

    def _take(
        self,
        name: str,
        description: str,
        content: dict[str, Any],
        of_v1: dict[str, Any] | None,
        location: dict[str, Any],
        autorestart: dict[str, int],
        status: StreamStatus,
    ) -> None:
        self.name, self.description, self.location = name, description, location
        self.content, self.of_v1, self.autorestart = content, of_v1, autorestart
        self.status = StreamStatus(status)

    def describe(self, description: str) -> None:
        """Change the description."""
        if description != self.description:
            self._describe(description)

    @event(Described)
    def _describe(self, description: str) -> None:
        self.description = description

    def ask(self, status: StreamStatus) -> None:
        """Follow the user: wait for a worker, pause or cancel; the status it has is no change."""
        if status is self.status:
            return
        if status is StreamStatus.PAUSE and self._works_on_file:
            raise CannotStop(self.id)
        if status is StreamStatus.CANCEL and self.status in (
            StreamStatus.DONE,
            StreamStatus.FAILURE,
        ):
            raise CannotCancel(self.id)
        if status is StreamStatus.PENDING and self.status is StreamStatus.IN_PROGRESS:
            return  # it is where a waiting stream would get to
        over = self.status in (StreamStatus.DONE, StreamStatus.CANCEL)
        self._pass(status, video_info=None if over else self.video_info)

    @property
    def _works_on_file(self) -> bool:
        of_file = self.content is not None and self.content["type"] == "videofile"
        return of_file and self.status is StreamStatus.IN_PROGRESS

    def claim(self) -> bool:
        """Give the stream to a worker, if it waits for one.

        What is known of the video is what a run is known by: whoever goes on with a run that
        another worker has begun is told of it.
        """
        if self.status is not StreamStatus.PENDING:
            return False
        self._pass(StreamStatus.IN_PROGRESS, None, self.video_info, self._tries)
        return True

    def report(
        self, version: int, status: StreamStatus, error: str | None, video_info: Any
    ) -> bool:
        """Take a worker's report, unless the worker must reload or stop; answers whether taken.

        An error that is new is a fact also while the worker goes on, and so is what is told of
        the video first.
        """
        if version != self.stream_version or self.status is not StreamStatus.IN_PROGRESS:
            return False
        begins = self.video_info is None and video_info is not None
        if status is not StreamStatus.IN_PROGRESS or error != self.error or begins:
            self._pass(status, error, video_info or self.video_info, self._tries)
        return True

    def lose_worker(self) -> None:
        """Wait for another worker, since this one has fallen silent."""
        if self.status is StreamStatus.IN_PROGRESS:
            for status in (StreamStatus.HANDLER_LOST, StreamStatus.RESTART, StreamStatus.PENDING):
                self._pass(status, self.error, self.video_info, self._tries)

    def restart(self, now: datetime) -> bool:
        """Try again after a failure, if the stream shall, may and must be; answers whether.

        A try is over `delay` seconds after it began; a failure later than that starts the count
        of tries anew.
        """
        tried = self.attempt_time is not None
        delay = timedelta(seconds=self.autorestart["delay"])
        lasted = tried and self.status_time > self.attempt_time + delay  # type: ignore[operator]
        done = 0 if lasted else self.attempt
        if (
            self.status is not StreamStatus.FAILURE
            or not self.autorestart["restart"]
            or self.error in FATAL_ERRORS
            or done >= self.autorestart["attempt_count"]
            or now < self.status_time + delay
        ):
            return False
        for status in (StreamStatus.RESTART, StreamStatus.PENDING):
            self._pass(status, self.error, self.video_info, (done + 1, now))
        return True

    @property
    def _tries(self) -> tuple[int, datetime | None]:
        return self.attempt, self.attempt_time

    def _pass(
        self,
        status: StreamStatus,
        error: str | None = None,
        video_info: dict[str, Any] | None = None,
        tries: tuple[int, datetime | None] = (0, None),
    ) -> None:
        self.trigger_event(
            self.StatusChanged,
            status=status,
            error=error,
            video_info=video_info,
            attempt=tries[0],
            attempt_time=tries[1],
            stream_version=self.stream_version,
        )

    def attach(self, group_id: UUID) -> None:
        """Join a group; joining twice is one membership."""
        if group_id not in self.group_ids:
            self._attach(group_id)

    @event(Attached)
    def _attach(self, group_id: UUID) -> None:
        self.group_ids.append(group_id)

    def detach(self, group_id: UUID) -> None:
        """Leave a group, if in it."""
        if group_id in self.group_ids:
            self._detach(group_id)

    @event(Detached)
    def _detach(self, group_id: UUID) -> None:
        self.group_ids.remove(group_id)
