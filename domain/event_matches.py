"""Whom a handler found similar: candidates by match policy, and the best of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TopMatch:
    """The best candidate of all match policies of an event: a face, or an event."""

    label: str
    similarity: float
    face_id: str | None = None
    event_id: str | None = None
    external_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `TopMatch`."""
        return {
            "face_id": self.face_id,
            "event_id": self.event_id,
            "similarity": self.similarity,
            "label": self.label,
            "external_id": self.external_id,
        }


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody similar: a face or an event (`kind`), with those of its fields that are shown."""

    kind: Literal["face", "event"]
    object_id: UUID
    similarity: float
    external_id: str | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The contract's `EventMatchCandidate`."""
        return {self.kind: self.shown, "similarity": round(self.similarity, 6)}


@dataclass(frozen=True, slots=True)
class EventMatch:
    """The candidates that one match policy found, best first."""

    label: str
    candidates: tuple[Candidate, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The contract's `EventMatch`."""
        found = [candidate.as_dict() for candidate in self.candidates]
        return {"label": self.label, "candidates": found}


def top_match(matches: Sequence[EventMatch]) -> TopMatch | None:
    """The best candidate over all matches; of equals the one found first."""
    found = [(match.label, candidate) for match in matches for candidate in match.candidates]
    if not found:
        return None
    label, best = max(found, key=lambda pair: pair[1].similarity)
    ids = {f"{best.kind}_id": str(best.object_id)}
    return TopMatch(label, round(best.similarity, 6), external_id=best.external_id, **ids)
