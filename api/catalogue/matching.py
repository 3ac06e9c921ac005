"""The refusals of comparisons."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.matching import BadReference, NoDescriptor, NotComparable, ReferenceNotFound

ENTRIES: Entries = {
    BadReference: Entry(12022, 400, BAD_INPUT),
    NoDescriptor: Entry(90050, 400, BAD_INPUT),
    NotComparable: Entry(90051, 400, BAD_INPUT),
    ReferenceNotFound: Entry(90052, 404, NOT_FOUND),
}
