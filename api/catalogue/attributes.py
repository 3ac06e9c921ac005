"""The refusals of temporary attributes."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.attributes import AttributeNotFound, SameVersionTwice

ENTRIES: Entries = {
    AttributeNotFound: Entry(22011, 404, NOT_FOUND),
    SameVersionTwice: Entry(22024, 400, BAD_INPUT),
}
