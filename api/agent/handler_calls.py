"""Sends best shots to the handlers that streams name."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import orjson
import structlog

from api.agent.frame_stores import FrameNotKept, FrameStores
from api.agent.outbound import Outbound, authorization
from api.url_guard import UrlGuard, UrlRefused
from ray_cluster.stream_jobs import Send

log = structlog.stdlib.get_logger("selene.agent")

NOT_AUTHORIZED: Final = "Failed to authorize in Luna Platform"
_TRIES: Final = 5
_TYPES: Final = {"face": 1, "body": 2}
_PLACES: Final = ("city", "area", "district", "street", "house_number")


class NotAuthorized(Exception):
    """The handler's platform does not know who asks; trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The events that a handler made, and what the stream's owner should know."""

    events: Sequence[Mapping[str, Any]] = ()
    problem: str | None = None


class HandlerCalls:
    """Sends best shots to handlers, and the frames they are of to the frame store."""

    def __init__(self, origin: str, guard: UrlGuard) -> None:
        self._outbound = Outbound(origin, guard)
        self._frames = FrameStores(self._outbound)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._outbound.close()

    async def send(
        self, stream: Mapping[str, Any], origin: str, send: Send, began: datetime
    ) -> Sent:
        """The events that a track's shots made; none when the handler declines them.

        `origin` is where handlers are, with the version of the API. What fails on the way is
        tried again, by this agent or by the next one: the handler knows it by its key, and
        answers with the events of the first time.
        """
        handler = stream["data"]["analytics"][send.analytics]["event_handler"]
        url = f"{origin.rstrip('/')}/handlers/{handler['handler_id']}/events"
        key = key_of(stream, send)
        times = [began + timedelta(seconds=shot.time_s) for shot in send.shots]
        images: list[dict[str, Any]] = [
            {
                "image": base64.b64encode(shot.jpeg).decode(),
                "filename": f"{send.track_id}-{number}.jpg",
                "content_type": "image/jpeg",
                "detect_time": _written(seen),
                "detect_ts": round(shot.time_s, 3),
            }
            for number, (shot, seen) in enumerate(zip(send.shots, times, strict=True))
        ]
        problem = await self._keep_frames(stream, send, images, key, own=self._outbound.is_own(url))
        headers = {
            **authorization(handler["authorization"]),
            "Luna-Event-Time": _written(min(times)),
            "Luna-Event-End-Time": _written(max(times)),
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        asked = httpx.URL(url, params=_query(stream, send))
        answer = await self._posted(str(asked), orjson.dumps({"images": images}), headers)
        return Sent(answer.get("events", ()), problem)

    async def _keep_frames(
        self,
        stream: Mapping[str, Any],
        send: Send,
        images: list[dict[str, Any]],
        key: str,
        *,
        own: bool,
    ) -> str | None:
        """Keep the frames, and tell our own handlers where; what went wrong is no reason to stop.

        Handlers elsewhere have no word for it.
        """
        analytics, run = stream["data"]["analytics"][send.analytics], str(stream["stream_id"])
        problem = None
        for number, (image, shot) in enumerate(zip(images, send.shots, strict=True)):
            try:
                link = await self._frames.kept(analytics, shot, run, f"{key}:{number}")
            except FrameNotKept as why:
                problem = f"the frame store took no frame: {why}"
                log.warning("a frame was not kept", stream=run, why=str(why))
                continue
            if link is not None and own:
                image["image_origin"] = link
        return problem

    async def _posted(self, url: str, data: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        for attempt in range(1, _TRIES + 1):
            try:
                status, content = await self._outbound.post(url, data, headers)
            except (httpx.HTTPError, UrlRefused, OSError) as error:
                status, content = 0, {"detail": str(error) or type(error).__name__}
            if status in (200, 201, 202):
                return content
            if status in (401, 403):
                raise NotAuthorized(NOT_AUTHORIZED)
            if 400 <= status < 500 and status != 429:
                log.warning("a handler declined best shots", url=url, answer=content)
                return {}
            if attempt < _TRIES:
                await asyncio.sleep(0.2 * 2**attempt)
        raise ConnectionError(f"the handler does not answer: {content.get('detail', status)}")


def key_of(stream: Mapping[str, Any], send: Send) -> str:
    """What a sending is known by, whoever sends it."""
    return f"{stream['stream_id']}:{send.track_id}:{send.kind}:{send.number}"


def _query(stream: Mapping[str, Any], send: Send) -> dict[str, str | int | float]:
    location = stream["location"]
    position = location.get("geo_position") or {}
    places = {**{name: location.get(name) for name in _PLACES}, **position}
    return {
        "image_type": _TYPES[send.kind],
        "aggregate_attributes": int(len(send.shots) > 1),
        "track_id": send.track_id,
        "stream_id": stream["stream_id"],
        **({"source": stream["name"]} if stream["name"] else {}),
        **{name: value for name, value in places.items() if value is not None},
    }


def _written(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
