"""When analytics of a stream work: stretches of time, in numbered sets.

Of each analytic there is a mapping from the number of a set to its stretches, as JSON values;
an analytic without sets works always.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from domain.shared.fields import point_in_time, written

Stretch = tuple[datetime, datetime]
Sets = Mapping[str, Sequence[Mapping[str, str]]]


def merged(sets: Sets) -> list[Stretch]:
    """What the sets mean together: stretches in their order, apart from one another."""
    found: list[Stretch] = []
    for begin, end in sorted(_stretches(one for several in sets.values() for one in several)):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def working(sets: Sets, now: datetime) -> bool:
    """Whether an analytic works now."""
    stretches = _stretches(one for several in sets.values() for one in several)
    return not sets or any(begin <= now < end for begin, end in stretches)


def at_work(schedules: Sequence[Sets], now: datetime) -> list[int]:
    """The numbers of the analytics that work now."""
    return [number for number, sets in enumerate(schedules) if working(sets, now)]


def next_change(schedules: Sequence[Sets], now: datetime) -> datetime | None:
    """When the first of the analytics that work stops, or another one begins; None for never."""
    edges = (edge for sets in schedules for stretch in merged(sets) for edge in stretch)
    return min((edge for edge in edges if edge > now), default=None)


def as_told(stretches: Iterable[Stretch]) -> list[dict[str, str]]:
    """Stretches as JSON values."""
    return [{"start_time": written(begin), "end_time": written(end)} for begin, end in stretches]


def _stretches(told: Iterable[Mapping[str, str]]) -> list[Stretch]:
    return [(point_in_time(one["start_time"]), point_in_time(one["end_time"])) for one in told]
