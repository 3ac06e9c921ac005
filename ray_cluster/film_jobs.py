"""Whole films: what is to be computed of one, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class FilmAnalytic:
    """One analytic of a film: its targets, and how often frames are looked at.

    `period` is in frames or in seconds; `probes` are sightings, or counts in a row.
    """

    name: Literal["people_count", "human_tracking"]
    targets: Sequence[str]
    unit: Literal["frame", "second"]
    period: float
    probes: int
    threshold: int = 0


@dataclass(frozen=True, slots=True)
class FilmJob:
    """A film in a file, and what is to be computed of it with which models."""

    path: Path
    rotation: int
    analytics: Sequence[FilmAnalytic]
    pack: str
    packs: Path
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class FilmProgress:
    """How much of the film is done, from 0 to 1; None when its length is not known."""

    done: float | None


@dataclass(frozen=True, slots=True)
class FilmAnalysed:
    """All that came of the film, as JSON values."""

    result: Mapping[str, Any]


FilmMessage = FilmProgress | FilmAnalysed
