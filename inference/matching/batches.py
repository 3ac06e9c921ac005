"""What a search is made of, and rows that wait for searches to end."""

from typing import NamedTuple

from inference.matching.collection import Collection
from inference.matching.id_table import Rows
from inference.matching.planner import Plan
from inference.matching.scan import Wanted


class Asked(NamedTuple):
    """One reference of one query."""

    query: int
    reference: int
    wanted: Wanted


class Batch(NamedTuple):
    """References that are looked for in one scan."""

    collection: Collection
    plan: Plan
    asked: list[Asked]


class Dead(NamedTuple):
    """Rows to be wiped once all searches numbered below `before` have ended."""

    before: int
    collection: Collection
    rows: Rows
