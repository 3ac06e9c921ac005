"""Two API processes on a Ray cluster of several nodes, of which one thing after another breaks."""

import asyncio
import os
import random
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from api.embedded_postgres import EmbeddedPostgres
from tests.support.chaos_load import Ledger, Load, Outages
from tests.support.packs import PACKS, default_pack
from tests.support.ray_cluster import RayCluster
from tests.support.redis_server import PROGRAM, redis_server
from tests.support.running_api import headers_of
from tests.support.service import Service

_BACK_WITHIN_S = 240.0
_LOOK_S = 0.2
_CALM_S = 1.0
_PROCESSES = ("first", "second")


@dataclass
class Report:
    """What was broken, and how many seconds it took until everything was whole again."""

    ledger: Ledger
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def text(self) -> str:
        """A line for each kind of fault, and one for what was asked meanwhile."""
        lines = [
            f"{kind}: {len(taken)} times, whole again after "
            f"{sorted(taken)[len(taken) // 2]:.1f} s (median), {max(taken):.1f} s (longest)"
            for kind, taken in sorted(self.seconds.items())
        ]
        all_of = self.ledger
        lines.append(
            f"{len(all_of.faces) + len(all_of.removed)} writes acknowledged, {all_of.searches} "
            f"searches, the slowest in {all_of.slowest_s:.2f} s, {all_of.detections} detections; "
            f"failed: {len(all_of.failed)} searches, {len(all_of.failed_writes)} writes, "
            f"{all_of.excused} while Postgres or Redis was away; wrong: {len(all_of.wrong)}"
        )
        return "\n".join([*lines, *all_of.failed[:5], *all_of.failed_writes[:5], *all_of.wrong[:5]])


class Chaos:
    """One run: the servers of its own, the processes, and what is done to them."""

    def __init__(
        self, cluster: RayCluster, postgres: EmbeddedPostgres, directory: Path, redis: ExitStack
    ) -> None:
        self._cluster, self._postgres = cluster, postgres
        self._directory, self._redis = directory, redis
        self._outages = Outages()
        self.seconds: dict[str, list[float]] = {}

    async def run(self, urls: list[str], seconds: float) -> Report:
        """Break things in random order for so long, each when all is whole again."""
        faults: dict[str, Callable[[Load], Awaitable[None]]] = {
            "a shard is killed": self._kill_shard,
            "a model worker is killed": self._kill_worker,
            "a node is lost, another joins": self._lose_node,
            "Postgres restarts": self._restart_postgres,
        }
        if PROGRAM is not None:
            faults["Redis restarts"] = self._restart_redis
        load = Load(urls, headers_of(uuid4()), self._outages)
        try:
            await self._whole()
            async with load:
                last, order = time.monotonic() + seconds, list[str]()
                while time.monotonic() < last or len(self.seconds) < len(faults):
                    order = order or random.sample([*faults], len(faults))
                    kind = order.pop()
                    began = time.monotonic()
                    await faults[kind](load)
                    self.seconds.setdefault(kind, []).append(time.monotonic() - began)
                    await self._calm()
            await load.check()
        finally:
            await load.close()
        return Report(load.ledger, self.seconds)

    async def _kill_shard(self, _: Load) -> None:
        from ray_cluster.cluster_status import shard_figures

        told = await asyncio.to_thread(shard_figures)
        figures = random.choice([each for each in told.values() if each is not None])
        life = figures.state.life
        os.kill(int(life.split(":")[0]), signal.SIGKILL)
        await self._whole(without=life)

    async def _kill_worker(self, _: Load) -> None:
        from ray_cluster.cluster_status import worker_states

        told = await asyncio.to_thread(worker_states)
        pid = random.choice([state.pid for state in told.values() if state is not None])
        os.kill(pid, signal.SIGKILL)
        await self._whole(without=str(pid))

    async def _lose_node(self, _: Load) -> None:
        node = random.choice(self._cluster.members)
        before = await asyncio.to_thread(_machines)
        self._cluster.lose(node)
        await _until(lambda: len(_machines()) < len(before))
        await self._whole()
        # Counted until here; that another one gets its share is waited for as well.
        self._joined = asyncio.create_task(asyncio.to_thread(self._cluster.add))

    async def _restart_postgres(self, load: Load) -> None:
        self._outages.begin()
        await asyncio.to_thread(self._postgres.stop)
        await asyncio.to_thread(self._postgres.start)
        await self._working(load)

    async def _restart_redis(self, load: Load) -> None:
        self._outages.begin()
        await asyncio.to_thread(self._redis.close)
        self._redis.enter_context(redis_server(self._directory))
        await self._working(load)

    async def _working(self, load: Load) -> None:
        last, good = time.monotonic() + _BACK_WITHIN_S, 0
        while good < 3:
            good = good + 1 if await load.works() else 0
            assert time.monotonic() < last, "the service did not come back"
            await asyncio.sleep(_LOOK_S)
        self._outages.end()

    async def _calm(self) -> None:
        """Until nothing is lost and nothing is to be moved: then something else may break."""
        joined = getattr(self, "_joined", None)
        if joined is not None:
            await joined
            del self._joined
        await self._whole(placed=True)
        await asyncio.sleep(_CALM_S)
        await self._whole(placed=True)

    async def _whole(self, *, without: str = "", placed: bool = False) -> None:
        """Until every actor is ready and, if asked for, where it should be."""
        await _until(lambda: _ready(without) and (not placed or _placed()))


@contextmanager
def chaos(cluster: RayCluster) -> Iterator[tuple[Chaos, list[str]]]:
    """Two processes with two shards of two replicas each; the cluster gets a third node."""
    default_pack()
    with ExitStack() as stack:
        # Paths of sockets are short.
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        postgres = EmbeddedPostgres(directory / "postgres", settings={"fsync": "off"})
        redis = stack.enter_context(ExitStack())
        dsn = postgres.start()
        stack.callback(postgres.stop)
        shared = {
            **cluster.variables,
            "SELENE_DATABASE_URL": dsn,
            "SELENE_PACK": str(PACKS / default_pack().name),
            "SELENE_MASTER_KEY_FILE": str(directory / "master.key"),
            "SELENE_BLOBS": str(directory / "blobs"),
            "SELENE_INDEX__SHARDS": "2",
            "SELENE_INDEX__REPLICAS": "2",
            "SELENE_RAY__MOST_MODEL_WORKERS": "2",  # there is no room for more
        }
        if PROGRAM is not None:
            shared["SELENE_REDIS_URL"] = redis.enter_context(redis_server(directory))
        cluster.add()
        processes = []
        for name in _PROCESSES:  # the first one makes the key
            made = Service("api.cli.main", directory / name, "serve", "api", variables=shared)
            processes.append(stack.enter_context(made))
            processes[-1].wait_for("Selene is ready", 240)
        yield Chaos(cluster, postgres, directory, redis), [process.url("") for process in processes]
        for process in processes:
            process.signal(signal.SIGTERM)
        for process in processes:
            process.wait(120)
    cluster.lose(cluster.members[-1])


def _machines() -> set[str]:
    from ray_cluster.shard_replica import machines

    return {machine.node for machine in machines()}


def _ready(without: str) -> bool:
    """Whether all actors are ready, and none of them is the process that was killed."""
    from ray_cluster.cluster_status import shard_figures, shard_is_ready, worker_states

    shards, workers = shard_figures(), worker_states()
    lives = {figures.state.life for figures in shards.values() if figures is not None}
    pids = {str(state.pid) for state in workers.values() if state is not None}
    ready = [shard_is_ready(figures) for figures in shards.values()]
    ready += [state is not None and state.ready for state in workers.values()]
    return len(shards) >= 4 and bool(workers) and all(ready) and without not in {*lives, *pids}


def _placed() -> bool:
    """Whether no replica should go to another machine, and none is behind what it has heard of."""
    from ray_cluster.cluster_status import shard_figures
    from ray_cluster.layout import relocation

    where = {}
    for name, figures in shard_figures().items():
        if figures is None:
            return False
        shard, number = (int(part) for part in name.split(":")[2:])
        where[shard, number] = figures.state.node
    machines = _machines()
    return set(where.values()) <= machines and relocation(where, machines) is None


async def _until(check: Callable[[], bool]) -> None:
    last = time.monotonic() + _BACK_WITHIN_S
    while not await asyncio.to_thread(check):
        assert time.monotonic() < last, f"it did not come back: {_told()}"
        await asyncio.sleep(_LOOK_S)


def _told() -> str:
    from ray_cluster.cluster_status import nodes, shard_figures, worker_states

    alive = [node.node_id[:6] for node in nodes() if node.alive]
    return f"{alive} {shard_figures()} {worker_states()}"
