"""General events: what clients saw, of types and in words of their own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.shared.fields import written
from domain.shared.refusal import Refusal


class GeneralEventNotFound(Refusal):
    """The general event is unknown, foreign or deleted."""

    detail = "General event with id '{}' not found"


def general_event(
    account_id: UUID,
    event_type: str,
    create_time: datetime | str,
    end_time: datetime | str,
    content: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """A general event in the words of clients; times may be texts that clients made."""
    return {
        "event_type": event_type,
        "account_id": str(account_id),
        "event_create_time": _time(create_time),
        "event_end_time": _time(end_time),
        "event": content,
    }


def _time(value: datetime | str) -> str:
    return value if isinstance(value, str) else written(value)
