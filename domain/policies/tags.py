"""Conditional tags: what an event is marked with because of what was seen."""

from domain.policies.filters import EVERYBODY, PolicyFilters
from domain.shared.fields import Record, Tag


class ConditionalTag(Record):
    """A tag that events get whose person passes the filters."""

    tag: Tag
    filters: PolicyFilters = EVERYBODY
