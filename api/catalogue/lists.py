"""The refusals of lists."""

from api.catalogue.entry import NOT_FOUND, Entries, Entry
from domain.lists import ListNotFound, ListsNotFound

ENTRIES: Entries = {
    ListNotFound: Entry(22003, 404, NOT_FOUND),
    ListsNotFound: Entry(22005, 404, NOT_FOUND),
}
