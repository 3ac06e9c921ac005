"""What the writer asks of a log: load histories, commit a batch, remember answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from domain.log.facts import DescriptorRow, Fact


class VersionConflict(Exception):
    """Somebody else changed what this batch was decided on; decide again."""


class ConstraintBroken(Exception):
    """A read model's unique rule forbids the batch; `args[0]` names the constraint."""


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """Names one command of one idempotent request: account, client's key, command."""

    account_id: UUID
    key: str
    command: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first such request was answered; `fingerprint` is the digest of that request."""

    fingerprint: str
    result: bytes


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message for websocket subscribers that is no fact; gone after a few minutes."""

    account_id: UUID
    message: bytes


@dataclass(slots=True)
class Batch:
    """Everything that several commands want committed in one transaction.

    `events` go to `history`, `recognitions` to the log of the same name; each pairs a domain
    event with the id of the request behind it. `expected` are the versions of aggregates that
    were only read, and must still be theirs at commit.
    """

    events: list[tuple[Any, str]] = field(default_factory=list)
    recognitions: list[tuple[Any, str]] = field(default_factory=list)
    descriptors: list[DescriptorRow] = field(default_factory=list)
    forgotten_descriptors: list[UUID] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    answers: dict[AnswerKey, Answer] = field(default_factory=dict)
    expected: dict[UUID, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(
            self.events
            or self.recognitions
            or self.descriptors
            or self.forgotten_descriptors
            or self.announcements
            or self.answers
        )

    def add(self, other: "Batch") -> None:
        """Take over what another command wants."""
        self.events += other.events
        self.recognitions += other.recognitions
        self.descriptors += other.descriptors
        self.forgotten_descriptors += other.forgotten_descriptors
        self.announcements += other.announcements
        self.answers.update(other.answers)
        self.expected.update(other.expected)


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch on disk: its facts with positions, and the log's position after it."""

    facts: Sequence[Fact]
    position: int
    batch: Batch


class Log(Protocol):
    """The event log as the writer sees it."""

    def load(self, originator_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """The domain events of each aggregate, in order; unknown ids are absent."""
        ...

    def answers(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Answer]:
        """Those of the answers that were given before."""
        ...

    def commit(self, batch: Batch) -> Committed:
        """All or nothing; raises `VersionConflict` or `ConstraintBroken` and changes nothing."""
        ...

    def position(self) -> int:
        """The last committed position; 0 for an empty log."""
        ...
