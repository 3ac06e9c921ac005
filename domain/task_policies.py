"""Policies of tasks: who is told of their progress, and how long their results are kept."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.shared.fields import Absent, Flag, Record, Text

MOST_CALLBACKS: Final = 10
LONGEST_TIMEOUT_S: Final = 60
_FOREVER: Final = -1

_Header = Annotated[Text, Field(max_length=1024, pattern=r"^[^\r\n]*$")]


class BasicAuthorization(Record):
    """The login and password that a callback is sent with."""

    type: Literal["basic"] = "basic"
    login: Annotated[Text, Field(max_length=128, pattern=r"^[^:]*$")]
    password: Annotated[Text, Field(max_length=128)]


class CallbackParams(Record):
    """How a callback is sent: how long an answer is waited for (s), and which headers it has."""

    timeout: Annotated[int, Field(strict=True, ge=1, le=LONGEST_TIMEOUT_S)] = LONGEST_TIMEOUT_S
    content_type: Literal["application/json"] = "application/json"
    headers: Absent[Annotated[dict[_Header, _Header], Field(max_length=20)]] = None


class HttpCallback(Record):
    """An address that is sent a POST request."""

    type: Literal["http"]
    url: Annotated[Text, Field(max_length=2048, pattern=r"^https?://")]
    authorization: Absent[BasicAuthorization] = None
    params: CallbackParams = CallbackParams()
    enable: Flag = 1


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
