"""Bodies about frames of streams that are given to a handler."""

from typing import Annotated, Final, Literal

from pydantic import Field, WithJsonSchema

from api.images_in_request import ImageLimits, RequestImage, sent_image
from domain.shared.fields import Absent, Flag, Number, Record, Text, Time

STREAM_IMAGE: Final = "raw_image"
"""The file name of a frame that has none, and what its source is called."""

_Bytes = Annotated[str | bytes, WithJsonSchema({"type": "string", "format": "byte"})]


class StreamImage(Record):
    """One frame: the bytes of an image, in JSON as Base64; `detect_ts` in seconds of the video."""

    body: _Bytes
    filename: Annotated[Text, Field(min_length=1, max_length=256)] = STREAM_IMAGE
    detect_time: Absent[Time] = None
    detect_ts: Absent[Number] = None


class StreamEventSource(Record):
    """Where events come from."""

    source_type: Literal["raw_image"]
    source: StreamImage

    def image(self, limits: ImageLimits) -> RequestImage:
        """The frame as an image of a request; one that cannot be read has its error."""
        given = self.source
        encoded = isinstance(given.body, str)
        data = given.body.encode("utf-8", "replace") if isinstance(given.body, str) else given.body
        return sent_image(
            given.filename,
            "",
            data,
            limits,
            encoded=encoded,
            detect_time=given.detect_time,
            detect_ts=given.detect_ts,
        )


class StreamEventsSource(Record):
    """Frames for a handler; `aggregate_attributes` makes one event of all."""

    aggregate_attributes: Flag = 0
    sources: Annotated[list[StreamEventSource], Field(min_length=1)]
