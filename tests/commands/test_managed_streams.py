"""Streams in the video manager's hands: agents, hours, stops, and who is told of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from commands.agents import CreateAgent, DeleteAgent
from commands.router import COMMANDS
from commands.store import Session, SessionStore
from commands.stream_processing import ChangeShifts, ClaimStreams, Report, TakeReports
from commands.streams import CreateStream, DirectStreams, ScheduleAnalytic
from domain.agents import Agent, AgentNotFound
from domain.schedule_templates import TooManyIntervals
from domain.shared.fields import written
from domain.stream_statuses import (
    IntervalsNotFound,
    NotProcessed,
    StreamAnalyticNotFound,
    StreamStatus,
)
from domain.streams import Stream
from tests.commands.stream_making import ACCOUNT, new_stream
from tests.support.scenario import Scenario

S = StreamStatus
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENT = uuid4()


def hours(begin: datetime, end: datetime) -> list[dict[str, str]]:
    """A stretch of time, as JSON."""
    return [{"start_time": written(begin), "end_time": written(end)}]


def managed(*schedules: dict[str, Any], count: int = 1, **said: Any) -> CreateStream:
    """A stream with so many analytics, each with its hours."""
    names = [{"analytic_name": f"a{i}", "parameters": {}} for i in range(count)]
    of_v6 = {"data": {}, "analytics": names, "source": None, "schedules": list(schedules), **said}
    return new_stream(of_v6=of_v6)


def claim(stream: CreateStream, agent_id: UUID | None = AGENT, now: datetime = NOON) -> Any:
    """The command by which an agent takes it."""
    of = ((stream.stream_id, ACCOUNT),)
    return ClaimStreams(streams=of, limit=1, agent_id=agent_id, now=now)


def report(stream: CreateStream, status: StreamStatus, **said: Any) -> TakeReports:
    """The command by which an agent tells of it."""
    told = {"agent_id": AGENT, "version": 1, "status": status, **said}
    return TakeReports(reports=(Report(stream_id=stream.stream_id, account_id=ACCOUNT, **told),))


def put(stream: CreateStream, number: int, intervals: Any, analytic: int = 0) -> ScheduleAnalytic:
    """The command that changes a set at noon."""
    return ScheduleAnalytic(
        account_id=ACCOUNT,
        stream_id=stream.stream_id,
        analytic_idx=analytic,
        intervals_idx=number,
        intervals=intervals,
        now=NOON,
    )


def test_an_agent_is_handed_the_analytics_that_work_until_that_changes() -> None:
    stream = managed({"0": hours(NOON - HOUR, NOON + HOUR)}, {"0": hours(NOON + HOUR, NOON + 2 * HOUR)}, {}, count=3)  # fmt: skip  # noqa: E501

    Scenario().when(stream).when(claim(stream)).then(
        (Stream.StatusChanged, {"status": S.IN_PROGRESS}),
        (Stream.Handed, {"agent_id": AGENT, "analytics": [0, 2], "until": NOON + HOUR}),
    )


def test_out_of_hours_nobody_gets_a_stream() -> None:
    stream = managed({"0": hours(NOON + HOUR, NOON + 2 * HOUR)})

    story = Scenario().when(stream).when(claim(stream)).then_answered([])
    story.when(claim(stream, now=NOON + HOUR)).then_answered([stream.stream_id])


def test_when_the_hours_change_a_stream_waits_to_be_handed_over_anew() -> None:
    stream = managed({"0": hours(NOON - HOUR, NOON + HOUR)})
    of = ((stream.stream_id, ACCOUNT),)
    story = Scenario().when(stream).when(claim(stream))
    story.when(ChangeShifts(streams=of, now=NOON)).then_nothing()
    story.when(ChangeShifts(streams=of, now=NOON + HOUR)).then(
        (Stream.StatusChanged, {"status": S.PENDING})
    )
    story.when(report(stream, S.IN_PROGRESS)).then_nothing()
    story.when(claim(stream, now=NOON + HOUR)).then_answered([])


def test_only_the_agent_that_has_a_stream_reports_on_it() -> None:
    stream = managed()
    story = Scenario().when(stream).when(claim(stream))
    story.when(report(stream, S.DONE, agent_id=uuid4())).then_nothing()
    story.when(report(stream, S.DONE, agent_id=None)).then_nothing()
    story.when(report(stream, S.DONE)).then((Stream.StatusChanged, {"status": S.DONE}))


def test_a_stream_is_done_when_all_of_its_analytics_are() -> None:
    stream = managed(count=3)
    story = Scenario().when(stream).when(claim(stream))
    story.when(report(stream, S.DONE, analytics=(0, 2))).then(
        (Stream.Handed, {"agent_id": AGENT, "analytics": [1]})
    )
    story.when(report(stream, S.DONE, analytics=(1,))).then(
        (Stream.StatusChanged, {"status": S.DONE})
    )


def test_the_streams_of_an_agent_that_is_removed_go_to_others() -> None:
    mine, others = managed(), managed()
    made = CreateAgent(account_id=ACCOUNT, agent_id=AGENT, content={"analytic_names": []})
    story = Scenario().when(made).when(mine).when(others)
    story.when(claim(mine)).when(claim(others, uuid4()))
    ids = (mine.stream_id, others.stream_id)
    story.when(DeleteAgent(account_id=ACCOUNT, agent_id=AGENT, stream_ids=ids)).then(
        (Agent.Deleted, {"originator_id": AGENT}),
        (Stream.StatusChanged, {"originator_id": mine.stream_id, "status": S.HANDLER_LOST}),
        (Stream.StatusChanged, {"status": S.RESTART}),
        (Stream.StatusChanged, {"status": S.PENDING}),
    )
    story.when(DeleteAgent(account_id=ACCOUNT, agent_id=AGENT)).then_refused(AgentNotFound)


def test_sets_are_made_replaced_and_taken_away_by_their_numbers() -> None:
    stream, first = managed(count=2), hours(NOON, NOON + HOUR)
    story = Scenario().when(stream)
    story.when(put(stream, 7, first)).then((Stream.Scheduled, {"schedules": [{"7": first}, {}]}))
    story.when(put(stream, 7, first)).then_nothing()
    story.when(put(stream, 0, first, analytic=2)).then_refused(StreamAnalyticNotFound)
    story.when(put(stream, 0, None)).then_refused(IntervalsNotFound)
    story.when(put(stream, 0, first * 1000)).then_refused(TooManyIntervals)
    story.when(put(stream, 7, None)).then((Stream.Scheduled, {"schedules": []}))


def test_new_hours_take_a_stream_from_whoever_has_it() -> None:
    stream = managed()
    story = Scenario().when(stream).when(claim(stream))
    story.when(put(stream, 0, hours(NOON, NOON + HOUR))).then(
        (Stream.Scheduled, {}), (Stream.StatusChanged, {"status": S.PENDING})
    )


@pytest.mark.parametrize("end", [S.DONE, S.FAILURE])
def test_what_is_over_is_not_stopped(end: StreamStatus) -> None:
    stream = managed()
    story = Scenario().when(stream).when(claim(stream)).when(report(stream, end))
    one = (stream.stream_id,)
    story.when(DirectStreams(account_id=ACCOUNT, stream_ids=one, stop=True)).then_refused(
        NotProcessed
    )
    for stop in (True, False):
        several = DirectStreams(account_id=ACCOUNT, stream_ids=one, stop=stop, strict=False)
        story.when(several).then_nothing()


def test_who_wants_to_is_told_of_every_status() -> None:
    callback = {"type": "http", "url": "http://there/x"}
    off = {**callback, "enable": 0}
    stream = managed(notification_policy={"enable": 1, "stream_callbacks": [callback, off]})
    store = SessionStore(Session(Scenario().log), "request")
    for command in (stream, claim(stream), report(stream, S.FAILURE, error="gone")):
        COMMANDS[type(command)](command, store)

    sent = [orjson.loads(one.message) for one in store.batch.deliveries]
    told = {"stream_id": str(stream.stream_id), "version": 1}
    assert [one["event"] for one in sent] == [
        {**told, "status": 1, "error": None},
        {**told, "status": 4, "error": "gone"},
    ]
    assert {(one["event_type"], one["account_id"]) for one in sent} == {("stream", str(ACCOUNT))}
