"""The refusals of the video manager: its analytics, agents and their streams."""

from api.catalogue.entry import BAD_INPUT, CONFLICT, FORBIDDEN, NOT_FOUND, Entries, Entry
from api.pipelines.managed_streams import UnknownAnalytic
from api.pipelines.videosdk import FilmRefused, FilmTooLong, NoSuchFilmAnalytic, TooManyFilms
from domain.agents import AgentNotFound
from domain.analytics import AnalyticNameTaken, AnalyticNotFound, BadParameters
from domain.stream_statuses import (
    IntervalsNotFound,
    NoRestream,
    NotProcessed,
    StreamAnalyticNotFound,
)
from domain.streams_content.v6 import NotOurKwargs
from domain.video_tasks import VideoTaskNotFound

ENTRIES: Entries = {
    AnalyticNotFound: Entry(90090, 404, NOT_FOUND),
    AnalyticNameTaken: Entry(90091, 409, CONFLICT),
    BadParameters: Entry(90092, 400, BAD_INPUT),
    UnknownAnalytic: Entry(90093, 404, NOT_FOUND),
    NoRestream: Entry(90125, 403, FORBIDDEN),
    VideoTaskNotFound: Entry(90120, 404, NOT_FOUND),
    NoSuchFilmAnalytic: Entry(90121, 400, BAD_INPUT),
    FilmRefused: Entry(90122, 400, BAD_INPUT),
    FilmTooLong: Entry(90123, 400, "Video is too long"),
    TooManyFilms: Entry(90124, 503, "Service unavailable"),
    NotOurKwargs: Entry(90094, 400, BAD_INPUT),
    NotProcessed: Entry(90095, 400, "Unable to stop processing"),
    StreamAnalyticNotFound: Entry(90096, 404, NOT_FOUND),
    AgentNotFound: Entry(90098, 404, NOT_FOUND),
    IntervalsNotFound: Entry(90097, 404, NOT_FOUND),
}
