"""Whatever users, workers and the supervisor do in whatever order, some things always hold."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from commands.stream_processing import (
    ClaimStreams,
    LoseWorkers,
    Report,
    RestartStreams,
    TakeReports,
)
from commands.streams import CreateStream, DeleteStreams, EditStream, ReplaceStream
from domain.stream_statuses import StreamStatus
from projections.streams import STREAMS
from tests.commands.stream_making import ACCOUNT, content, new_stream
from tests.support.scenario import Scenario

S = StreamStatus
INDEX = st.integers(0, 2)
ENDS = st.sampled_from([S.IN_PROGRESS, S.DONE, S.FAILURE])
STORED: Final = {S.PENDING, S.IN_PROGRESS, S.DONE, S.PAUSE, S.CANCEL, S.FAILURE}
LEGAL: Final[Mapping[str, set[str]]] = {
    "pending": {"in_progress", "pause", "cancel", "pending"},
    "in_progress": {"in_progress", "done", "failure", "pause", "cancel", "handler_lost", "pending"},
    "handler_lost": {"restart"},
    "restart": {"pending"},
    "done": {"pending", "pause"},
    "failure": {"pending", "pause", "restart"},
    "pause": {"pending", "pause", "cancel"},
    "cancel": {"pending", "pause"},
}
"""What may follow a status; a replacement may begin anew from anywhere."""


class Streams(RuleBasedStateMachine):
    """Three streams, two workers that may hold what is no longer theirs, and a clock."""

    @initialize()
    def begin(self) -> None:
        self.story = Scenario()
        autorestart = {"restart": 1, "attempt_count": 2, "delay": 60}
        kinds = ("tcp", "videofile", "images")
        self.streams: list[CreateStream] = []
        for kind in kinds:
            made = new_stream(kind="tcp", autorestart=autorestart)
            made.content.update(content(kind, **({"mask": "*.jpg"} if kind == "images" else {})))
            self.story.when(made)
            self.streams.append(made)
        self.held: list[dict[UUID, int]] = [{}, {}]
        self.seen = 0

    def _of(self, index: int) -> tuple[tuple[UUID, UUID]]:
        return ((self.streams[index].stream_id, ACCOUNT),)

    def _row(self, stream_id: UUID) -> Mapping[str, object] | None:
        return STREAMS.fold(self.story.log.facts).get(stream_id)

    @rule(worker=st.integers(0, 1), limit=st.integers(1, 3))
    def claims(self, worker: int, limit: int) -> None:
        before = STREAMS.fold(self.story.log.facts)
        waiting = [i for i, row in before.items() if row["status"] == "pending"]
        every = tuple((s.stream_id, ACCOUNT) for s in self.streams)
        self.story.when(ClaimStreams(streams=every, limit=limit))
        assert len(self.story.answer) == min(limit, len(waiting))
        for stream_id in self.story.answer:
            assert stream_id in waiting
            self.held[worker][stream_id] = before[stream_id]["stream_version"]

    @rule(worker=st.integers(0, 1), index=INDEX, end=ENDS)
    def reports(self, worker: int, index: int, end: StreamStatus) -> None:
        stream_id = self.streams[index].stream_id
        if (version := self.held[worker].get(stream_id)) is None:
            return
        row = self._row(stream_id)
        told = Report(stream_id, ACCOUNT, version, end, "e" if end is S.FAILURE else None)
        self.story.when(TakeReports(reports=(told,)))
        (standing,) = self.story.answer
        current = row is not None and row["status"] == S.IN_PROGRESS
        current = current and row is not None and row["stream_version"] == version
        assert standing["taken"] is current
        if not current:
            assert standing["status"] == ("not_found" if row is None else row["status"])
            del self.held[worker][stream_id]

    @rule(index=INDEX, status=st.sampled_from([S.PENDING, S.PAUSE, S.CANCEL]))
    def asks(self, index: int, status: StreamStatus) -> None:
        wanted = EditStream(
            account_id=ACCOUNT, stream_id=self.streams[index].stream_id, status=status
        )
        self.story.when(wanted)

    @rule(index=INDEX)
    def replaces(self, index: int) -> None:
        before = self._row(self.streams[index].stream_id)
        wanted = ReplaceStream(
            account_id=ACCOUNT,
            stream_id=self.streams[index].stream_id,
            content=self.streams[index].content,
            location={},
            autorestart=self.streams[index].autorestart,
        )
        self.story.when(wanted)
        if before is not None:
            assert self.story.answer == before["stream_version"] + 1  # type: ignore[operator]

    @rule(index=INDEX)
    def worker_falls_silent(self, index: int) -> None:
        self.story.when(LoseWorkers(streams=self._of(index)))

    @rule(index=INDEX, minutes=st.integers(0, 3))
    def time_passes(self, index: int, minutes: int) -> None:
        now = datetime.now(UTC) + timedelta(minutes=minutes)
        self.story.when(RestartStreams(streams=self._of(index), now=now))

    @rule(index=INDEX)
    def deletes(self, index: int) -> None:
        ids = (self.streams[index].stream_id,)
        self.story.when(DeleteStreams(account_id=ACCOUNT, stream_ids=ids))

    @invariant()
    def only_lawful_steps(self) -> None:
        if not hasattr(self, "story"):
            return
        at: dict[UUID, str] = {}
        for fact in self.story.log.facts:
            event = fact.event
            name = type(event).__name__
            if name == "StatusChanged":
                assert str(event.status) in LEGAL[at[event.originator_id]]
            if hasattr(event, "status"):
                at[event.originator_id] = str(event.status)
        rows = STREAMS.fold(self.story.log.facts)
        assert all(row["status"] in STORED for row in rows.values())
        assert all(row["attempt"] <= 2 for row in rows.values())


Streams.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestStreams = Streams.TestCase
