"""One stream in the hands of the agent: runs, retries, and what is told of it."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from api.agent.handler_calls import HandlerCalls, NotAuthorized, key_of
from api.agent.sources import SourceRefused, allowed_content
from api.agent.uplink import Uplink
from api.live.previews import url_of
from api.settings import Settings
from api.url_guard import UrlGuard, UrlRefused
from domain.shared.fields import point_in_time, written
from ray_cluster.stream_jobs import Ended, Message, Opened, Progress, Seen, Send, StreamJob
from ray_cluster.stream_processes import StreamProcess

log = structlog.stdlib.get_logger("selene.agent")

_POLL_S: Final = 0.25


class StreamRun:
    """Processes one claimed stream until it is done, has failed, or is taken away.

    `stream` is the second generation's view; `origin` is where its handler is. `begun` is
    awaited before anything is sent of a file, so that whoever goes on after this agent knows the
    run by its `start_time` and sends the same best shots of the same tracks, or none.
    """

    def __init__(
        self,
        stream: Mapping[str, Any],
        origin: str,
        begun: Callable[["StreamRun"], Awaitable[bool]],
        settings: Settings,
        guard: UrlGuard,
        calls: HandlerCalls,
        uplink: Uplink,
    ) -> None:
        self.stream, self._origin, self._begun = stream, origin, begun
        self.stream_id = str(stream["stream_id"])
        self._settings, self._guard, self._calls = settings, guard, calls
        self._uplink, self._shown = uplink, False
        self._network = stream["data"]["type"] in ("tcp", "udp")
        known = None if self._network else stream["video_info"]
        self._told = known is not None
        self._began = point_in_time(known["start_time"]) if known else datetime.now(UTC)
        self._events: dict[str, str] = {}
        self._errors: deque[float] = deque()
        self.status = "in_progress"
        self.error: str | None = None
        self.video_info: Mapping[str, Any] | None = None

    @property
    def feedback(self) -> dict[str, Any]:
        """What the streams service is told."""
        urls = {kind: {"url": url_of(self.stream_id, kind)} for kind in ("live", "last_frame")}
        return {
            "stream_id": self.stream_id,
            "version": self.stream["version"],
            "status": self.status,
            "error": self.error,
            "video_info": self.video_info,
            **({"preview": urls} if self._shown else {}),
        }

    async def run(self) -> None:
        """Until the stream's end; `status` is done or failure then."""
        policy = self._healthcheck()
        while True:
            ended = await self._once()
            error = ended.error
            if error is None and self._network and self.stream["data"].get("endless", True):
                error = "the source has come to its end"
            if error is None:
                self.status, self.error = "done", None
                return
            self.error = error[:1024]
            now = time.monotonic()
            self._errors.append(now)
            while now - self._errors[0] > policy["period"]:
                self._errors.popleft()
            if ended.fatal or not self._network or len(self._errors) >= policy["max_error_count"]:
                self.status = "failure"
                return
            log.warning("a stream broke and is tried again", stream=self.stream_id, error=error)
            await asyncio.sleep(policy["retry_delay"])

    def _run_name(self) -> str:
        return f"{self.stream_id}:{self.stream['version']}:{written(self._began)}"

    def _healthcheck(self) -> Mapping[str, Any]:
        """The most patient policy of the analytics."""
        policies = [one["healthcheck"] for one in self.stream["data"]["analytics"]]
        return max(policies, key=lambda one: one["max_error_count"])

    async def _once(self) -> Ended:
        settings = self._settings
        try:
            content = await allowed_content(
                self.stream["data"],
                settings.agent_roots,
                self._guard,
                devices=settings.agent.devices,
            )
        except (SourceRefused, UrlRefused) as refused:
            return Ended(str(refused), fatal=True)
        job = StreamJob(
            stream_id=self.stream_id,
            content=content,
            pack=settings.pack,
            packs=Path(settings.data_dir / "packs"),
            looks_per_s=settings.agent.looks_per_s,
            min_sightings=settings.agent.min_sightings,
            memory_bytes=settings.agent.memory_bytes,
            run="" if self._network else self._run_name(),
            full_frames=settings.agent.full_frames,
        )
        if self._network:
            self._began = datetime.now(UTC)
        await self._uplink.begin(self.stream_id, self.stream["version"])
        process = await asyncio.to_thread(StreamProcess, job)
        try:
            return await self._listen(process)
        except NotAuthorized as refused:
            return Ended(str(refused), fatal=True)
        except ConnectionError as error:
            return Ended(str(error))
        finally:
            self._shown = False
            await asyncio.shield(self._over(process))

    async def _over(self, process: StreamProcess) -> None:
        await self._uplink.end(self.stream_id)
        await asyncio.to_thread(process.close)

    async def _listen(self, process: StreamProcess) -> Ended:
        """All messages in order; a worker that says nothing for too long is ended."""
        heard = time.monotonic()
        while True:
            process.watch(self._uplink.watched(self.stream_id))
            message = await asyncio.to_thread(process.next, _POLL_S)
            if message is not None:
                heard = time.monotonic()
                if isinstance(message, Ended):
                    return message
                await self._take(message)
            elif time.monotonic() - heard > self._settings.agent.silence_s:
                return Ended(f"the worker said nothing for {self._settings.agent.silence_s} s")

    async def _take(self, message: Message) -> None:
        if isinstance(message, Opened | Progress):
            self.video_info = {**message.video_info, "start_time": written(self._began)}
            if isinstance(message, Opened):
                self.error = None
                if not (self._network or self._told):
                    self._told = await self._begun(self)
                    if not self._told:
                        raise ConnectionError("the streams service does not answer")
        elif isinstance(message, Seen):
            if message.picture:
                self._uplink.show(self.stream_id, message.picture)
                self._shown = True
            self._show_tracks(message)
        elif isinstance(message, Send):
            sent = await self._calls.send(self.stream, self._origin, message, self._began)
            self.error = sent.problem or self.error
            if sent.events:
                self._events[message.track_id] = str(sent.events[0]["event_id"])
                await self._tell_callbacks(message, sent.events)

    async def _tell_callbacks(self, send: Send, events: Sequence[Mapping[str, Any]]) -> None:
        if self.stream["data"]["analytics"][send.analytics].get("tells"):
            times = [self._began + timedelta(seconds=shot.time_s) for shot in send.shots]
            said = {
                "stream_id": self.stream_id,
                "version": self.stream["version"],
                "analytics": send.analytics,
                "event_create_time": written(min(times)),
                "event_end_time": written(max(times)),
                "events": list(events),
            }
            await self._uplink.events(said, key_of(self.stream, send))

    def _show_tracks(self, seen: Seen) -> None:
        for one in seen.tracks:
            if self._uplink.listened(self.stream_id):
                event_id = self._events.get(one.track_id)
                targets = self.stream["data"]["analytics"][one.analytics].get("targets")
                estimated = dict(one.told)
                if targets is None or f"{one.kind}_detection" in targets:
                    score = min(max(one.score, 0.0), 1.0)
                    estimated["detections"] = {"rect": dict(one.rect), "score": score}
                result = {
                    "track_id": one.track_id,
                    "event_id": event_id,
                    "event_status": "started" if event_id is None else "ended",
                    "track_status": one.change,
                    "estimated": {one.kind: estimated},
                }
                self._uplink.track(self.stream_id, result)
            if one.change == "ended":
                self._events.pop(one.track_id, None)
