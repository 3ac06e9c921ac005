"""The refusals of stored samples."""

from api.catalogue.entry import NOT_FOUND, Entries, Entry
from domain.samples import SampleNotFound

ENTRIES: Entries = {
    SampleNotFound: Entry(13003, 404, NOT_FOUND),
}
