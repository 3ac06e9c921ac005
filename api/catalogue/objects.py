"""The refusals of stored objects."""

from api.catalogue.entry import NOT_FOUND, Entries, Entry
from domain.objects import ObjectNotFound

ENTRIES: Entries = {
    ObjectNotFound: Entry(13007, 404, NOT_FOUND),
}
