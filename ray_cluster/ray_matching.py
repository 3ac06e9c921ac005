"""Matching on a Ray cluster: shards in actors, each several times, none of them needed."""

import asyncio
import pickle
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, Final

from domain.shared.matching_refusals import MatchingAway
from domain.shared.model_features import DescriptorFeature
from inference.matching.batches import feature_of
from inference.matching.ranking import answers
from inference.matching.sharded_index import summed
from ray_cluster.comparing import Comparing
from ray_cluster.layout import STEPS_APART, Layout
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
from ray_cluster.rebalancing import Rebalancing
from ray_cluster.search_batches import MOST_WAITING, Answers, SearchBatches
from ray_cluster.shard_feed import ShardFeed
from ray_cluster.shard_fleet import ClusterIndex, ShardFleet
from ray_cluster.shard_mending import ShardMending
from ray_cluster.shard_replica import ReplicaLost, ShardReplica, settled
from ray_cluster.shard_values import Found, ShardFigures, each_once

_AT_ONCE: Final = 2
"""Batches under way: while one is scanned, the next is on its way."""

_HEDGE_S: Final = 0.25
"""After so long without an answer the other replica is asked, too."""

_POLL_S: Final = 0.02
_BEGUN_WITHIN_S: Final = 120.0
_LOOK_S: Final = 2.0
_SAVED_WITHIN_S: Final = 600.0


class NoShards(Exception):
    """No shard could be started, or none can be filled."""


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
        self._fleet = ShardFleet(self.features, wanted)
        self._feed = ShardFeed(self._fleet, self.features)
        self._mending, self._rebalancing = ShardMending(self._feed), Rebalancing(self._fleet)
        self._batches = SearchBatches(self._search, most_waiting=most_waiting, at_once=_AT_ONCE)
        self._turn = count()
        self._sizes: dict[int, list[CollectionSize]] = {}

    @property
    def position(self) -> int:
        """The place in the log up to which this process has fed the shards."""
        return self._feed.position

    @property
    def replicas(self) -> list[ShardReplica]:
        """The actors, as this process sees them."""
        return self._fleet.replicas

    @property
    def wanted(self) -> ClusterIndex:
        """What this process wants the index to be like."""
        return self._fleet.wanted

    @property
    def layout(self) -> Layout:
        """Where the virtual shards are, as far as this process knows."""
        return self._fleet.layout

    def begin(self, source: ChangeSource) -> int | None:
        """Find or start the shards, and fill those that miss something."""
        self._fleet.open()
        with self._feed.lock:
            self._feed.position = source.head()
            for replica in self.replicas:
                replica.whole = False
        last = time.monotonic() + _BEGUN_WITHIN_S
        while not all(any(r.whole for r in shard) for shard in self._fleet.shards.values()):
            if self._mending.mend(source):
                break
            if time.monotonic() > last:
                raise NoShards("the shards of the match index did not start")
            time.sleep(_POLL_S)
        return self._feed.position

    def mend(self, source: ChangeSource) -> bool:
        """Give replicas that were lost what they miss; move them, when none is lost."""
        if not self._mending.mend(source):
            return False
        self._rebalancing.step()
        return all(replica.whole for replica in self.replicas)

    def resize(self, shards: int) -> None:
        """Let there be so many shards, or with 0 as many as machines; `mend` moves what has to."""
        self._fleet.store.wanted = shards

    @property
    def settled(self) -> bool:
        """Whether nothing was to be moved when that was looked at last."""
        return self._rebalancing.settled

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
        shards = self._fleet.shards
        for shard, replicas in shards.items():
            for replica in replicas:
                if replica.whole:
                    try:
                        self._sizes[shard] = replica.ask("sizes", within_s=_LOOK_S)
                        break
                    except ReplicaLost:
                        continue
        return summed(size for shard in shards for size in self._sizes.get(shard, []))

    def figures(self) -> dict[str, ShardFigures | None]:
        """How each replica does; None for one that does not answer soon."""
        calls, told = [], dict[str, ShardFigures | None]()
        for replica in self.replicas:
            told[replica.name] = None
            if replica.whole:
                try:
                    calls.append((replica, replica.call("figures")))
                except ReplicaLost:
                    continue
        for replica, call in settled(calls, _LOOK_S):
            try:
                told[replica.name] = replica.answer(call, 0)
            except ReplicaLost:
                continue
        return told

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what any whole replica holds differs from candidates as they should be."""
        while True:
            layout, found = self._fleet.refresh(), list[Difference]()
            parts = layout._replace(also=()).split(candidates)
            for shard, replicas in self._fleet.shards.items():
                for replica in replicas:
                    if replica.whole and parts.get(shard):
                        found += replica.ask("differences", parts[shard], within_s=_SAVED_WITHIN_S)
            if self._fleet.refresh().epoch - layout.epoch <= STEPS_APART:
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
        for replica in self.replicas if self.wanted.directory else ():
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
        self._fleet.end()

    async def _search(self, queries: list[MatchQuery]) -> Answers:
        packed, least = pickle.dumps(queries, 5), self.position
        last = time.monotonic() + self.wanted.patience_s
        found: dict[int, Found] = {}
        while True:
            layout = self._fleet.layout
            newest = max([layout.epoch, *(part.epoch for part in found.values())])
            if newest - layout.epoch > STEPS_APART:
                await asyncio.to_thread(self._fleet.refresh)
                if self._fleet.layout is layout:
                    raise MatchingAway
                continue
            old = [
                shard
                for shard in layout.shards
                if shard not in found or newest - found[shard].epoch > STEPS_APART
            ]
            if not old:
                break
            asked = (self._ask(shard, packed, least, last, layout) for shard in old)
            found.update(zip(old, await asyncio.gather(*asked), strict=True))
        parts = [found[shard] for shard in layout.shards]
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._merged, queries, parts
        )

    def _merged(self, queries: list[MatchQuery], parts: Sequence[Found]) -> Answers:
        hits = [hit for part in parts for hit in part.hits(self._known)]
        if any(part.moving for part in parts):
            hits = each_once(hits)
        return answers(queries, hits, min(part.position for part in parts))

    async def _ask(
        self, number: int, packed: bytes, least: int, last: float, layout: Layout
    ) -> Found:
        """The answer of the first replica that has one; refused when there is none in time."""
        running: dict[asyncio.Task[Any], ShardReplica] = {}
        turn, shard = next(self._turn), self._fleet.shards_of(layout)[number]
        try:
            while (left := last - time.monotonic()) > 0:
                order = [shard[(turn + step) % len(shard)] for step in range(len(shard))]
                asked = {*running.values()}
                other = next((each for each in order if each.whole and each not in asked), None)
                if other is not None:
                    call = other.asked("search", packed, least, layout)
                    running[asyncio.create_task(call)] = other
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
