"""What may be asked of streams by those who own them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.shared.ids import new_id
from domain.stream_groups import StreamGroup
from domain.stream_statuses import StreamStatus
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
    store.save(stream)


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
    DeleteStreams: delete_streams,
    LinkStreams: link_streams,
}
