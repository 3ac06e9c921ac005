"""What may be asked of streams by those who own them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.stream_callbacks import keep
from domain.schedule_templates import MOST_INTERVALS, TooManyIntervals
from domain.shared.ids import new_id
from domain.stream_groups import StreamGroup
from domain.stream_statuses import (
    IntervalsNotFound,
    NotProcessed,
    StreamAnalyticNotFound,
    StreamStatus,
)
from domain.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStream(Command[dict[str, Any]]):
    """Make a stream; answers its `stream_id` and `version`.

    `content` is the second generation's `data`.
    """

    stream_id: UUID = field(default_factory=new_id)
    name: str = ""
    description: str = ""
    content: dict[str, Any]
    of_v1: dict[str, Any] | None = None
    of_v6: dict[str, Any] | None = None
    location: dict[str, Any]
    autorestart: dict[str, int]
    group_ids: tuple[UUID, ...] = ()
    status: StreamStatus = StreamStatus.PENDING


def create_stream(cmd: CreateStream, store: Store) -> dict[str, Any]:
    """Make the stream, in its groups."""
    store.get_many(StreamGroup, cmd.group_ids, cmd.account_id)
    made = Stream.with_id(
        cmd.stream_id,
        account_id=cmd.account_id,
        name=cmd.name,
        description=cmd.description,
        content=cmd.content,
        of_v1=cmd.of_v1,
        of_v6=cmd.of_v6,
        location=cmd.location,
        autorestart=cmd.autorestart,
        group_ids=list(cmd.group_ids),
        status=cmd.status,
    )
    store.save(made)
    return {"stream_id": made.id, "version": made.stream_version}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceStream(Command[int]):
    """Make a stream another one, whole; answers its new version. Its groups stay."""

    stream_id: UUID
    name: str = ""
    description: str = ""
    content: dict[str, Any]
    of_v1: dict[str, Any] | None = None
    of_v6: dict[str, Any] | None = None
    location: dict[str, Any]
    autorestart: dict[str, int]
    group_ids: tuple[UUID, ...] = ()
    status: StreamStatus = StreamStatus.PENDING


def replace_stream(cmd: ReplaceStream, store: Store) -> int:
    """Replace the stream; it also joins the group that is named, if one is."""
    store.get_many(StreamGroup, cmd.group_ids, cmd.account_id)
    stream = store.get(Stream, cmd.stream_id, cmd.account_id)
    stream.replace(
        name=cmd.name,
        description=cmd.description,
        content=cmd.content,
        of_v1=cmd.of_v1,
        of_v6=cmd.of_v6,
        location=cmd.location,
        autorestart=cmd.autorestart,
        status=cmd.status,
    )
    for group_id in cmd.group_ids:
        stream.attach(group_id)
    store.save(stream)
    return stream.stream_version


@dataclass(frozen=True, slots=True, kw_only=True)
class EditStream(Command[None]):
    """Change a stream's description, or ask for another status; what is None stays."""

    stream_id: UUID
    description: str | None = None
    status: StreamStatus | None = None


def edit_stream(cmd: EditStream, store: Store) -> None:
    """Edit the stream."""
    stream = store.get(Stream, cmd.stream_id, cmd.account_id)
    if cmd.description is not None:
        stream.describe(cmd.description)
    if cmd.status is not None:
        stream.ask(cmd.status)
    keep(store, stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectStreams(Command[None]):
    """Stop streams, or let them wait for a worker again.

    With `strict` a stream that is missing or cannot be stopped refuses all, else it is left.
    """

    stream_ids: tuple[UUID, ...]
    stop: bool
    strict: bool = True


def direct_streams(cmd: DirectStreams, store: Store) -> None:
    """Stop or resume the streams."""
    find = store.get_many if cmd.strict else store.find_many
    for stream in find(Stream, _once(cmd.stream_ids), cmd.account_id):
        with suppress(*(() if cmd.strict else (NotProcessed,))):
            if cmd.stop:
                stream.stop()
            elif cmd.strict or stream.status is StreamStatus.PAUSE:
                stream.ask(StreamStatus.PENDING)
        keep(store, stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAnalytic(Command[None]):
    """Have an analytic of a stream work in these stretches, under the number of their set.

    Without stretches the set is taken away; the times are JSON values.
    """

    stream_id: UUID
    analytic_idx: int
    intervals_idx: int
    intervals: list[dict[str, str]] | None
    now: datetime


def schedule_analytic(cmd: ScheduleAnalytic, store: Store) -> None:
    """Change one set of one analytic."""
    stream = store.get(Stream, cmd.stream_id, cmd.account_id)
    count = len((stream.of_v6 or stream.content)["analytics"])
    if cmd.analytic_idx >= count:
        raise StreamAnalyticNotFound(cmd.analytic_idx, cmd.stream_id)
    schedules = [dict(one) for one in stream.schedules] or [{} for _ in range(count)]
    sets, number = schedules[cmd.analytic_idx], str(cmd.intervals_idx)
    if cmd.intervals is not None:
        sets[number] = cmd.intervals
        if sum(len(told) for one in schedules for told in one.values()) > MOST_INTERVALS:
            raise TooManyIntervals(MOST_INTERVALS)
    elif sets.pop(number, None) is None:
        raise IntervalsNotFound(cmd.intervals_idx, cmd.analytic_idx, cmd.stream_id)
    stream.schedule(schedules if any(schedules) else [], cmd.now)
    keep(store, stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteStreams(Command[int]):
    """Delete those of the streams that are there; answers how many. `strict`: all or none."""

    stream_ids: tuple[UUID, ...]
    strict: bool = False


def delete_streams(cmd: DeleteStreams, store: Store) -> int:
    """Delete the streams."""
    find = store.get_many if cmd.strict else store.find_many
    streams = find(Stream, _once(cmd.stream_ids), cmd.account_id)
    for stream in streams:
        stream.delete()
    store.save(*streams)
    return len(streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStreams(Command[None]):
    """Put streams into a group or take them out: all, or none if one is missing."""

    group_id: UUID
    stream_ids: tuple[UUID, ...]
    attach: bool


def link_streams(cmd: LinkStreams, store: Store) -> None:
    """Attach or detach the streams."""
    group = store.get(StreamGroup, cmd.group_id, cmd.account_id)
    streams = store.get_many(Stream, _once(cmd.stream_ids), cmd.account_id)
    for stream in streams:
        if cmd.attach:
            stream.attach(group.id)
        else:
            stream.detach(group.id)
    store.save(*streams)


def _once(ids: Sequence[UUID]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(ids))


COMMANDS: CommandTable = {
    CreateStream: create_stream,
    ReplaceStream: replace_stream,
    EditStream: edit_stream,
    DirectStreams: direct_streams,
    ScheduleAnalytic: schedule_analytic,
    DeleteStreams: delete_streams,
    LinkStreams: link_streams,
}
