"""How a stream is processed: what users, workers and the supervisor may make of its status."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.stream_statuses import (
    CannotCancel,
    CannotStop,
    NotProcessed,
    StreamStatus,
    tries_done,
)
from domain.working_hours import at_work, next_change


class Processed:
    """What may become of a stream's status; the stream has the facts and notes them."""

    id: UUID
    content: dict[str, Any]
    of_v6: dict[str, Any] | None
    autorestart: dict[str, int]
    stream_version: int
    status: StreamStatus
    status_time: datetime
    error: str | None
    video_info: dict[str, Any] | None
    attempt: int
    attempt_time: datetime | None
    schedules: list[dict[str, Any]]
    agent_id: UUID | None
    handed: list[int] | None
    until: datetime | None
    trigger_event: Any
    StatusChanged: Any
    Handed: Any
    Scheduled: Any

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

    def stop(self) -> None:
        """Pause at once, also a file; what has come to its end is refused."""
        if self.status in (StreamStatus.DONE, StreamStatus.CANCEL, StreamStatus.FAILURE):
            raise NotProcessed(self.id)
        if self.status is not StreamStatus.PAUSE:
            self._pass(StreamStatus.PAUSE, video_info=self.video_info)

    def claim(self, now: datetime, agent_id: UUID | None = None) -> bool:
        """Give the stream to a worker, if it waits for one and any of its analytics works now.

        What is known of the video is what a run is known by: whoever goes on with a run that
        another worker has begun is told of it.
        """
        works = at_work(self.schedules, now)
        if self.status is not StreamStatus.PENDING or (self.schedules and not works):
            return False
        self._pass(StreamStatus.IN_PROGRESS, None, self.video_info, self._tries)
        if self.schedules or agent_id is not None:
            self._hand(agent_id, now)
        return True

    def _hand(self, agent_id: UUID | None, now: datetime) -> None:
        every = self.schedules or [{} for _ in (self.of_v6 or self.content)["analytics"]]
        works, until = at_work(every, now), next_change(every, now)
        self.trigger_event(self.Handed, agent_id=agent_id, analytics=works, until=until)

    def schedule(self, schedules: list[dict[str, Any]], now: datetime) -> None:
        """Let analytics work at other times; whoever has the stream takes it anew."""
        if schedules == self.schedules:
            return
        self.trigger_event(self.Scheduled, schedules=schedules)
        if self.status is StreamStatus.IN_PROGRESS:
            self._wait_again()

    def change_shifts(self, now: datetime) -> None:
        """Wait for a worker again, since others of the analytics work from now on."""
        over = self.until is not None and self.until <= now
        if self.status is StreamStatus.IN_PROGRESS and over:
            self._wait_again()

    def _wait_again(self) -> None:
        self._pass(StreamStatus.PENDING, self.error, self.video_info, self._tries)

    def report(
        self,
        version: int,
        status: StreamStatus,
        error: str | None,
        video_info: Any,
        agent_id: UUID | None = None,
        analytics: Sequence[int] | None = None,
    ) -> bool:
        """Take a worker's report, unless the worker must reload or stop; answers whether taken.

        An error that is new is a fact also while the worker goes on, and so is what is told of
        the video first. A stream is done when all analytics are that were handed over.
        """
        mine = (version, agent_id) == (self.stream_version, self.agent_id)
        if not mine or self.status is not StreamStatus.IN_PROGRESS:
            return False
        if status is StreamStatus.DONE and analytics is not None and self.handed is not None:
            left = [one for one in self.handed if one not in analytics]
            if left:
                told = {"agent_id": agent_id, "analytics": left, "until": self.until}
                self.trigger_event(self.Handed, **told)
                return True
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
        """Try again after a failure, if the stream shall, may and must be; answers whether."""
        done = tries_done(
            self.autorestart, self.attempt, self.attempt_time, self.status_time, self.error, now
        )
        if self.status is not StreamStatus.FAILURE or done is None:
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
