"""The refusals of the video manager: its analytics, agents and their streams."""

from api.catalogue.entry import BAD_INPUT, CONFLICT, NOT_FOUND, Entries, Entry
from api.pipelines.managed_streams import UnknownAnalytic
from domain.agents import AgentNotFound
from domain.analytics import AnalyticNameTaken, AnalyticNotFound, BadParameters
from domain.stream_statuses import IntervalsNotFound, NotProcessed, StreamAnalyticNotFound
from domain.streams_content.v6 import NotOurKwargs

ENTRIES: Entries = {
    AnalyticNotFound: Entry(90090, 404, NOT_FOUND),
    AnalyticNameTaken: Entry(90091, 409, CONFLICT),
    BadParameters: Entry(90092, 400, BAD_INPUT),
    UnknownAnalytic: Entry(90093, 404, NOT_FOUND),
    NotOurKwargs: Entry(90094, 400, BAD_INPUT),
    NotProcessed: Entry(90095, 400, "Unable to stop processing"),
    StreamAnalyticNotFound: Entry(90096, 404, NOT_FOUND),
    AgentNotFound: Entry(90098, 404, NOT_FOUND),
    IntervalsNotFound: Entry(90097, 404, NOT_FOUND),
}
