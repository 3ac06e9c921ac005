"""Where streams stand, and what is refused because of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from domain.shared.refusal import Refusal

FATAL_ERRORS: Final = frozenset({"Failed to authorize in Luna Platform"})
"""Errors that trying again cannot mend."""


class StreamNotFound(Refusal):
    """The stream is unknown, foreign or deleted."""

    detail = "Stream with id '{}' not found"


class CannotStop(Refusal):
    """A video file that is being processed cannot be paused."""

    detail = "Processing of stream with id '{}' is already in progress and cannot be stopped."


class CannotCancel(Refusal):
    """A stream that has come to its end cannot be cancelled."""

    detail = "Processing of streams with id '{}' is finished and cannot be cancelled"


class NotProcessed(Refusal):
    """A stream that has come to its end cannot be paused."""

    detail = "Stream with id '{}' is not processed and cannot be paused"


class NoRestream(Refusal):
    """Streams are not sent on as HLS; their last frame and live pictures are at their previews."""

    detail = "Streams are not sent on by this installation, their previews show them"


class StreamAnalyticNotFound(Refusal):
    """The stream has no analytic of this number."""

    detail = "Analytic {} of stream with id '{}' not found"


class IntervalsNotFound(Refusal):
    """The analytic has no set of intervals of this number."""

    detail = "Intervals {} of analytic {} of stream with id '{}' not found"


class StreamStatus(StrEnum):
    """Where a stream stands; the last three are only passed through or said of it."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    PAUSE = "pause"
    CANCEL = "cancel"
    FAILURE = "failure"
    RESTART = "restart"
    HANDLER_LOST = "handler_lost"
    DELETED = "deleted"


_NUMBERS: Final = {
    StreamStatus.PENDING: 0,
    StreamStatus.IN_PROGRESS: 1,
    StreamStatus.DONE: 2,
    StreamStatus.RESTART: 3,
    StreamStatus.FAILURE: 4,
    StreamStatus.PAUSE: 5,
    StreamStatus.CANCEL: 5,
    StreamStatus.HANDLER_LOST: 7,
    StreamStatus.DELETED: 8,
}
OUT_OF_HOURS: Final = 6
"""The number of a stream that waits until one of its analytics works."""


def as_number(status: str) -> int:
    """The number that the video manager has for a status; paused and cancelled have one."""
    return _NUMBERS[StreamStatus(status)]


def with_numbers(numbers: Iterable[int]) -> list[str]:
    """The statuses that have one of the numbers."""
    wanted = set(numbers)
    return [str(status) for status, number in _NUMBERS.items() if number in wanted]


def autorestart_status(row: Mapping[str, Any], now: datetime) -> str:
    """What a client is told of automatic restarts: the contract's `autorestart.status`.

    `row` has `autorestart`, `status`, `last_error`, `attempt`, `attempt_time`.
    """
    wanted = row["autorestart"]
    if not wanted["restart"]:
        return "disabled"
    if row["status"] == StreamStatus.FAILURE:
        if row["last_error"] in FATAL_ERRORS:
            return "denied"
        if row["attempt"] >= wanted["attempt_count"]:
            return "failed"
    tried = row["attempt_time"]
    under_way = tried is not None and now < tried + timedelta(seconds=wanted["delay"])
    return "in_progress" if under_way else "enabled"


def tries_done(
    wanted: Mapping[str, int],
    attempt: int,
    attempt_time: datetime | None,
    status_time: datetime,
    error: str | None,
    now: datetime,
) -> int | None:
    """How many tries there were of a failed stream that shall be tried again now, else None.

    A try is over `delay` seconds after it began; a failure later than that starts the count
    of tries anew.
    """
    delay = timedelta(seconds=wanted["delay"])
    done = 0 if attempt_time is not None and status_time > attempt_time + delay else attempt
    may = wanted["restart"] and error not in FATAL_ERRORS and done < wanted["attempt_count"]
    return done if may and now >= status_time + delay else None
