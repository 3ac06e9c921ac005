"""The refusals of verifiers."""

from api.catalogue.entry import NOT_FOUND, Entries, Entry
from domain.verifiers import VerifierNotFound

ENTRIES: Entries = {VerifierNotFound: Entry(90065, 404, NOT_FOUND)}
