"""What matching is told and asked: changes of candidates, queries and their answers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from domain.shared.biometrics import Descriptor, DescriptorKind

MAX_LIMIT: Final = 1000
MAX_AGE: Final = 1000


class Origin(StrEnum):
    """Where candidates come from; each origin is searched by itself."""

    FACES = "faces"
    EVENTS = "events"
    ATTRIBUTES = "attributes"
    GENERAL_EVENTS = "general_events"


class MatchOrder(StrEnum):
    """How the candidates that were found are listed."""

    SIMILARITY = "similarity"
    CREATE_TIME_ASC = "create_time_asc"
    CREATE_TIME_DESC = "create_time_desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCandidate:
    """A descriptor of a candidate; it replaces the one of the same kind and version.

    `list_ids` are all lists the candidate is in. Descriptors of versions that the system cannot
    calibrate are not kept: nothing could be found with them.
    """

    origin: Origin
    candidate_id: UUID
    account_id: UUID
    descriptor: Descriptor
    create_time: datetime
    list_ids: tuple[UUID, ...] = ()
    gender: int | None = None
    age: int | None = None

    def __post_init__(self) -> None:
        if self.age is not None and not 0 <= self.age <= MAX_AGE:
            raise ValueError(f"age {self.age} is outside 0..{MAX_AGE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachCandidate:
    """A face joins a list; of no effect when it has no descriptor."""

    candidate_id: UUID
    list_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachCandidate:
    """A face leaves a list."""

    candidate_id: UUID
    list_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCandidate:
    """A candidate is no longer found; its vectors are wiped from memory.

    `kind` and `version` narrow what is removed.
    """

    origin: Origin
    candidate_id: UUID
    kind: DescriptorKind | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropList:
    """A list ceases to be; the faces in it stay."""

    list_id: UUID


IndexChange = PutCandidate | AttachCandidate | DetachCandidate | RemoveCandidate | DropList


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchFilters:
    """Which candidates take part: all conditions hold; None does not filter.

    `ids` are the candidates that another store chose. Bounds are included by `__gte` and
    excluded by `__lt`; ids are compared as their bytes. A candidate without a gender or an age
    fails filters by it.
    """

    account_id: UUID | None = None
    list_id: UUID | None = None
    ids: Collection[UUID] | None = None
    id__gte: UUID | None = None
    id__lt: UUID | None = None
    create_time__gte: datetime | None = None
    create_time__lt: datetime | None = None
    gender: int | None = None
    age__gte: int | None = None
    age__lt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchQuery:
    """References looked for among the candidates of one origin.

    The `limit` most similar candidates at or above `threshold` (similarity, 0 to 1) are kept for
    each reference, and then listed in `order`. Equal candidates are ranked by id.
    """

    references: tuple[Descriptor, ...]
    origin: Origin
    filters: MatchFilters = MatchFilters()
    limit: int = 5
    threshold: float = 0.0
    order: MatchOrder = MatchOrder.SIMILARITY

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"limit {self.limit} is outside 1..{MAX_LIMIT}")
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"threshold {self.threshold} is outside 0..1")


class MatchCandidate(NamedTuple):
    """One candidate that was found, and how similar it is (0 to 1)."""

    candidate_id: UUID
    similarity: float


class MatchAnswer(NamedTuple):
    """The candidates found for one reference.

    `position` is the place in the log up to which changes were seen; `exact` says that no better
    candidate can have been missed. Where one can, `recall` is which part of the best was found
    when that was measured last.
    """

    candidates: tuple[MatchCandidate, ...]
    position: int
    exact: bool
    recall: float = 1.0


class CollectionSize(NamedTuple):
    """How many candidates of a kind and version are held, and in how many bytes."""

    origin: Origin
    kind: DescriptorKind
    version: int
    candidates: int
    bytes: int


class Difference(NamedTuple):
    """A candidate that is held otherwise than it should be, and in what."""

    candidate_id: UUID
    what: str


class IndexSnapshot(NamedTuple):
    """A saved index: its position in the log, and the text that tells this log from others."""

    position: int
    mark: str


class SnapshotRefused(Exception):
    """A snapshot is damaged, of another time or not of here; the text says which."""
