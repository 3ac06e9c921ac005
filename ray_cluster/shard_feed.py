"""Brings changes to every replica of every shard, and what they miss to those that were lost."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import uuid4

import structlog

from domain.shared.biometrics import BadDescriptor
from domain.shared.model_features import DescriptorFeature
from inference.matching.match_index import MatchIndex
from inference.matching.sharded_index import virtual_of
from inference.matching.values import DropList, IndexChange, PutCandidate
from inference.matching.workers import Workers
from ray_cluster.match_shard import ShardState
from ray_cluster.matching import ChangeSource
from ray_cluster.shard_replica import ReplicaLost, ReplicaSilent, ShardReplica, settled

log = structlog.get_logger("selene.index")

_APPLIED_WITHIN_S: Final = 1.0
"""A replica that does not take changes in this time is given what it misses later."""

_HEARD_WITHIN_S: Final = 1.0
_WORK_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 1.0
_CATCH_UP_AT_MOST: Final = 1_000_000  # positions; beyond, filling is faster
_IN_FLIGHT: Final = 4
_BEGUN_WITHIN_S: Final = 120.0


class NoShards(Exception):
    """No shard could be started, or none can be filled."""


class ShardFeed:
    """What this process has fed to the shards, and which replicas have all of it.

    Every change says which place of the log it continues, and a replica that is elsewhere takes
    none. Processes feed the same replicas without knowing of each other.
    """

    def __init__(
        self, replicas: Sequence[Sequence[ShardReplica]], features: Iterable[DescriptorFeature]
    ) -> None:
        self.shards = replicas
        self.position = 0
        self._lock = threading.Lock()
        self._checking = MatchIndex(features, workers=Workers(1))
        self._looked = 0.0

    @property
    def replicas(self) -> list[ShardReplica]:
        """The replicas of all shards."""
        return [replica for shard in self.shards for replica in shard]

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes everywhere: all or none; returns when all that can be reached have them."""
        with self._lock:
            if position is not None and position < self.position:
                return
            self._checking.prepare(changes)
            parts = self.split(changes)
            calls = []
            for replica in self.replicas:
                part = parts[replica.shard]
                if replica.whole and (part or position is not None):
                    try:
                        call = replica.call("apply", part, self.position, position)
                    except ReplicaLost:
                        continue
                    calls.append((replica, call))
            settled(calls, _APPLIED_WITHIN_S)
            for replica, call in calls:
                self._see(replica, call, self.position if position is None else position)
            if position is not None:
                self.position = position

    def split(self, changes: Sequence[IndexChange]) -> list[list[IndexChange]]:
        """The changes of each shard, in order."""
        parts: list[list[IndexChange]] = [[] for _ in self.shards]
        for change, virtual in zip(changes, virtual_of(changes).tolist(), strict=True):
            if isinstance(change, DropList):
                for part in parts:
                    part.append(change)
            else:
                parts[virtual % len(parts)].append(change)
        return parts

    def begin(self, source: ChangeSource) -> int:
        """Until one replica of each shard has everything up to now; the place in the log."""
        with self._lock:
            self.position = source.head()
            for replica in self.replicas:
                replica.whole = False
        last = time.monotonic() + _BEGUN_WITHIN_S
        while not all(any(replica.whole for replica in shard) for shard in self.shards):
            if self.mend(source):
                break
            if time.monotonic() > last:
                raise NoShards("the shards of the match index did not start")
            time.sleep(0.05)
        return self.position

    def mend(self, source: ChangeSource) -> bool:
        """Give each replica that is not whole what it misses; whether all are whole now."""
        self._look()
        empty: list[tuple[ShardReplica, ShardState]] = []
        for replica, call in self._called([each for each in self.replicas if not each.whole]):
            try:
                state: ShardState = replica.answer(call, 0)
                if not state.filling:  # whoever fills it may be gone, too
                    state = self._from_saved(replica, state, source)
                if state.filling or self._far(state.position, source):
                    empty.append((replica, state))
                else:
                    self._replay(replica, state, source)
            except ReplicaLost as problem:
                log.debug("a replica of the match index is away", why=str(problem))
        if empty:
            self._fill(empty, source)
        return all(replica.whole for replica in self.replicas)

    def _look(self) -> None:
        """Notice replicas that died while nobody asked them."""
        if time.monotonic() - self._looked < _LOOK_EVERY_S:
            return
        self._looked, least = time.monotonic(), self.position
        for replica, call in self._called([each for each in self.replicas if each.whole]):
            self._see(replica, call, least)

    def _called(self, replicas: Iterable[ShardReplica]) -> list[tuple[ShardReplica, Any]]:
        """Ask for states; the answers that come soon are there when this returns."""
        calls = []
        for replica in replicas:
            try:
                calls.append((replica, replica.call("state")))
            except ReplicaLost:
                continue
        settled(calls, _HEARD_WITHIN_S)
        return calls

    def _see(self, replica: ShardReplica, call: Any, least: int) -> None:
        """Learn from an answer that should be there whether the replica is still whole."""
        try:
            state: ShardState = replica.answer(call, 0)
        except ReplicaLost:
            return
        except Exception:
            replica.whole = False
            raise
        if state.filling or state.life != replica.life or state.position < least:
            replica.whole = False

    def _from_saved(
        self, replica: ShardReplica, state: ShardState, source: ChangeSource
    ) -> ShardState:
        """The state of an empty replica once it has begun with what it saved of this log."""
        if state.position:
            return state
        saved = replica.ask("snapshot", within_s=_WORK_WITHIN_S)
        if saved is None or saved.position > source.head():
            return state
        if source.mark(saved.position) != saved.mark:
            log.warning("a saved shard is of another log", name=replica.name)
            return state
        restored: ShardState = replica.ask("restore", state, within_s=_WORK_WITHIN_S)
        return restored

    def _far(self, position: int, source: ChangeSource) -> bool:
        """Whether a replica is better filled: nothing is known of it, or too much has happened."""
        ahead = position > max(self.position, source.head())
        return not position or ahead or self.position - position > _CATCH_UP_AT_MOST

    def _replay(self, replica: ShardReplica, state: ShardState, source: ChangeSource) -> None:
        """Bring it from its place in the log to where the others are."""
        reached = state.position
        while True:
            with self._lock:
                if reached >= self.position:
                    replica.whole, replica.life = True, state.life
                    return
                upto = self.position
            for changes, position in source.changes(reached, upto):
                part = self.split(self._acceptable(changes))[replica.shard]
                try:
                    done = replica.ask("apply", part, reached, position, within_s=_WORK_WITHIN_S)
                except ReplicaSilent:
                    replica.restart()
                    raise
                if done.filling or done.life != state.life or done.position < position:
                    return
                reached = position

    def _fill(self, empty: list[tuple[ShardReplica, ShardState]], source: ChangeSource) -> None:
        """Fill replicas with everything of one moment, and go on from there."""
        filler = uuid4().hex
        taken = [
            (replica, state)
            for replica, state in empty
            if self._asked(replica, "begin_fill", filler, state)
        ]
        if not taken:
            return
        alive = {replica.name: replica for replica, _ in taken}
        pending: deque[tuple[ShardReplica, Any]] = deque()

        def send(replica: ShardReplica, part: Sequence[IndexChange], position: int | None) -> None:
            while len(pending) >= _IN_FLIGHT * len(taken):
                receive()
            try:
                pending.append((replica, replica.call("fill", filler, part, position)))
            except ReplicaLost:
                alive.pop(replica.name, None)

        def receive() -> None:
            replica, call = pending.popleft()
            try:
                done = replica.answer(call, _WORK_WITHIN_S)
            except ReplicaLost:
                done = False
            if not done:
                alive.pop(replica.name, None)

        with source.everything() as (position, parts):
            for candidates in parts:
                split = self.split(self._acceptable(candidates))
                for replica in [*alive.values()]:
                    send(replica, split[replica.shard], None)
        for replica in [*alive.values()]:
            send(replica, [], position)
        while pending:
            receive()
        for replica, state in taken:
            if replica.name in alive:
                try:
                    self._replay(replica, state._replace(position=position), source)
                except ReplicaLost:
                    continue

    def _asked(self, replica: ShardReplica, method: str, *arguments: Any) -> Any:
        try:
            return replica.ask(method, *arguments, within_s=_WORK_WITHIN_S)
        except ReplicaLost:
            return None

    def _acceptable(self, changes: Sequence[IndexChange]) -> Sequence[IndexChange]:
        """Without vectors that the pack in use cannot have made."""
        try:
            self._checking.prepare(changes)
        except BadDescriptor:
            return [change for change in changes if self._accepts(change)]
        return changes

    def _accepts(self, change: IndexChange) -> bool:
        try:
            self._checking.prepare([change])
        except BadDescriptor as bad:
            assert isinstance(change, PutCandidate)
            log.error("a stored descriptor cannot be matched", reason=str(bad))
            return False
        return True
