"""The refusals of the video manager: its analytics, agents and their streams."""

from api.catalogue.entry import BAD_INPUT, CONFLICT, NOT_FOUND, Entries, Entry
from domain.analytics import AnalyticNameTaken, AnalyticNotFound, BadParameters

ENTRIES: Entries = {
    AnalyticNotFound: Entry(90090, 404, NOT_FOUND),
    AnalyticNameTaken: Entry(90091, 409, CONFLICT),
    BadParameters: Entry(90092, 400, BAD_INPUT),
}
