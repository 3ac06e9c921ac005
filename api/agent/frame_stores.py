"""Keeps the frames of best shots where streams want them."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin

import httpx

from api.agent.outbound import Outbound, authorization
from api.url_guard import UrlRefused
from ray_cluster.stream_jobs import BestShot

_APART: Final = 4
_REMEMBERED: Final = 256
_LONGEST: Final = 256


class FrameNotKept(Exception):
    """The frame store did not take a frame; the text says why."""


class FrameStores:
    """Posts frames to the addresses of handlers' `frame_store`: images of an API, or a bucket.

    A frame that shows a face and its body is kept once, unless they are to be kept apart.
    """

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._kept: OrderedDict[tuple[str, str, float], str] = OrderedDict()

    async def kept(
        self, analytics: Mapping[str, Any], shot: BestShot, run: str, key: str
    ) -> str | None:
        """Where the shot's frame is kept, short enough for an event; the same `key` keeps once."""
        handler = analytics["event_handler"]
        url = handler.get("frame_store")
        if not url or not shot.frame:
            return None
        together = analytics["sending"]["full_frame_settings"] != _APART
        place = (run, url, shot.time_s)
        if together and place in self._kept:
            return self._kept[place]
        headers = {
            **authorization(handler["authorization"]),
            "Content-Type": "image/jpeg",
            "Idempotency-Key": f"{key}:frame",
        }
        try:
            status, said = await self._outbound.post(url, shot.frame, headers)
        except (httpx.HTTPError, UrlRefused, OSError) as error:
            raise FrameNotKept(str(error) or type(error).__name__) from None
        if status not in (200, 201):
            raise FrameNotKept(f"the answer has status {status}")
        told = said.get("url") or f"{url.rstrip('/')}/{said.get('image_id', '')}"
        link = told if self._outbound.is_own(url) else urljoin(url, str(told))
        self._kept[place] = link
        while len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)
        return link if len(link) <= _LONGEST else None
