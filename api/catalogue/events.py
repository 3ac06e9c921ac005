"""The refusals of events and of their statistics."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.events import EventNotFound
from projections.event_statistics import TooManyGroups

ENTRIES: Entries = {
    EventNotFound: Entry(90070, 404, NOT_FOUND),
    TooManyGroups: Entry(90071, 400, BAD_INPUT),
}
