"""The refusals of temporary attributes."""

from api.catalogue.entry import NOT_FOUND, Entries, Entry
from domain.attributes import AttributeNotFound

ENTRIES: Entries = {
    AttributeNotFound: Entry(22011, 404, NOT_FOUND),
}
