"""The refusals of handlers."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.handlers import (
    DescriptorsNotAggregated,
    HandlerNotFound,
    NotDynamic,
    PoliciesMissing,
)

ENTRIES: Entries = {
    HandlerNotFound: Entry(90060, 404, NOT_FOUND),
    NotDynamic: Entry(90061, 400, BAD_INPUT),
    PoliciesMissing: Entry(90062, 400, BAD_INPUT),
    DescriptorsNotAggregated: Entry(90063, 400, BAD_INPUT),
}
