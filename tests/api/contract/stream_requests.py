"""Requests about streams that are granted, and those that only the state of a stream refuses."""

from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar
from uuid import UUID

from api.live.previews import url_of
from tests.api.contract.asking import Asked, World
from tests.api.files import BODY
from tests.api.people import some_id
from tests.api.streaming import body_v1, body_v2, claimed, make, report

T = TypeVar("T")
Make = Callable[[World], Asked]
FILM: Final = {"type": "videofile", "reference": "film.mp4"}


def both(**made: Make) -> dict[str, Make]:
    """The same for both generations of the contract, by the key of the operation."""
    return {
        f"streams.{name}{version}": make for name, make in made.items() for version in ("", "V2")
    }


def of_both(name: str, *values: T) -> dict[str, tuple[T, ...]]:
    """Several things of one operation of both generations."""
    return {f"streams.{name}{version}": values for version in ("", "V2")}


def account_of(world: World) -> UUID:
    """Whose the streams are."""
    return UUID(world.client.headers["Luna-Account-Id"])


def new_stream(world: World, **fields: Any) -> str:
    """The id of a stream that nobody else has anything to do with."""
    with world.streams() as client:
        return make(client, account_of(world), **fields)


def taken_stream(world: World, status: str = "in_progress", **said: Any) -> str:
    """The id of a stream that a worker has taken and told of."""
    stream_id = new_stream(world, data=FILM)
    with world.streams() as client:
        claimed(client, [stream_id])
        report(client, stream_id, status, **said)
    return stream_id


def _feedback(world: World) -> Asked:
    told = {"version": 1, "status": "in_progress", "error": None}
    info = {
        "width": 640, "height": 360, "frame_rate": 25, "bit_rate": 1, "gop_size": 12,
        "start_time": "2026-01-01T00:00:00Z", "duration": 2.5, "progress": 0.5,
    }  # fmt: skip
    preview = {"last_frame": {"url": "http://worker/last"}, "live": {}}
    ids = taken_stream(world), world.ids["stream_id"], some_id()
    said = [{**told, "stream_id": one, "video_info": info, "preview": preview} for one in ids]
    return Asked(json={"streams": said})


def _frame(version: int) -> Make:
    def asked(world: World) -> Asked:
        stream_id = taken_stream(world)
        own = {"last_frame": {"url": url_of(stream_id, "last_frame")}}
        with world.streams() as client:
            report(client, stream_id, "in_progress", preview=own)
            shown = {"stream_id": stream_id, "version": 1, "picture": b64encode(BODY).decode()}
            told = client.post("/2/streams/processing/live", json={"streams": [shown]})
            assert told.status_code == 200, told.text
        return Asked(f"/streams/{version}/streams/{stream_id}/preview/handler/frame")

    return asked


def _queued(world: World) -> Asked:
    return Asked(params={"limit": 1, "stream_ids": new_stream(world, name="gate")})


GRANTED = {
    **both(
        createGroup=lambda world: Asked(
            json={"account_id": str(account_of(world)), "group_name": some_id()}
        ),
        deleteStreams=lambda world: Asked(json={"stream_ids": [new_stream(world)], "names": None}),
        getStreamsFromQueue=lambda world: Asked(
            json={"filters": {"stream_ids": [new_stream(world)]}, "limit": 1}
        ),
        getStreamsQueue=_queued,
        linker=lambda world: Asked(
            json={
                "action": "attach",
                "stream_ids": [world.ids["stream_id"]],
                "group_id": world.ids["group_id"],
            }
        ),
        patchGroup=lambda _: Asked(json={"description": "gates"}),
        patchStream=lambda _: Asked(json={"description": "gate"}),
        postStreamsFeedback=_feedback,
    ),
    **{
        f"streams.{name}Stream": lambda world: Asked(
            json=body_v1(account_of(world), status="pause")
        )
        for name in ("create", "put")
    },
    **{
        f"streams.{name}StreamV2": lambda world: Asked(
            json=body_v2(account_of(world), status="pause")
        )
        for name in ("create", "put")
    },
    "streams.previewFrameProxy": _frame(1),
    "streams.previewFrameProxyV2": _frame(2),
}
"""What the smallest value of the contract's schema would not show, by the operation's key."""

StreamStates = Callable[[World], Iterable[tuple[str, Any]]]
"""Streams that stand in some way, each with the body of a request."""

Refused = Iterable[tuple[str, Any]]


def film_in_progress(world: World) -> Refused:
    """Pausing it is refused: (stream, body)."""
    yield taken_stream(world), {"status": "pause"}


def finished(world: World) -> Refused:
    """Cancelling these is refused: (stream, body)."""
    for status in ("done", "failure"):
        yield taken_stream(world, status), {"status": "cancel"}


def not_shown(world: World) -> Refused:
    """A stream whose worker shows nothing: (stream, no body)."""
    yield world.ids["stream_id"], None


def unreachable(world: World) -> Refused:
    """Streams whose worker shows nothing where it said: (stream, no body)."""
    away = {"url": "http://127.0.0.1:1/x"}
    yield taken_stream(world, preview={"last_frame": away, "live": away}), None
