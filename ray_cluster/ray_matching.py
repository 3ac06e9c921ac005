"""Matching on a Ray cluster: shards in actors, each several times, none of them needed."""

import asyncio
import hashlib
import pickle
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from domain.shared.matching_refusals import MatchingAway
from domain.shared.model_features import DescriptorFeature
from inference.matching.batches import feature_of
from inference.matching.ranking import answers
from inference.matching.sharded_index import summed
from ray_cluster.comparing import Comparing
from ray_cluster.match_shard import Found, ShardOptions
from ray_cluster.matching import (
    ChangeSource,
    CollectionSize,
    Difference,
    IndexChange,
    IndexSnapshot,
    MatchQuery,
    PutCandidate,
    SnapshotRefused,
)
from ray_cluster.search_batches import MOST_WAITING, Answers, SearchBatches
from ray_cluster.shard_feed import ShardFeed
from ray_cluster.shard_replica import PREFIX, ReplicaLost, ShardReplica, machines

_AT_ONCE: Final = 2
"""Batches under way: while one is scanned, the next is on its way."""

_HEDGE_S: Final = 0.25
"""After so long without an answer the other replica is asked, too."""

_POLL_S: Final = 0.02
_LOOK_S: Final = 2.0
_SAVED_WITHIN_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class ClusterIndex:
    """How many shards, how often each, and how long searches wait for one that is lost.

    The virtual shards are dealt to the shards in turn. `name` tells the indexes of one cluster
    from each other. Saved shards are in the directory, signed by a key.
    """

    name: str
    shards: int = 1
    replicas: int = 1
    threads: int | None = None
    directory: Path | None = None
    key: bytes = b""
    patience_s: float = 10.0


class RayMatching(Comparing):
    """An index in actors that outlive this process and that several processes share.

    A search asks one replica of each shard, and another one where that dies, is slow, or has not
    seen what this process has fed. One event loop calls `search`; `apply` may be called from any
    thread, after `begin`.
    """

    def __init__(
        self,
        features: Iterable[DescriptorFeature],
        wanted: ClusterIndex,
        *,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="match")
        super().__init__(features, self._thread)
        self._known = {(each.kind, each.version): each for each in self.features}
        self.wanted = wanted
        self._feed = ShardFeed(_replicas(self.features, wanted), self.features)
        self._batches = SearchBatches(self._search, most_waiting=most_waiting, at_once=_AT_ONCE)
        self._turn = count()
        self._sizes: list[list[CollectionSize]] = [[] for _ in range(wanted.shards)]

    @property
    def position(self) -> int:
        """The place in the log up to which this process has fed the shards."""
        return self._feed.position

    @property
    def replicas(self) -> list[ShardReplica]:
        """The actors, as this process sees them."""
        return self._feed.replicas

    def begin(self, source: ChangeSource) -> int | None:
        """Find or start the shards, and fill those that miss something."""
        return self._feed.begin(source)

    def mend(self, source: ChangeSource) -> bool:
        """Give replicas that were lost what they miss."""
        return self._feed.mend(source)

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes in order; searches that begin afterwards see them."""
        self._feed.apply(changes, position)

    async def search(self, queries: Sequence[MatchQuery]) -> Answers:
        """The answers of each query, one per reference; the position is the least of all shards."""
        for query in queries:
            for reference in query.references:
                feature_of(reference, self._known)
        return await self._batches.search(queries)

    def sizes(self) -> list[CollectionSize]:
        """What is held by one replica of each shard, or was when one answered last."""
        for number, shard in enumerate(self._feed.shards):
            for replica in shard:
                if replica.whole:
                    try:
                        self._sizes[number] = replica.ask("sizes", within_s=_LOOK_S)
                        break
                    except ReplicaLost:
                        continue
        return summed(size for sizes in self._sizes for size in sizes)

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what any whole replica holds differs from candidates as they should be."""
        found = []
        parts = self._feed.split(candidates)
        for replica in self._feed.replicas:
            if replica.whole:
                part = parts[replica.shard]
                found += replica.ask("differences", part, within_s=_SAVED_WITHIN_S)
        return list(dict.fromkeys(found))

    def snapshot(self) -> IndexSnapshot | None:
        """None: each shard has its own, and begins with it by itself."""
        return None

    def restore(self) -> None:
        """Refused: there is nothing of this process."""
        raise SnapshotRefused("there is none")

    def save(self, mark: Callable[[int], str]) -> int | None:
        """Let each replica save itself on its machine; returns the least position."""
        saved = []
        for replica in self._feed.replicas if self.wanted.directory else ():
            try:
                position = replica.ask("begin_save", within_s=_SAVED_WITHIN_S)
                if position is not None:
                    replica.ask("end_save", mark(position), within_s=_SAVED_WITHIN_S)
                    saved.append(position)
            except ReplicaLost:
                continue
        return min(saved, default=None)

    async def close(self) -> None:
        """Let running searches end; the shards stay."""
        await self._batches.close()
        await asyncio.to_thread(self._thread.shutdown)

    def end(self) -> None:
        """End the shards, too, for whoever uses them."""
        for replica in self._feed.replicas:
            replica.end()

    async def _search(self, queries: list[MatchQuery]) -> Answers:
        packed, least = pickle.dumps(queries, 5), self.position
        last = time.monotonic() + self.wanted.patience_s
        parts = await asyncio.gather(
            *(self._ask(shard, packed, least, last) for shard in self._feed.shards)
        )
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._merged, queries, parts
        )

    def _merged(self, queries: list[MatchQuery], parts: Sequence[Found]) -> Answers:
        hits = [hit for part in parts for hit in part.hits(self._known)]
        return answers(queries, hits, min(part.position for part in parts))

    async def _ask(
        self, shard: Sequence[ShardReplica], packed: bytes, least: int, last: float
    ) -> Found:
        """The answer of the first replica that has one; refused when there is none in time."""
        running: dict[asyncio.Task[Any], ShardReplica] = {}
        turn = next(self._turn)
        try:
            while (left := last - time.monotonic()) > 0:
                order = [shard[(turn + step) % len(shard)] for step in range(len(shard))]
                asked = {*running.values()}
                other = next((each for each in order if each.whole and each not in asked), None)
                if other is not None:
                    running[asyncio.create_task(other.asked("search", packed, least))] = other
                elif not running:
                    await asyncio.sleep(_POLL_S)
                    continue
                waits = min(_HEDGE_S, left)
                done, _ = await asyncio.wait(
                    running, timeout=waits, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    replica = running.pop(task)
                    found = _found(task, replica)
                    if found is not None:
                        return found
                turn += 1
        finally:
            for task in running:
                task.cancel()
        raise MatchingAway


def _found(task: "asyncio.Task[Any]", replica: ShardReplica) -> Found | None:
    """What a replica found; None when it is lost or behind, which is seen to."""
    try:
        answer = task.result()
    except ReplicaLost:
        return None
    if isinstance(answer, Found):
        return answer
    replica.whole = False
    return None


def _replicas(
    features: Sequence[DescriptorFeature], wanted: ClusterIndex
) -> list[list[ShardReplica]]:
    """The replicas of each shard, on different machines where there are several."""
    nodes = machines()
    each = -(-wanted.shards * wanted.replicas // max(len(nodes), 1))
    cores = min((machine.cpus for machine in nodes), default=1)
    threads = wanted.threads or max(cores // each, 1)
    known = tuple(features)
    text = repr((wanted.name, wanted.shards, sorted(map(repr, known))))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    made: list[list[ShardReplica]] = [[] for _ in range(wanted.shards)]
    for shard, siblings in enumerate(made):
        for number in range(wanted.replicas):
            name = f"{digest}:{shard}:{number}"
            directory = wanted.directory and wanted.directory / name.replace(":", "-")
            options = ShardOptions(known, threads, directory, wanted.key)
            siblings.append(ShardReplica(PREFIX + name, (shard, number), options, siblings))
    return made
