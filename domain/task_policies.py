"""Policies of tasks: who is told of their progress, and how long their results are kept."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from domain.shared.callbacks import MOST_CALLBACKS, HttpCallback
from domain.shared.fields import Absent, Flag, Record

_FOREVER: Final = -1

_Callbacks = Annotated[tuple[HttpCallback, ...], Field(max_length=MOST_CALLBACKS)]


class TaskNotificationPolicy(Record):
    """Who is told when a task, and when one of its subtasks, is over."""

    enable: Flag = 0
    task_callbacks: _Callbacks = ()
    subtask_callbacks: _Callbacks = ()


class ResultStoragePolicy(Record):
    """How long the result is kept: `ttl` in days, -1 for ever, which is meant without it."""

    ttl: Absent[Annotated[int, Field(strict=True, ge=_FOREVER, le=36_500)]] = None

    def expire_time(self, now: datetime) -> datetime | None:
        """When a result that is made now may go; None is never."""
        if self.ttl is None or self.ttl == _FOREVER:
            return None
        return now + timedelta(days=self.ttl)
