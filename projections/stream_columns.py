"""What the columns of streams are made of."""

from typing import Any, Final

from domain.human_tracking import HUMAN_TRACKING
from domain.stream_statuses import StreamStatus
from projections.table import Table, Update


def text_of(name: str) -> Any:
    """What reads a text, empty where its key was destroyed."""

    def read(event: Any) -> str:
        return getattr(event, name) or ""

    return read


def _reference(event: Any) -> str | None:
    return None if event.content is None else event.content["reference"]


def _of_v6(name: str, otherwise: Any = None) -> Any:
    def read(event: Any) -> Any:
        return otherwise if event.of_v6 is None else event.of_v6[name]

    return read


def _analytics(event: Any) -> list[str]:
    if event.of_v6 is None:
        return [HUMAN_TRACKING]
    return [one["analytic_name"] for one in event.of_v6["analytics"]]


def _older_words(event: Any) -> bool:
    """Whether the older generations have words for the stream: all that is sent has a handler."""
    if event.of_v6 is None:
        return True
    said = event.content["analytics"]
    return bool(said) and all(one["event_handler"] is not None for one in said)


NOBODYS: Final = {"agent_id": None, "handed": None, "until": None}
"""Columns of a stream that no agent has."""


class Passed(Update):
    """A status: whoever had the stream has it no longer once it waits."""

    def __call__(self, row: dict[str, Any] | None, event: Any, table: Table) -> Any:
        """The changed row."""
        after = super().__call__(row, event, table)
        waits = after is not None and event.status == StreamStatus.PENDING
        return {**after, **NOBODYS} if after is not None and waits else after


CONTENT: Final[dict[str, Any]] = {
    "name": text_of("name"),
    "description": text_of("description"),
    "reference": _reference,
    "status_time": "timestamp",
    "source": _of_v6("source"),
    "schedules": _of_v6("schedules", []),
    "analytics": _analytics,
    "older_words": _older_words,
}
"""What becomes of a stream whose content is told."""
