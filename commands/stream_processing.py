"""What workers and the supervisor may ask of streams: claims, reports, losses, restarts.

A worker takes streams of all accounts, so these commands name the account of each stream and
belong to none themselves (`EVERYBODY`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from commands.stream_callbacks import keep
from domain.stream_logs import EVERYBODY, StreamLogs, logs_id
from domain.stream_statuses import StreamStatus
from domain.streams import Stream

StreamOf = tuple[UUID, UUID]
"""A stream's id, and the id of its account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStreams(Command[list[UUID]]):
    """Give at most `limit` of these waiting streams to a worker, in this order; answers which.

    What another worker has claimed meanwhile is left out, so no stream has two workers.
    """

    account_id: UUID = EVERYBODY
    streams: tuple[StreamOf, ...]
    limit: int
    agent_id: UUID | None = None
    now: datetime = field(default_factory=partial(datetime.now, UTC))


def claim_streams(cmd: ClaimStreams, store: Store) -> list[UUID]:
    """Claim the streams."""
    claimed: list[UUID] = []
    for stream in found_streams(cmd.streams, store):
        if len(claimed) < cmd.limit and stream.claim(cmd.now, cmd.agent_id):
            claimed.append(stream.id)
            keep(store, stream)
    return claimed


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker says of a stream it has."""

    stream_id: UUID
    account_id: UUID | None
    version: int
    status: StreamStatus
    error: str | None = None
    video_info: dict[str, Any] | None = None
    agent_id: UUID | None = None
    analytics: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeReports(Command[list[dict[str, Any]]]):
    """Take workers' reports; answers where each stream stands and whether its report was taken.

    A stream that is not there stands at `not_found`, version 0; `account_id` is None for it.
    """

    account_id: UUID = EVERYBODY
    reports: tuple[Report, ...]


def take_reports(cmd: TakeReports, store: Store) -> list[dict[str, Any]]:
    """Take the reports, one after the other."""
    answers: list[dict[str, Any]] = []
    for report in cmd.reports:
        found = found_streams([(report.stream_id, report.account_id or EVERYBODY)], store)
        said = {"stream_id": str(report.stream_id), "status": "not_found", "version": 0}
        taken = False
        for stream in found:
            taken = stream.report(
                report.version,
                report.status,
                report.error,
                report.video_info,
                report.agent_id,
                report.analytics,
            )
            keep(store, stream)
            said |= {"status": str(stream.status), "version": stream.stream_version}
        answers.append({**said, "taken": taken})
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseWorkers(Command[None]):
    """Give back the streams whose workers have fallen silent."""

    account_id: UUID = EVERYBODY
    streams: tuple[StreamOf, ...]


def lose_workers(cmd: LoseWorkers, store: Store) -> None:
    """Let the streams wait for other workers."""
    for stream in found_streams(cmd.streams, store):
        stream.lose_worker()
        keep(store, stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartStreams(Command[int]):
    """Try failed streams again, those whose time has come; answers how many."""

    account_id: UUID = EVERYBODY
    streams: tuple[StreamOf, ...]
    now: datetime


def restart_streams(cmd: RestartStreams, store: Store) -> int:
    """Restart the streams."""
    restarted = 0
    for stream in found_streams(cmd.streams, store):
        restarted += stream.restart(cmd.now)
        keep(store, stream)
    return restarted


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShifts(Command[None]):
    """Have streams handed over anew whose analytics stop or begin to work."""

    account_id: UUID = EVERYBODY
    streams: tuple[StreamOf, ...]
    now: datetime


def change_shifts(cmd: ChangeShifts, store: Store) -> None:
    """Let the streams wait for workers again, those whose time has come."""
    for stream in found_streams(cmd.streams, store):
        stream.change_shifts(cmd.now)
        keep(store, stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearLogs(Command[None]):
    """Clear records older than this, of one account or of `EVERYBODY`."""

    before: datetime


def clear_logs(cmd: ClearLogs, store: Store) -> None:
    """Clear the logs."""
    found = store.find_many(StreamLogs, [logs_id(cmd.account_id)], cmd.account_id)
    logs = found[0] if found else _new_logs(cmd.account_id)
    logs.clear(cmd.before)
    store.save(logs)


def _new_logs(account_id: UUID) -> StreamLogs:
    return StreamLogs.with_id(logs_id(account_id), account_id=account_id)


def found_streams(streams: Sequence[StreamOf], store: Store) -> list[Stream]:
    """Those that exist, each once, in the order given."""
    by_account: dict[UUID, list[UUID]] = {}
    for stream_id, account_id in dict.fromkeys(streams):
        by_account.setdefault(account_id, []).append(stream_id)
    found = {
        stream.id: stream
        for account_id, ids in by_account.items()
        for stream in store.find_many(Stream, ids, account_id)
    }
    return [found[i] for i, _ in dict.fromkeys(streams) if i in found]


COMMANDS: CommandTable = {
    ClaimStreams: claim_streams,
    TakeReports: take_reports,
    LoseWorkers: lose_workers,
    RestartStreams: restart_streams,
    ChangeShifts: change_shifts,
    ClearLogs: clear_logs,
}
