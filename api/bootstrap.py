"""The one place that wires all layers: settings and a database in, four services out."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version as installed_version
from typing import Any

from fastapi import APIRouter, FastAPI
from redis import Redis

from api.agent.agent import Agent
from api.agent.alone import AgentAlone, url_rules
from api.api_routers import API_ROUTERS
from api.app_kit import Kit, build_app
from api.authentication import Authentication
from api.batching import BatchLoader
from api.blobs import open_blobs
from api.cluster import Cluster
from api.database_setup import prepare_database
from api.http.limits import RequestLimits
from api.http.negotiation import negotiating
from api.http.refusals import BadApiBody, BadBody, BadPublishedBody, ComponentDown
from api.live.hub import LiveHub
from api.live.opening import open_bus
from api.log_position import LogPosition
from api.master_key import load_master_key
from api.match_index import MatchIndex
from api.routes import live_reports, samples, sender, streams_v1, streams_v2, tracking
from api.routes.system import Check, System, Version
from api.sender.opening import open_sender
from api.services import Services
from api.settings import Settings
from api.stored_accounts import StoredAccounts, token_texts
from api.url_guard import UrlGuard
from api.workers.callback_sender import CallbackSender
from api.workers.housekeeping import housekeeping
from api.workers.list_sweeper import ListSweeper
from api.workers.tasks.runner import TaskRunner
from commands.router import COMMANDS, UNIQUE
from commands.writer import GroupCommitWriter, Observer
from projections.answers import KeptAnswers
from projections.database import Reader
from projections.faces import get_faces
from projections.history import PostgresLog
from projections.read_model import ReadModel
from projections.redis_attributes import RedisAttributes
from projections.runner import Runner
from projections.tables import CATCH_UP, INLINE
from projections.temporary_attributes import PostgresAttributes, TemporaryAttributes


class Installation:
    """The four services of one process, and the work behind them."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._dsn = dsn
        self._master = load_master_key(settings)
        self._cluster = Cluster(settings)
        self._index = MatchIndex(settings, dsn, self._master)
        self._log = PostgresLog(dsn, self._master, [ReadModel(t) for t in INLINE])
        self._runner = Runner(dsn, self._master, CATCH_UP)
        reader = Reader(dsn)
        texts = token_texts(self._master)
        self._authentication = Authentication(
            StoredAccounts(reader, texts),
            trust_header=settings.auth == "header",
        )
        self._sender = open_sender(settings, dsn, self._master, reader)
        guard = UrlGuard(url_rules(settings))
        self._callbacks = CallbackSender(reader, guard)
        self._observers: list[Observer] = [
            self._callbacks.committed,
            *self._sender.observers,
        ]
        writer = GroupCommitWriter(
            self._log,
            COMMANDS,
            observers=self._observers,
            constraint_refusals=UNIQUE,
            admit=self._index.admit,
        )
        self.services = Services(
            settings=settings,
            dsn=dsn,
            reader=reader,
            kept_answers=KeptAnswers(reader, self._master),
            writer=writer,
            blobs=open_blobs(settings),
            guard=guard,
            attributes=_open_attributes(settings, reader),
            faces=BatchLoader(partial(get_faces, reader)),
            hub=self._sender.hub,
            live=LiveHub(open_bus(settings, dsn, reader)),
            tokens=texts,
        )
        self._tasks = TaskRunner(self.services, threads=settings.task_threads)
        lists = ListSweeper(reader, writer)
        self._observers += [self._tasks.committed, lists.committed]
        self._housekeeping = [lists.work, *housekeeping(self.services)]
        self.api = self._app("Selene API", API_ROUTERS, ("/6",), BadApiBody)
        self.api.include_router(negotiating(samples.previous_router))
        of_streams = (streams_v1.router, streams_v2.router, live_reports.router)
        self.streams = self._app("Selene Streams", of_streams, ("/1", "/2"), BadBody)
        of_sender = sender.sender_routers(("/1", "/2"))
        self.sender = self._app("Selene Sender", of_sender, ("/1", "/2"), BadPublishedBody)
        self.tracking = self._app("Selene Human Tracking", (tracking.router,), ("/1",), BadBody)
        self._agent: Agent | None = None

    async def start(self) -> None:
        """Prepare the database, load the models, connect, and begin to take commands."""
        await asyncio.to_thread(prepare_database, self._dsn, self._master)
        await self._cluster.start()
        self.services.models = await self._cluster.open_models()
        self.services.matching = await self._index.start(self.services.models.descriptors())
        self._observers.append(self._index.committed)
        await asyncio.to_thread(self.services.reader.open)
        self.services.live.start()
        await asyncio.to_thread(self.services.writer.start)
        for work in self._housekeeping:
            work.start()
        if "sender" in self._settings.roles:
            self._callbacks.start()
        if "projector" in self._settings.roles:
            self._runner.start()
        if "tasks" in self._settings.roles:
            self._tasks.start()

    def serve_streams(self) -> None:
        """Begin to work on streams, once the services answer."""
        if "agent" in self._settings.roles:
            self._agent = Agent(self._settings, self.services.guard)
            self._agent.start()

    async def leave(self) -> None:
        """Tell the subscribers that the service goes, and give them a moment to hear it."""
        await self.services.hub.leave(patience_s=2.0)

    async def stop(self) -> None:
        """Commit what waits and disconnect; also after a start that failed half-way."""
        if self._agent is not None:
            await self._agent.stop()
        await self._tasks.stop()
        await asyncio.to_thread(self._runner.stop)
        for work in self._housekeeping:
            await work.stop()
        await self._callbacks.stop()
        await self.services.hub.close()
        await self.services.live.stop()
        await asyncio.to_thread(self.services.writer.stop)
        await asyncio.to_thread(self._sender.close)
        await asyncio.to_thread(self._log.close)
        await asyncio.to_thread(self.services.reader.close)
        await self.services.guard.close()
        await self._index.stop()
        if hasattr(self.services, "models"):
            await self.services.models.close()
        await self._cluster.stop()

    def _app(
        self,
        title: str,
        routers: Sequence[APIRouter],
        prefixes: Sequence[str],
        bad_body: type[BadBody],
    ) -> FastAPI:
        services, settings = self.services, self._settings
        is_api = prefixes == ("/6",)
        system = System(
            versions=_versions("luna-api" if is_api else "Version", int(prefixes[0][1:])),
            prefixes=prefixes,
            health_below_prefix=is_api,
            checks=self._checks(),
            settings=settings.public,
            plugins=dict,  # there are none
            plugins_above=is_api,
            registries=(self._cluster.metrics,) if is_api else (),
        )
        kit = Kit(
            system=system,
            authentication=self._authentication,
            bad_body=bad_body,
            positions=LogPosition(services.writer, services.reader, lambda: self._index.position),
            limits=RequestLimits(body=settings.limits.body_bytes),
            origins=settings.cors_origins,
            state={"services": services},
        )
        return build_app(title, routers, kit, prefix=prefixes[0] if is_api else "")

    def _checks(self) -> Mapping[str, Check]:
        async def database() -> None:
            try:
                await asyncio.to_thread(self.services.reader.fetch_value, "SELECT 1")
            except Exception as error:  # whatever the driver says, the client is told one thing
                raise ComponentDown("Database connection timeout error") from error

        async def attributes() -> None:
            await asyncio.to_thread(self.services.attributes.check)

        checks = {"database": database, "blobs": self.services.blobs.check}
        return {**checks, "redis": attributes} if self._settings.redis_url else checks


def _open_attributes(settings: Settings, reader: Reader) -> TemporaryAttributes:
    """The store of temporary attributes: Redis when there is one, else a table in Postgres."""
    if settings.redis_url is None:
        return PostgresAttributes(reader)
    return RedisAttributes(Redis.from_url(settings.redis_url.get_secret_value()))


def _versions(service: str, number: int) -> dict[str, Version]:
    """The version of one service; the API names the platform's, too."""
    major, minor, patch = (int(part) for part in installed_version("selene").split(".")[:3])
    platform = {"LUNA PLATFORM": Version(major, minor, patch)} if service != "Version" else {}
    return {**platform, service: Version(major, minor, patch, number)}


def build(settings: Settings, dsn: str | None) -> Any:
    """The services over this database, or an agent without one; `start` them first."""
    return AgentAlone(settings) if dsn is None else Installation(settings, dsn)
