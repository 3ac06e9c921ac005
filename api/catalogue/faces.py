"""The refusals of faces."""

from api.catalogue.entry import NOT_FOUND, Entries, Entry
from domain.faces import FaceNotFound, FacesNotFound

ENTRIES: Entries = {
    FaceNotFound: Entry(22002, 404, NOT_FOUND),
    FacesNotFound: Entry(22004, 404, NOT_FOUND),
}
