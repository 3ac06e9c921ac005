"""Where streams stand, and what is refused because of it."""

from collections.abc import Mapping
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
