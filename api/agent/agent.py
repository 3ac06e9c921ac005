"""The agent: takes waiting streams over HTTP, processes them, and reports on them."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

import httpx
import structlog

from api.agent.handler_calls import HandlerCalls
from api.agent.stream_run import StreamRun
from api.agent.uplink import Uplink
from api.settings import Settings
from api.url_guard import UrlGuard

log = structlog.stdlib.get_logger("selene.agent")

_RETRY_S: Final = 1.0
_LEAVE_S: Final = 10.0
"""How long the end of a stream may take to be told once the agent stops."""


class Agent:
    """A worker of the streams service, speaking its HTTP protocol like anybody else's worker.

    At most `settings.agent.streams` are processed at once, each in a process of its own.
    """

    def __init__(self, settings: Settings, guard: UrlGuard) -> None:
        self._settings, self._guard = settings, guard
        self._calls = HandlerCalls(settings.api_origin, guard)
        token = settings.agent.token
        headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        self._client = httpx.AsyncClient(
            base_url=settings.streams_origin, headers=headers, timeout=30.0, trust_env=False
        )
        self._uplink = Uplink(self._client, settings.agent.poll_s)
        self._runs: dict[str, tuple[StreamRun, asyncio.Task[None]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to take streams, on the running event loop."""
        if not self._settings.agent.roots:  # whoever reads of the directory finds it
            for root in self._settings.agent_roots:
                root.mkdir(mode=0o700, parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._claim_for_ever(), name="agent-claims"),
            loop.create_task(self._report_for_ever(), name="agent-feedback"),
            loop.create_task(self._uplink.run(), name="agent-uplink"),
        ]

    async def stop(self) -> None:
        """Take no more and end what runs; its streams go to other workers."""
        running = [*self._tasks, *(task for _, task in self._runs.values())]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._leaving:
            _, late = await asyncio.wait(self._leaving, timeout=_LEAVE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._tasks, self._runs = [], {}
        await self._client.aclose()
        await self._calls.close()

    async def _claim_for_ever(self) -> None:
        while True:
            free = self._settings.agent.streams - len(self._runs) - len(self._leaving)
            claimed = False
            if free > 0:
                try:
                    claimed = await self._claim(free)
                except (httpx.HTTPError, ValueError) as error:
                    log.debug("no streams could be taken", error=str(error))
                except Exception:  # asked again; what was taken goes to others when it is silent
                    log.exception("no streams could be taken")
            if not claimed:
                await asyncio.sleep(self._settings.agent.poll_s)

    async def _claim(self, free: int) -> bool:
        body = {"filters": {}, "limit": free}
        answer = await self._client.post("/2/streams/processing/queue", json=body)
        answer.raise_for_status()
        streams = answer.json()["streams"]
        for stream in streams:
            origin = await self._origin_of(stream["stream_id"])
            run = StreamRun(
                stream,
                origin,
                self._told,
                self._settings,
                self._guard,
                self._calls,
                self._uplink,
            )
            task = asyncio.create_task(self._work(run), name=f"stream-{run.stream_id}")
            self._runs[run.stream_id] = (run, task)
        return bool(streams)

    async def _origin_of(self, stream_id: str) -> str:
        """Where the stream's handler is, and the version of the API there.

        Only the first generation can name another place.
        """
        with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
            answer = await self._client.get(f"/1/streams/{stream_id}")
            said = answer.json()["event_handler"]
            return f"{str(said['origin']).rstrip('/')}/{int(said['api_version'])}"
        return f"{self._settings.api_origin}/6"

    async def _work(self, run: StreamRun) -> None:
        try:
            log.info("a stream begins", stream=run.stream_id)
            await run.run()
        except asyncio.CancelledError:
            return
        except Exception as error:  # whatever it is, the stream's owner is told
            log.exception("a stream could not be processed", stream=run.stream_id)
            run.status, run.error = "failure", f"{type(error).__name__}: {error}"
        finally:
            if self._runs.get(run.stream_id, (None,))[0] is run:
                self._leave(self._runs.pop(run.stream_id)[1])
        log.info("a stream ends", stream=run.stream_id, status=run.status, error=run.error)
        await self._told(run)

    async def _report_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.agent.feedback_s)
            runs = [run for run, _ in self._runs.values()]
            if runs:
                with contextlib.suppress(httpx.HTTPError, ValueError):
                    self._reload(await self._feedback(runs))

    async def _told(self, run: StreamRun) -> bool:
        """Where a stream stands is told until it is heard, as long as the stream is ours."""
        silence = self._settings.stream_silence_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(silence):
                while True:
                    try:
                        self._reload(await self._feedback([run]))
                        return True
                    except (httpx.HTTPError, ValueError):
                        await asyncio.sleep(_RETRY_S)
        return False

    async def _feedback(self, runs: list[StreamRun]) -> Mapping[str, Any]:
        body = {"streams": [run.feedback for run in runs]}
        answer = await self._client.post("/2/streams/processing/feedback", json=body)
        answer.raise_for_status()
        said: Mapping[str, Any] = answer.json()["streams"]
        return said

    def _reload(self, said: Mapping[str, Any]) -> None:
        """Let go of streams that have changed: they are taken anew, if they wait."""
        for standing in said["modified"]:
            run = self._runs.pop(str(standing["stream_id"]), None)
            if run is not None:
                log.info("a stream is let go", stream=run[0].stream_id, status=standing["status"])
                run[1].cancel()
                self._leave(run[1])

    def _leave(self, task: asyncio.Task[None]) -> None:
        """Wait for this task, too, when the agent stops."""
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
