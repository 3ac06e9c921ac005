"""Bodies about the times at which analytics work."""

from pydantic import BaseModel

from api.schemas.schedule_templates import Interval


class SomeIntervals(BaseModel):
    """One set of stretches of time."""

    intervals: list[Interval]


class NumberedIntervals(SomeIntervals):
    """A set under its number."""

    intervals_idx: int


class AllIntervals(BaseModel):
    """All sets by their numbers, or merged into one."""

    intervals: list[NumberedIntervals] | list[Interval]
