"""The refusals of stored images."""

from api.catalogue.entry import NOT_FOUND, Entries, Entry
from domain.images import ImageNotFound

ENTRIES: Entries = {
    ImageNotFound: Entry(13003, 404, NOT_FOUND),
}
