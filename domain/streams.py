"""Streams: video sources, what is done with them, and where their processing stands."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned
from domain.stream_processing import Processed
from domain.stream_statuses import StreamNotFound, StreamStatus

_PERSONAL = frozenset({"name", "description", "content", "of_v1", "of_v6", "location"})


class Stream(Processed, Owned):
    """A video source of one account; a worker that has it reports under its `stream_version`.

    `content` is the second generation's `data` with all defaults filled in; `of_v1` holds what
    only the first generation can say, `of_v6` what only the video manager can. Only transitions
    are facts: progress and previews are not.
    """

    TOPIC = "stream"
    missing = StreamNotFound

    class Created(Owned.Created):
        """A stream was made; it waits for a worker, or is paused."""

        TOPIC = "stream.created"
        PII: ClassVar[frozenset[str]] = _PERSONAL
        class_version = 2
        name: str
        description: str
        content: dict[str, Any]
        of_v1: dict[str, Any] | None
        of_v6: dict[str, Any] | None
        location: dict[str, Any]
        autorestart: dict[str, int]
        group_ids: list[UUID]
        status: StreamStatus

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Nothing was said in the words of the video manager yet."""
            state["of_v6"] = None

    class Replaced(Aggregate.Event):
        """The stream is another one under the same id; whoever has it must reload."""

        TOPIC = "stream.replaced"
        PII: ClassVar[frozenset[str]] = _PERSONAL
        class_version = 2
        name: str
        description: str
        content: dict[str, Any]
        of_v1: dict[str, Any] | None
        of_v6: dict[str, Any] | None
        location: dict[str, Any]
        autorestart: dict[str, int]
        status: StreamStatus
        stream_version: int

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Nothing was said in the words of the video manager yet."""
            state["of_v6"] = None

        def apply(self, aggregate: Any) -> None:
            """Take the content; nothing is known of the video any more."""
            aggregate.stream_version = self.stream_version
            aggregate.take(self)

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
            if self.status == StreamStatus.PENDING:
                aggregate.agent_id = aggregate.handed = aggregate.until = None

    class Handed(Aggregate.Event):
        """What an agent got of the stream: the analytics that work until then."""

        TOPIC = "stream.handed"
        agent_id: UUID | None
        analytics: list[int]
        until: datetime | None

        def apply(self, aggregate: Any) -> None:
            """Note who has it, and when others are at work."""
            aggregate.agent_id, aggregate.until = self.agent_id, self.until
            aggregate.handed = self.analytics

    class Scheduled(Aggregate.Event):
        """Analytics work at other times: of each, the stretches by the number of their set."""

        TOPIC = "stream.scheduled"
        schedules: list[dict[str, Any]]

        def apply(self, aggregate: Any) -> None:
            """Take the schedules."""
            aggregate.schedules = self.schedules

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
        of_v6: dict[str, Any] | None,
        location: dict[str, Any],
        autorestart: dict[str, int],
        group_ids: list[UUID],
        status: StreamStatus,
    ) -> None:
        super().__init__(account_id)
        self.stream_version, self.status_time = 1, self.create_time
        self.name, self.description, self.location = name, description, location
        self.group_ids = list(group_ids)
        self._begin(content, of_v1, of_v6, autorestart, status)

    def replace(self, **content: Any) -> None:
        """Become another stream under the same id, with a greater version."""
        self.trigger_event(self.Replaced, **content, stream_version=self.stream_version + 1)

    def delete(self) -> None:
        """End the stream; its log says so."""
        self.trigger_event(self.Deleted, stream_version=self.stream_version)

    def take(self, said: Replaced) -> None:
        """Be what a fact says."""
        self.name, self.description, self.location = said.name, said.description, said.location
        self._begin(said.content, said.of_v1, said.of_v6, said.autorestart, said.status)

    def _begin(
        self,
        content: dict[str, Any],
        of_v1: dict[str, Any] | None,
        of_v6: dict[str, Any] | None,
        autorestart: dict[str, int],
        status: StreamStatus,
    ) -> None:
        self.content, self.of_v1, self.of_v6 = content, of_v1, of_v6
        self.autorestart, self.status = autorestart, StreamStatus(status)
        self.schedules: list[dict[str, Any]] = (of_v6 or {}).get("schedules", [])
        self.error: str | None = None
        self.video_info: dict[str, Any] | None = None
        self.attempt, self.attempt_time = 0, None
        self.agent_id: UUID | None = None
        self.handed: list[int] | None = None
        self.until: datetime | None = None

    def describe(self, description: str) -> None:
        """Change the description."""
        if description != self.description:
            self._describe(description)

    @event(Described)
    def _describe(self, description: str) -> None:
        self.description = description

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
