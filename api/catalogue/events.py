"""The refusals of events, of their statistics and of those who subscribe to them."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from api.sender.refusals import PositionAhead, UpgradeRequired
from domain.events import EventNotFound
from domain.general_events import GeneralEventNotFound
from projections.event_statistics import TooManyGroups

ENTRIES: Entries = {
    EventNotFound: Entry(90070, 404, NOT_FOUND),
    TooManyGroups: Entry(90071, 400, BAD_INPUT),
    PositionAhead: Entry(90072, 400, BAD_INPUT),
    GeneralEventNotFound: Entry(90070, 404, NOT_FOUND),
    UpgradeRequired: Entry(90073, 426, "Upgrade required"),
}
