"""The refusals of the writer itself, whatever the command."""

from api.catalogue.entry import CONFLICT, Entries, Entry
from commands.refusals import ChangedMeanwhile, KeyReused, NameTaken, Overloaded

ENTRIES: Entries = {
    KeyReused: Entry(90040, 409, CONFLICT),
    ChangedMeanwhile: Entry(90041, 409, "Conflict"),
    Overloaded: Entry(90042, 503, "Service unavailable"),
    NameTaken: Entry(90043, 409, CONFLICT),
}
