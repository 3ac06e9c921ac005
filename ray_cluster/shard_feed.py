"""Brings changes to every replica of every shard."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final

import structlog

from domain.shared.biometrics import BadDescriptor
from domain.shared.model_features import DescriptorFeature
from inference.matching.match_index import MatchIndex
from inference.matching.values import IndexChange, PutCandidate
from inference.matching.workers import Workers
from ray_cluster.layout import Layout
from ray_cluster.shard_fleet import ShardFleet
from ray_cluster.shard_replica import ReplicaLost, ShardReplica, settled
from ray_cluster.shard_values import ShardState

log = structlog.get_logger("selene.index")

_APPLIED_WITHIN_S: Final = 1.0
"""A replica that does not take changes in this time is given what it misses later."""

_MOST_EPOCHS: Final = 8
"""So many changes of the layout may come between the feeding of one change."""


class ShardFeed:
    """What this process has fed to the shards, and which replicas have all of it.

    Every change says which place of the log it continues, and a replica that is elsewhere takes
    none; and by which layout it is split, and a replica that knows a newer one takes none either.
    Processes feed the same replicas without knowing of each other.
    """

    def __init__(self, fleet: ShardFleet, features: Iterable[DescriptorFeature]) -> None:
        self.fleet = fleet
        self.position = 0
        self.lock = threading.Lock()
        """Held while the position changes."""

        self._checking = MatchIndex(features, workers=Workers(1))

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes everywhere: all or none; returns when all that can be reached have them."""
        with self.lock:
            if position is not None and position < self.position:
                return
            self._checking.prepare(changes)
            for _ in range(_MOST_EPOCHS):
                layout = self.fleet.layout
                if not self._sent(changes, position, layout):
                    break
                self.fleet.refresh()
            if position is not None:
                self.position = position

    def see(self, replica: ShardReplica, state: ShardState, least: int) -> None:
        """Learn from what a whole replica says whether it still is."""
        replica.node = state.node or replica.node
        if state.filling or state.life != replica.life or state.position < least:
            replica.whole = False

    def acceptable(self, changes: Sequence[IndexChange]) -> Sequence[IndexChange]:
        """Without vectors that the pack in use cannot have made."""
        try:
            self._checking.prepare(changes)
        except BadDescriptor:
            return [change for change in changes if self._accepts(change)]
        return changes

    def _sent(self, changes: Sequence[IndexChange], position: int | None, layout: Layout) -> bool:
        """Send each shard its part; says whether any of them knows a newer layout."""
        parts, calls = layout.split(changes), []
        for shard, replicas in self.fleet.shards.items():
            part = parts.get(shard, [])
            for replica in replicas:
                if replica.whole and (part or position is not None):
                    try:
                        call = replica.call("apply", part, self.position, position, layout)
                    except ReplicaLost:
                        continue
                    calls.append((replica, call))
        settled(calls, _APPLIED_WITHIN_S)
        least, newer = self.position if position is None else position, False
        for replica, call in calls:
            state = self._heard(replica, call)
            if state is not None and state.epoch > layout.epoch:
                newer = True
            elif state is not None:
                self.see(replica, state, least)
        return newer

    def _heard(self, replica: ShardReplica, call: Any) -> ShardState | None:
        try:
            state: ShardState = replica.answer(call, 0)
        except ReplicaLost:
            return None
        except Exception:
            replica.whole = False
            raise
        return state

    def _accepts(self, change: IndexChange) -> bool:
        try:
            self._checking.prepare([change])
        except BadDescriptor as bad:
            assert isinstance(change, PutCandidate)
            log.error("a stored descriptor cannot be matched", reason=str(bad))
            return False
        return True
