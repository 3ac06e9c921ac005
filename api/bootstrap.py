"""The one place that wires all layers: settings and a database in, four services out."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed_version
from typing import Any

from fastapi import APIRouter, FastAPI

from api.app_kit import Kit, build_app
from api.blobs import open_blobs
from api.cannot_start import CannotStart
from api.database_setup import prepare_database
from api.http.limits import RequestLimits
from api.http.refusals import BadApiBody, BadBody, BadPublishedBody, ComponentDown
from api.log_position import LogPosition
from api.master_key import load_master_key
from api.routes.system import Check, System, Version
from api.services import Services
from api.settings import Settings
from api.url_guard import UrlGuard, UrlRules
from commands.router import COMMANDS
from commands.writer import GroupCommitWriter
from domain.shared.image_refusals import BadModelPack, ModelPackNotFound
from projections.database import Reader
from projections.history import PostgresLog
from projections.read_model import ReadModel
from projections.tables import INLINE
from ray_cluster.models import Models
from ray_cluster.opening import open_local_models

API_ROUTERS: Sequence[APIRouter] = ()
"""What the API serves below /6."""


class Installation:
    """The four services of one process, and the work behind them."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._dsn = dsn
        self._log = PostgresLog(dsn, load_master_key(settings), [ReadModel(t) for t in INLINE])
        reader = Reader(dsn)
        writer = GroupCommitWriter(self._log, COMMANDS)
        self.services = Services(
            settings=settings,
            dsn=dsn,
            reader=reader,
            writer=writer,
            blobs=open_blobs(settings),
            guard=UrlGuard(_url_rules(settings)),
        )
        self.api = self._app("Selene API", API_ROUTERS, ("/6",), BadApiBody)
        self.streams = self._app("Selene Streams", (), ("/1", "/2"), BadBody)
        self.sender = self._app("Selene Sender", (), ("/1", "/2"), BadPublishedBody)
        self.tracking = self._app("Selene Human Tracking", (), ("/1",), BadBody)

    async def start(self) -> None:
        """Prepare the database, load the models, connect, and begin to take commands."""
        await asyncio.to_thread(prepare_database, self._dsn)
        self.services.models = await asyncio.to_thread(self._open_models)
        await asyncio.to_thread(self.services.reader.open)
        await asyncio.to_thread(self.services.writer.start)

    async def stop(self) -> None:
        """Commit what waits and disconnect; also after a start that failed half-way."""
        await asyncio.to_thread(self.services.writer.stop)
        await asyncio.to_thread(self._log.close)
        await asyncio.to_thread(self.services.reader.close)
        await self.services.guard.close()
        if hasattr(self.services, "models"):
            await self.services.models.close()

    def _open_models(self) -> Models:
        settings = self._settings
        try:
            return open_local_models(
                settings.pack,
                settings.data_dir / "packs",
                largest_image=settings.limits.image_bytes,
                most_pixels=settings.limits.image_pixels,
            )
        except (BadModelPack, ModelPackNotFound) as refusal:
            raise CannotStart(str(refusal)) from None

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
            versions=_versions(int(prefixes[0][1:])),
            prefixes=prefixes,
            health_below_prefix=is_api,
            checks=self._checks(),
            settings=settings.public,
            plugins=dict,
        )
        kit = Kit(
            system=system,
            bad_body=bad_body,
            positions=LogPosition(services.writer, services.reader),
            limits=RequestLimits(body=settings.limits.body_bytes),
            state={"services": services},
        )
        return build_app(title, routers, kit, prefix=prefixes[0] if is_api else "")

    def _checks(self) -> Mapping[str, Check]:
        async def database() -> None:
            try:
                await asyncio.to_thread(self.services.reader.fetch_value, "SELECT 1")
            except Exception as error:  # whatever the driver says, the client is told one thing
                raise ComponentDown("Database connection timeout error") from error

        return {"database": database, "blobs": self.services.blobs.check}


def _url_rules(settings: Settings) -> UrlRules:
    return UrlRules(
        private=settings.allowed_private_urls,
        longest_url=settings.limits.url_length,
        largest_body=settings.limits.image_bytes,
        timeout_s=settings.limits.download_seconds,
    )


def _versions(api: int) -> dict[str, Version]:
    major, minor, patch = (int(part) for part in installed_version("selene").split(".")[:3])
    return {"Version": Version(major, minor, patch, api)}


def build(settings: Settings, dsn: str) -> Any:
    """The services over this database; `start` them before they are called."""
    return Installation(settings, dsn)
