"""What may be asked: the base of every command record, and the table they are found in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

R = TypeVar("R", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Generic[R]):
    """A request to change something for one account; `R` is what its function answers.

    `tells` says that the answer shows what is written about its subjects, not just their ids:
    kept for a repeated request, it is forgotten with them.
    """

    tells: ClassVar[bool] = False
    account_id: UUID


CommandTable = Mapping[type[Command[Any]], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The request behind a command.

    With an `idempotency_key`, the first answer given under it is given again; `fingerprint` is
    the digest of the whole request, so that a key cannot be used for two different requests.
    """

    request_id: str = ""
    idempotency_key: str = ""
    fingerprint: str = ""
