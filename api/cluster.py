"""Where this process's networks work: on the Ray cluster that settings name, or in it."""

import asyncio
import signal
import threading
from pathlib import Path
from typing import Final

from api.cannot_start import CannotStart
from api.cluster_metrics import actor_registry
from api.postgres_binaries import die_with_parent
from api.settings import Settings
from domain.shared.image_refusals import BadModelPack, ModelPackNotFound
from ray_cluster.models import Models
from ray_cluster.opening import open_local_models, open_ray_models
from ray_cluster.scaling import PoolSize

LOCAL: Final = "local"
ADDRESS: Final = "ray.address"
"""The file under the data directory that says where a cluster of one's own answers."""


class Cluster:
    """Joins the cluster at the start and leaves it at the end; without one it is nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened = False
        self.metrics = actor_registry(lambda: self._opened)

    async def start(self) -> None:
        """Join, or start a cluster for this process alone; takes seconds."""
        if self._settings.ray_address is None:
            return
        # Ray is loaded by those who ask for it, and only after it was told where to write.
        from ray_cluster.connection import CannotJoin, ClusterOptions, Connection

        ray = self._settings.ray
        options = ClusterOptions(
            address=self._settings.ray_address,
            directory=self._settings.data_dir,
            token_file=ray.token_file,
            join=ray.join,
            cpus=ray.cpus,
            object_bytes=ray.object_bytes,
            in_child=die_with_parent(signal.SIGTERM),
        )
        self._connection = Connection(options)
        ours = signal.getsignal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._connection.open)
        except CannotJoin as reason:
            raise CannotStart(str(reason)) from None
        finally:
            # Ray's own handler would abort the process three seconds after a SIGTERM.
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, ours)
        self._opened = True
        if self._settings.ray_address == LOCAL and self._connection.address is not None:
            address_file(self._settings).write_text(self._connection.address)

    async def open_models(self) -> Models:
        """The networks, ready to be asked."""
        settings, packs = self._settings, self._settings.data_dir / "packs"
        networks = settings.networks
        limits = {
            "largest_image": settings.limits.image_bytes,
            "most_pixels": settings.limits.image_pixels,
            "most_waiting": networks.waiting,
        }
        gather_s = None if networks.gather_ms is None else networks.gather_ms / 1000
        try:
            if not self._opened:
                return await asyncio.to_thread(
                    open_local_models,
                    settings.pack,
                    packs,
                    threads=networks.threads,
                    gather_s=gather_s,
                    **limits,
                )
            size = PoolSize(settings.ray.model_workers, settings.ray.most_model_workers)
            return await open_ray_models(
                settings.pack, packs, size=size, gpu=settings.ray.gpu, **limits
            )
        except (BadModelPack, ModelPackNotFound) as refusal:
            raise CannotStart(str(refusal)) from None

    async def stop(self) -> None:
        """Leave; a cluster that was started for this process ends."""
        if self._opened:
            self._opened = False
            address_file(self._settings).unlink(missing_ok=True)
            await asyncio.to_thread(self._connection.close)


def address_file(settings: Settings) -> Path:
    """Where a running process with a cluster of its own says how to reach it."""
    return settings.data_dir / ADDRESS
