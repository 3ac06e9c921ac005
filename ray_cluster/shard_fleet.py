"""The shards of one index and their replicas, by the layout that this process knows."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ray

from domain.shared.model_features import DescriptorFeature
from ray_cluster.connection import NAMESPACE
from ray_cluster.layout import Layout
from ray_cluster.layout_store import LayoutStore
from ray_cluster.shard_replica import PREFIX, ShardReplica, machines
from ray_cluster.shard_values import ShardOptions


@dataclass(frozen=True, slots=True)
class ClusterIndex:
    """How many shards, how often each, and how long searches wait for one that is lost.

    With 0 shards there are as many as machines. `name` tells the indexes of one cluster from each
    other. Saved shards are in the directory, signed by a key. Shards that are not needed any
    more are taken away when there were fewer machines for `settled_s`.
    """

    name: str
    shards: int = 1
    replicas: int = 1
    threads: int | None = None
    directory: Path | None = None
    key: bytes = b""
    patience_s: float = 10.0
    settled_s: float = 60.0


class ShardFleet:
    """Every replica that is fed and searched; which those are changes with the layout."""

    def __init__(self, features: Sequence[DescriptorFeature], wanted: ClusterIndex) -> None:
        self._features, self.wanted = tuple(features), wanted
        text = repr((wanted.name, sorted(map(repr, self._features))))
        self._digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.store = LayoutStore(self._digest)
        self._lock = threading.Lock()
        self._made: dict[int, list[ShardReplica]] = {}
        self.layout = Layout(0, b"")

    @property
    def shards(self) -> dict[int, list[ShardReplica]]:
        """The replicas of each shard."""
        return self.shards_of(self.layout)

    @property
    def replicas(self) -> list[ShardReplica]:
        """The replicas of all shards."""
        return [replica for shard in self.shards.values() for replica in shard]

    def shards_of(self, layout: Layout) -> dict[int, list[ShardReplica]]:
        """The replicas of each shard of a layout that was taken over."""
        made = self._made
        return {shard: made[shard] for shard in layout.shards}

    def open(self) -> None:
        """Take over the layout that there is, or make the first one."""
        self.store.wanted = self.wanted.shards
        self.take(self.store.newest() or self.store.publish(Layout.first(self.target())))

    def refresh(self) -> Layout:
        """Take over the newest layout, and tell it."""
        newest = self.store.newest()
        if newest is None:  # the head of the cluster is another one
            newest = self.store.publish(self.layout)
        self.take(newest)
        return self.layout

    def take(self, layout: Layout) -> None:
        """Go over to a layout, if it is newer."""
        with self._lock:
            if layout.epoch > self.layout.epoch:
                self._made = {
                    **self._made,
                    **{s: self._replicas(s) for s in layout.shards if s not in self._made},
                }
                self.layout = layout

    def target(self) -> int:
        """How many shards there should be."""
        said = self.store.wanted
        wanted = self.wanted.shards if said is None else said
        return min(wanted or max(len(machines()), 1), 256)

    def tidy(self) -> None:
        """End the actors of shards that hold nothing any more."""
        own, there = f"{PREFIX}{self._digest}:", self.layout.shards
        for name in ray.util.list_named_actors():
            # How many replicas there are is told otherwise by a process of other settings.
            if name.startswith(own) and int(name.split(":")[2]) not in there:
                try:
                    ray.kill(ray.get_actor(name, NAMESPACE))
                except ValueError:  # somebody else was faster
                    continue

    def end(self) -> None:
        """End all of it, for whoever uses it."""
        for replica in self.replicas:
            replica.end()
        self.store.forget()

    def _replicas(self, shard: int) -> list[ShardReplica]:
        wanted, nodes = self.wanted, machines()
        each = -(-max(wanted.shards, 1) * wanted.replicas // max(len(nodes), 1))
        cores = min((machine.cpus for machine in nodes), default=1)
        threads = wanted.threads or max(cores // each, 1)
        made = []
        for number in range(wanted.replicas):
            name = f"{self._digest}:{shard}:{number}"
            directory = wanted.directory and wanted.directory / name.replace(":", "-")
            options = ShardOptions(self._features, threads, directory, wanted.key, shard)
            made.append(ShardReplica(PREFIX + name, options, number, self._all))
        return made

    def _all(self) -> list[ShardReplica]:
        return [replica for shard in self._made.values() for replica in shard]
