"""The refusals of the writer itself, whatever the command."""

from api.catalogue.entry import CONFLICT, Entries, Entry
from commands.refusals import (
    AnswerForgotten,
    ChangedMeanwhile,
    KeyReused,
    NameTaken,
    Overloaded,
    Stopping,
)
from domain.log.port import DatabaseUnavailable, OutcomeUnknown

ENTRIES: Entries = {
    KeyReused: Entry(90040, 409, CONFLICT),
    AnswerForgotten: Entry(90047, 409, CONFLICT),
    ChangedMeanwhile: Entry(90041, 409, "Conflict"),
    Overloaded: Entry(90042, 503, "Service unavailable"),
    NameTaken: Entry(90043, 409, CONFLICT),
    Stopping: Entry(90044, 503, "Service unavailable"),
    DatabaseUnavailable: Entry(90045, 503, "Service unavailable"),
    OutcomeUnknown: Entry(90046, 504, "Outcome unknown"),
}
