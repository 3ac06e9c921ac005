"""The refusals of streams and their groups."""

from api.catalogue.entry import CONFLICT, FORBIDDEN, NOT_FOUND, Entries, Entry
from api.pipelines.stream_previews import NoPreview, PreviewFailed
from domain.stream_groups import GroupNameTaken, GroupNotFound
from domain.stream_statuses import CannotCancel, CannotStop, StreamNotFound

ENTRIES: Entries = {
    StreamNotFound: Entry(39001, 404, NOT_FOUND),
    CannotStop: Entry(39003, 400, "Unable to stop processing"),
    CannotCancel: Entry(39005, 400, "Unable to cancel processing"),
    GroupNameTaken: Entry(39006, 409, CONFLICT),
    GroupNotFound: Entry(39008, 404, NOT_FOUND),
    NoPreview: Entry(39009, 404, FORBIDDEN),
    PreviewFailed: Entry(39010, 500, "Preview processing error"),
}
