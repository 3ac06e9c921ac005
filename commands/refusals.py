"""Refusals of the writer itself, whatever the command."""

from typing import ClassVar

from domain.shared.refusal import Refusal


class KeyReused(Refusal):
    """The idempotency key was used before, for another request."""

    detail = "Idempotency-Key '{}' was used for another request"


class AnswerForgotten(Refusal):
    """The request was done before, and what it was answered tells of something erased since."""

    detail = "What was answered under Idempotency-Key '{}' was erased"


class ChangedMeanwhile(Refusal):
    """Others kept changing the same objects; nothing was done, try again."""

    detail = "The objects were changed by other requests at the same time"


class Overloaded(Refusal):
    """Too many commands are waiting; nothing was done, try again later."""

    detail = "{} commands are waiting already"


class NameTaken(Refusal):
    """Another object has the name already."""

    detail = "Unique rule '{}' is broken"


class Stopping(Refusal):
    """The service is about to end; nothing was done."""

    detail = "The service is stopping"
    retry_after_s: ClassVar[int] = 1
