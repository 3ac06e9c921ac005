"""The refusals of comparisons."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.matching import (
    BadReference,
    IndexFull,
    NoDescriptor,
    NotComparable,
    ReferenceNotFound,
)
from domain.shared.matching_refusals import MatchingAway, TooManySearches

ENTRIES: Entries = {
    BadReference: Entry(12022, 400, BAD_INPUT),
    NoDescriptor: Entry(90050, 400, BAD_INPUT),
    NotComparable: Entry(90051, 400, BAD_INPUT),
    ReferenceNotFound: Entry(90052, 404, NOT_FOUND),
    TooManySearches: Entry(90053, 503, "Service unavailable"),
    IndexFull: Entry(90054, 507, "Insufficient storage"),
    MatchingAway: Entry(90055, 503, "Service unavailable"),
}
