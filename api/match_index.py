"""The match index of one process, with what feeds it, saves it and bounds it."""

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from api.settings import Settings
from api.workers.index_checks import IndexChecks
from api.workers.index_feeder import IndexFeeder
from api.workers.index_mending import IndexMending
from api.workers.index_snapshots import IndexSnapshots
from domain.log.port import Batch, Committed
from domain.log.sealing import MasterKey
from domain.matching import IndexFull
from domain.shared.model_features import DescriptorFeature
from ray_cluster.matching import Matching
from ray_cluster.opening import open_local_matching, open_ray_matching

DIRECTORY: Final = "index"
PURPOSE: Final = b"index snapshots"
"""Where under the data directory the index is saved, and what the key that signs it is for."""

_LOOKED_S: Final = 1.0
"""How long a look at the memory held is good for."""

_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


class MatchIndex:
    """Opens the index at start and keeps it at the log's position until the end."""

    def __init__(self, settings: Settings, dsn: str, master: MasterKey) -> None:
        self._settings, self._dsn, self._master = settings, dsn, master
        self._most_bytes = 0
        self._matching: Matching | None = None
        self._feeder: IndexFeeder | None = None
        self._snapshots: IndexSnapshots | None = None
        self._mending: IndexMending | None = None
        self._checks: IndexChecks | None = None
        self._held, self._looked = 0, -_LOOKED_S

    async def start(self, features: Iterable[DescriptorFeature]) -> Matching:
        """Open the index, load it and follow the log."""
        settings, features = self._settings.index, tuple(features)
        self._matching = matching = await asyncio.to_thread(self._open, features)
        self._feeder = IndexFeeder(self._dsn, self._master, matching)
        self._snapshots = IndexSnapshots(self._dsn, matching, settings.snapshot_seconds)
        await asyncio.to_thread(self._feeder.start)
        self._snapshots.start()
        if self._settings.ray_address is not None:
            self._mending = IndexMending(self._dsn, self._master, matching)
            self._mending.start()
        self._checks = IndexChecks(self._dsn, matching, features)
        self._checks.start()
        return matching

    async def stop(self) -> None:
        """Save the index and let go of it."""
        if self._checks is not None:
            await asyncio.to_thread(self._checks.stop)
        if self._mending is not None:
            await asyncio.to_thread(self._mending.stop)
        if self._feeder is not None:
            await asyncio.to_thread(self._feeder.stop)
        if self._snapshots is not None:
            await asyncio.to_thread(self._snapshots.stop)
        if self._matching is not None:
            await self._matching.close()

    def committed(self, committed: Committed) -> None:
        """The writer's own facts: in the index when this returns."""
        if self._feeder is not None:
            self._feeder.committed(committed)

    def admit(self, batch: Batch) -> None:
        """Refuse what brings new vectors when there is no memory left for them."""
        if not batch.descriptors or self._matching is None:
            return
        if time.monotonic() - self._looked > _LOOKED_S:
            self._held = sum(size.bytes for size in self._matching.sizes())
            self._looked = time.monotonic()
        self._held += sum(2 * len(row.data) for row in batch.descriptors)
        if self._held > self._most_bytes:
            raise IndexFull(self._most_bytes)

    def _open(self, features: Iterable[DescriptorFeature]) -> Matching:
        """In this process, or on the cluster that it has joined."""
        settings = self._settings.index
        directory = self._settings.data_dir / DIRECTORY if settings.snapshot_seconds else None
        saved = directory, self._master.derive(PURPOSE)
        most_waiting, room = settings.waiting_searches, machine_bytes()
        matching: Matching
        if self._settings.ray_address is None:
            matching = open_local_matching(
                features,
                *saved,
                most_waiting=most_waiting,
                approximate_from=settings.approximate_from,
            )
        else:
            matching, room = open_ray_matching(
                features,
                *saved,
                shards=settings.shards,
                replicas=settings.replicas,
                most_waiting=most_waiting,
            )
        self._most_bytes = settings.memory_bytes or int(settings.memory_share * room)
        return matching

    @property
    def position(self) -> int:
        """The place in the log up to which the index has seen everything."""
        return 0 if self._feeder is None else self._feeder.position


def machine_bytes() -> int:
    """The memory of the machine, or of the container that this process is confined to."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(_CGROUP.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return whole
