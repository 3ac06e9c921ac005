"""Rules of streams: what users, workers and the supervisor may make of them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from commands.stream_groups import CreateGroup, DeleteGroup
from commands.stream_processing import (
    ClaimStreams,
    LoseWorkers,
    Report,
    RestartStreams,
    TakeReports,
)
from commands.streams import CreateStream, DeleteStreams, EditStream, LinkStreams, ReplaceStream
from domain.stream_groups import GroupNotFound
from domain.stream_statuses import CannotCancel, CannotStop, StreamNotFound, StreamStatus
from domain.streams import Stream
from tests.commands.stream_making import ACCOUNT, content, new_stream
from tests.support.scenario import Scenario

S = StreamStatus


def of(stream: CreateStream) -> tuple[Any, ...]:
    """A stream and its account, as workers name it."""
    return ((stream.stream_id, stream.account_id),)


def claim(stream: CreateStream, limit: int = 1) -> ClaimStreams:
    """A worker asks for the stream."""
    return ClaimStreams(streams=of(stream), limit=limit)


def report(stream: CreateStream, status: StreamStatus, **fields: Any) -> TakeReports:
    """The stream's worker says where it stands."""
    told = {"version": 1, **fields}
    one = Report(stream_id=stream.stream_id, account_id=stream.account_id, status=status, **told)
    return TakeReports(reports=(one,))


def ask(stream: CreateStream, status: StreamStatus) -> EditStream:
    """The user asks for a status."""
    return EditStream(account_id=ACCOUNT, stream_id=stream.stream_id, status=status)


def statuses(story: Scenario) -> list[str]:
    """All statuses the streams passed into."""
    events = (fact.event for fact in story.log.facts)
    return [str(event.status) for event in events if hasattr(event, "status")]


def test_a_new_stream_has_version_one() -> None:
    made = new_stream()
    story = Scenario().when(made).then((Stream.Created, {"status": S.PENDING}))
    story.then_answered({"stream_id": made.stream_id, "version": 1})


def test_a_stream_is_made_in_a_group_that_is_there() -> None:
    group = CreateGroup(account_id=ACCOUNT, group_name="gates")
    story = Scenario().when(new_stream(group_ids=(group.group_id,)))
    story.then_refused(GroupNotFound, group.group_id)
    story.when(group).when(new_stream(group_ids=(group.group_id,)))
    story.then((Stream.Created, {"group_ids": [group.group_id]}))


def test_a_waiting_stream_has_one_worker() -> None:
    stream = new_stream()
    story = Scenario().when(stream).when(claim(stream)).then_answered([stream.stream_id])
    story.when(claim(stream)).then_answered([]).then_nothing()


def test_no_more_streams_are_claimed_than_wanted() -> None:
    streams = [new_stream() for _ in range(3)]
    story = Scenario()
    for stream in streams:
        story.when(stream)
    every = tuple((s.stream_id, ACCOUNT) for s in streams)
    story.when(ClaimStreams(streams=every, limit=2))
    story.then_answered([s.stream_id for s in streams[:2]])


def test_progress_is_no_fact_but_its_errors_are() -> None:
    stream = new_stream()
    story = Scenario().when(stream).when(claim(stream))
    story.when(report(stream, S.IN_PROGRESS)).then_nothing()
    story.when(report(stream, S.IN_PROGRESS, error="no route to host"))
    story.then((Stream.StatusChanged, {"status": S.IN_PROGRESS, "error": "no route to host"}))
    story.when(report(stream, S.IN_PROGRESS, error="no route to host")).then_nothing()


@pytest.mark.parametrize("end", [S.DONE, S.FAILURE])
def test_a_worker_ends_its_stream_once(end: StreamStatus) -> None:
    stream = new_stream()
    story = Scenario().when(stream).when(claim(stream)).when(report(stream, end, error="e"))
    story.then((Stream.StatusChanged, {"status": end, "error": "e"}))
    said = {"stream_id": str(stream.stream_id), "version": 1}
    story.then_answered([{**said, "status": end, "taken": True}])
    story.when(report(stream, S.DONE)).then_nothing()
    story.then_answered([{**said, "status": end, "taken": False}])


def test_a_worker_must_reload_what_was_replaced() -> None:
    stream = new_stream()
    replaced = ReplaceStream(
        account_id=ACCOUNT,
        stream_id=stream.stream_id,
        content=content("udp"),
        location={},
        autorestart=stream.autorestart,
    )
    story = Scenario().when(stream).when(claim(stream)).when(replaced).then_answered(2)
    story.when(report(stream, S.DONE)).then_nothing()
    said = {"stream_id": str(stream.stream_id), "version": 2, "status": "pending"}
    story.then_answered([{**said, "taken": False}])
    story.when(claim(stream)).when(report(stream, S.DONE, version=2))
    story.then((Stream.StatusChanged, {"status": S.DONE, "stream_version": 2}))


def test_a_report_on_a_stream_that_is_gone_finds_none() -> None:
    stream = new_stream()
    story = Scenario().when(stream).when(claim(stream))
    story.when(DeleteStreams(account_id=ACCOUNT, stream_ids=(stream.stream_id,)))
    story.then((Stream.Deleted, {"stream_version": 1})).then_answered(1)
    story.when(report(stream, S.DONE)).then_nothing()
    said = {"stream_id": str(stream.stream_id), "version": 0, "status": "not_found"}
    story.then_answered([{**said, "taken": False}])


def test_a_silent_worker_loses_its_stream() -> None:
    stream = new_stream()
    story = Scenario().when(stream).when(LoseWorkers(streams=of(stream))).then_nothing()
    story.when(claim(stream)).when(LoseWorkers(streams=of(stream)))
    assert statuses(story)[2:] == ["handler_lost", "restart", "pending"]
    story.when(report(stream, S.DONE)).then_nothing()
    story.when(claim(stream)).then_answered([stream.stream_id])


def test_what_is_told_of_the_video_first_is_the_run_that_the_next_worker_goes_on_with() -> None:
    stream, info = new_stream(), {"start_time": "2026-01-01T00:00:00Z"}
    story = Scenario().when(stream).when(claim(stream))
    story.then((Stream.StatusChanged, {"status": S.IN_PROGRESS, "video_info": None}))
    story.when(report(stream, S.IN_PROGRESS, video_info=info))
    story.then((Stream.StatusChanged, {"status": S.IN_PROGRESS, "video_info": info}))
    progress = {**info, "progress": 0.5}
    story.when(report(stream, S.IN_PROGRESS, video_info=progress)).then_nothing()
    for step in (LoseWorkers(streams=of(stream)), ask(stream, S.PAUSE), ask(stream, S.PENDING)):
        story.when(step)
    story.when(claim(stream))
    story.then((Stream.StatusChanged, {"status": S.IN_PROGRESS, "video_info": info}))
    story.when(report(stream, S.FAILURE, error="e")).when(ask(stream, S.PENDING))
    story.then((Stream.StatusChanged, {"status": S.PENDING, "video_info": info}))


@pytest.mark.parametrize("end", [S.DONE, S.CANCEL])
def test_a_stream_that_was_over_begins_another_run(end: StreamStatus) -> None:
    stream, info = new_stream(), {"start_time": "2026-01-01T00:00:00Z"}
    story = Scenario().when(stream).when(claim(stream))
    told = report(stream, S.DONE if end is S.DONE else S.IN_PROGRESS, video_info=info)
    story.when(told).then((Stream.StatusChanged, {"video_info": info}))
    if end is S.CANCEL:
        story.when(ask(stream, S.CANCEL)).then((Stream.StatusChanged, {"video_info": info}))
    story.when(ask(stream, S.PENDING)).then((Stream.StatusChanged, {"video_info": None}))
    story.when(claim(stream))
    story.then((Stream.StatusChanged, {"status": S.IN_PROGRESS, "video_info": None}))


def test_a_video_file_under_way_cannot_be_paused() -> None:
    for kind in ("videofile", "tcp"):
        stream = new_stream(kind=kind)
        story = Scenario().when(stream).when(claim(stream)).when(ask(stream, S.PAUSE))
        if kind == "videofile":
            story.then_refused(CannotStop, stream.stream_id)
        else:
            story.then((Stream.StatusChanged, {"status": S.PAUSE}))


def test_a_stream_at_its_end_cannot_be_cancelled() -> None:
    stream = new_stream()
    story = Scenario().when(stream).when(claim(stream)).when(report(stream, S.DONE))
    story.when(ask(stream, S.CANCEL)).then_refused(CannotCancel, stream.stream_id)
    story.when(ask(stream, S.PENDING)).then((Stream.StatusChanged, {"status": S.PENDING}))
    story.when(ask(stream, S.CANCEL)).then((Stream.StatusChanged, {"status": S.CANCEL}))
    story.when(ask(stream, S.CANCEL)).then_nothing()


def test_a_failed_stream_is_tried_again_so_often() -> None:
    stream = new_stream(autorestart={"restart": 1, "attempt_count": 2, "delay": 60})
    story = Scenario().when(stream)
    for attempt in (1, 2, 3):
        story.when(claim(stream)).when(report(stream, S.FAILURE, error="gone"))
        failed = story.log.facts[-1].event.timestamp
        early = failed + timedelta(seconds=59)
        story.when(RestartStreams(streams=of(stream), now=early)).then_answered(0).then_nothing()
        story.when(RestartStreams(streams=of(stream), now=failed + timedelta(seconds=60)))
        if attempt == 3:
            story.then_answered(0).then_nothing()
        else:
            story.then(
                (Stream.StatusChanged, {"status": S.RESTART, "attempt": attempt}),
                (Stream.StatusChanged, {"status": S.PENDING, "attempt": attempt}),
            )


def test_what_cannot_be_mended_is_not_tried_again() -> None:
    for autorestart, error in (
        ({"restart": 0, "attempt_count": 2, "delay": 1}, "gone"),
        ({"restart": 1, "attempt_count": 2, "delay": 1}, "Failed to authorize in Luna Platform"),
    ):
        stream = new_stream(autorestart=autorestart)
        story = Scenario().when(stream).when(claim(stream))
        story.when(report(stream, S.FAILURE, error=error))
        later = story.log.facts[-1].event.timestamp + timedelta(hours=1)
        story.when(RestartStreams(streams=of(stream), now=later)).then_nothing()


def test_streams_join_and_leave_a_group_all_or_none() -> None:
    group, stream = CreateGroup(account_id=ACCOUNT, group_name="gates"), new_stream()
    linking = LinkStreams(
        account_id=ACCOUNT,
        group_id=group.group_id,
        stream_ids=(stream.stream_id, stream.stream_id),
        attach=True,
    )
    story = Scenario().when(group).when(linking).then_refused(StreamNotFound, stream.stream_id)
    story.when(stream).when(linking).then((Stream.Attached, {"group_id": group.group_id}))
    story.when(linking).then_nothing()
    story.when(DeleteGroup(account_id=ACCOUNT, group_id=group.group_id))
    story.when(linking).then_refused(GroupNotFound, group.group_id)


def test_a_foreign_stream_is_not_there() -> None:
    stream, other = new_stream(), uuid4()
    story = Scenario().when(stream)
    story.when(EditStream(account_id=other, stream_id=stream.stream_id, description="x"))
    story.then_refused(StreamNotFound, stream.stream_id)
    story.when(DeleteStreams(account_id=other, stream_ids=(stream.stream_id,))).then_answered(0)
    strict = DeleteStreams(account_id=other, stream_ids=(stream.stream_id,), strict=True)
    story.when(strict).then_refused(StreamNotFound, stream.stream_id)
