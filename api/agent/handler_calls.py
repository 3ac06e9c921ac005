"""Sends best shots to the handlers that streams name."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import orjson
import structlog

from api.url_guard import UrlGuard, UrlRefused
from ray_cluster.stream_jobs import Send

log = structlog.stdlib.get_logger("selene.agent")

NOT_AUTHORIZED: Final = "Failed to authorize in Luna Platform"
_TRIES: Final = 5
_TYPES: Final = {"face": 1, "body": 2}
_PLACES: Final = ("city", "area", "district", "street", "house_number")


class NotAuthorized(Exception):
    """The handler's platform does not know who asks; trying again is of no use."""


class HandlerCalls:
    """Posts to handlers here by our own client, and to those elsewhere through the guard."""

    def __init__(self, origin: str, guard: UrlGuard) -> None:
        self._origin, self._guard = origin, guard
        self._client = httpx.AsyncClient(timeout=60.0, trust_env=False)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    async def send(
        self, stream: Mapping[str, Any], origin: str, send: Send, began: datetime
    ) -> list[str]:
        """The ids of the events that a track's shots made; none when the handler declines them.

        What fails on the way is tried again, by this agent or by the next one: the handler
        knows it by its key, and answers with the events of the first time.
        """
        handler = stream["data"]["analytics"][send.analytics]["event_handler"]
        url = f"{origin.rstrip('/')}/6/handlers/{handler['handler_id']}/events"
        times = [began + timedelta(seconds=shot.time_s) for shot in send.shots]
        images = [
            {
                "image": base64.b64encode(shot.jpeg).decode(),
                "filename": f"{send.track_id}-{number}.jpg",
                "content_type": "image/jpeg",
                "detect_time": _written(seen),
                "detect_ts": round(shot.time_s, 3),
            }
            for number, (shot, seen) in enumerate(zip(send.shots, times, strict=True))
        ]
        key = f"{stream['stream_id']}:{send.track_id}:{send.kind}:{send.number}"
        headers = {
            **_authorization(handler["authorization"]),
            "Luna-Event-Time": _written(min(times)),
            "Luna-Event-End-Time": _written(max(times)),
            "Idempotency-Key": key,
        }
        asked = httpx.URL(url, params=_query(stream, send))
        answer = await self._posted(str(asked), {"images": images}, headers, origin)
        return [str(event["event_id"]) for event in answer.get("events", ())]

    async def _posted(
        self, url: str, body: Mapping[str, Any], headers: Mapping[str, str], origin: str
    ) -> dict[str, Any]:
        for attempt in range(1, _TRIES + 1):
            try:
                status, content = await self._post(url, body, headers, origin)
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

    async def _post(
        self, url: str, body: Mapping[str, Any], headers: Mapping[str, str], origin: str
    ) -> tuple[int, dict[str, Any]]:
        data, kind = orjson.dumps(body), {"Content-Type": "application/json"}
        if origin.rstrip("/") == self._origin:
            answer = await self._client.post(url, content=data, headers={**headers, **kind})
            return answer.status_code, answer.json()
        sent = await self._guard.send("POST", url, content=data, headers={**headers, **kind})
        return sent.status, orjson.loads(sent.content) if sent.content else {}


def _authorization(said: Mapping[str, Any]) -> dict[str, str]:
    if said.get("token"):
        return {"Authorization": f"Bearer {said['token']}"}
    return {"Luna-Account-Id": str(said["account_id"])}


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
