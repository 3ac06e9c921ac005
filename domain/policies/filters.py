"""Filters of policies: for whom a part of a policy is done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from domain.shared.fields import (
    Absent,
    Age,
    EthnicGroupId,
    GenderId,
    LivenessId,
    Probability,
    Record,
    Text,
)

Label = Annotated[Text, Field(max_length=128)]
"""The name of a match policy."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What filters judge of one person: ids of the enumerations, and similarities by label.

    `None` is not estimated. `similarities` has the candidates of each match policy that ran.
    """

    gender: int | None = None
    age: int | None = None
    ethnicity: int | None = None
    liveness: int | None = None
    similarities: Mapping[str, Sequence[float]] = field(default_factory=dict)


def _one_of(allowed: Collection[int] | None, value: int | None) -> bool:
    return allowed is None or (value is not None and value in allowed)


class AttributesFilters(Record):
    """Conditions on estimated attributes; all must hold, and what was not estimated does not."""

    gender: Absent[GenderId] = None
    ethnicities: Absent[tuple[EthnicGroupId, ...]] = None
    age__lt: Absent[Age] = None
    age__gte: Absent[Age] = None
    liveness: Absent[tuple[LivenessId, ...]] = None

    def passes(self, seen: Seen) -> bool:
        """Whether every condition holds for the person."""
        return (
            (self.gender is None or self.gender == seen.gender)
            and (self.age__gte is None or (seen.age is not None and seen.age >= self.age__gte))
            and (self.age__lt is None or (seen.age is not None and seen.age < self.age__lt))
            and _one_of(self.ethnicities, seen.ethnicity)
            and _one_of(self.liveness, seen.liveness)
        )


class LabelFilter(Record):
    """A match policy found a candidate whose similarity lies within the bounds, both included."""

    label: Label
    similarity__gte: Absent[Probability] = None
    similarity__lte: Absent[Probability] = None

    def passes(self, seen: Seen) -> bool:
        """Whether a candidate of the label lies within the bounds."""
        low = 0.0 if self.similarity__gte is None else self.similarity__gte
        high = 1.0 if self.similarity__lte is None else self.similarity__lte
        return any(low <= found <= high for found in seen.similarities.get(self.label, ()))


class PolicyFilters(AttributesFilters):
    """Conditions on attributes and on what was matched; without any, everybody passes."""

    match: Absent[tuple[LabelFilter, ...]] = None

    def passes(self, seen: Seen) -> bool:
        """Whether every condition holds for the person and what was matched."""
        return super().passes(seen) and all(wanted.passes(seen) for wanted in self.match or ())

    @property
    def labels(self) -> tuple[str, ...]:
        """The match policies that the filters refer to."""
        return tuple(wanted.label for wanted in self.match or ())


EVERYBODY = PolicyFilters()
"""The filters of a policy that has none."""
