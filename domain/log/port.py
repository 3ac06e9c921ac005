"""What the writer asks of a log: load histories, commit a batch, remember answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from uuid import UUID

from domain.log.facts import DescriptorRow, Fact
from domain.shared.owned import personal_fields
from domain.shared.refusal import Refusal


class DecideAgain(Exception):
    """Nothing of the batch was kept; decided anew, it may well be."""


class VersionConflict(DecideAgain):
    """Somebody else changed what this batch was decided on."""


class Interrupted(DecideAgain):
    """The connection was lost before the commit, and there is a new one."""


class ConstraintBroken(Exception):
    """A read model's unique rule forbids the batch; `args[0]` names the constraint."""


class SubjectErased(RuntimeError):
    """Something personal was to be written about a subject whose key was destroyed."""


class DatabaseUnavailable(Refusal):
    """The database cannot be reached; nothing was done, try again."""

    detail = "The database cannot be reached"
    retry_after_s: ClassVar[int] = 1


class OutcomeUnknown(Refusal):
    """The database went away while it was committing: what was asked may have been done."""

    detail = "The database went away while committing; ask what was done before trying again"


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """Names one command of one idempotent request: account, client's key, command."""

    account_id: UUID
    key: str
    command: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first such request was answered; `fingerprint` is the digest of that request.

    Once one of the `subjects` that it tells of is erased, it is forgotten: `result` is `None`.
    """

    fingerprint: str
    result: bytes | None
    subjects: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message for websocket subscribers that is no fact; gone after a few minutes."""

    account_id: UUID
    message: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that is to be sent to an address until it is taken; no fact.

    `callback` is the address with its headers as JSON values, `message` a JSON text about the
    event, which goes with the event.
    """

    delivery_id: UUID
    account_id: UUID
    event_id: UUID
    request_id: str
    callback: Mapping[str, Any]
    message: bytes


@dataclass(slots=True)
class Batch:
    """Everything that several commands want committed in one transaction.

    `events` go to `history`, `recognitions` to the log of the same name; each pairs a domain
    event with the id of the request behind it. `expected` are the versions of aggregates that
    were only read, and must still be theirs at commit. The keys of `erased_subjects` are
    destroyed.
    """

    events: list[tuple[Any, str]] = field(default_factory=list)
    recognitions: list[tuple[Any, str]] = field(default_factory=list)
    descriptors: list[DescriptorRow] = field(default_factory=list)
    forgotten_descriptors: list[UUID] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    answers: dict[AnswerKey, Answer] = field(default_factory=dict)
    expected: dict[UUID, int] = field(default_factory=dict)
    erased_subjects: list[UUID] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(
            self.events
            or self.recognitions
            or self.descriptors
            or self.forgotten_descriptors
            or self.announcements
            or self.deliveries
            or self.answers
            or self.erased_subjects
        )

    def subjects(self) -> tuple[UUID, ...]:
        """Of whom the batch says something personal, each once."""
        said = (event for event, _ in (*self.events, *self.recognitions))
        return tuple(dict.fromkeys(e.originator_id for e in said if personal_fields(type(e))))

    def add(self, other: "Batch") -> None:
        """Take over what another command wants."""
        self.events += other.events
        self.recognitions += other.recognitions
        self.descriptors += other.descriptors
        self.forgotten_descriptors += other.forgotten_descriptors
        self.announcements += other.announcements
        self.deliveries += other.deliveries
        self.answers.update(other.answers)
        self.expected.update(other.expected)
        self.erased_subjects += other.erased_subjects


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch on disk: its facts with positions, and the log's position after it."""

    facts: Sequence[Fact]
    position: int
    batch: Batch


class Log(Protocol):
    """The event log as the writer sees it; each call may raise `DatabaseUnavailable`."""

    def load(self, originator_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """The domain events of each aggregate, in order; unknown ids are absent."""
        ...

    def recognised(self, event_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """What was recorded of each event, in order and without what is personal."""
        ...

    def answers(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Answer]:
        """Those of the answers that were given before."""
        ...

    def commit(self, batch: Batch) -> Committed:
        """All or nothing; raises `DecideAgain` or `ConstraintBroken` and changes nothing.

        `DatabaseUnavailable` also means that nothing was kept; only after `OutcomeUnknown` all
        of it may be there.
        """
        ...

    def position(self) -> int:
        """The last committed position; 0 for an empty log."""
        ...
