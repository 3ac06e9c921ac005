"""Gives replicas that were lost what they miss: from their own files, the log, or everything."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import structlog

from inference.matching.values import IndexChange
from ray_cluster.layout import Layout
from ray_cluster.matching import ChangeSource
from ray_cluster.shard_feed import ShardFeed
from ray_cluster.shard_replica import ReplicaLost, ReplicaSilent, ShardReplica, settled
from ray_cluster.shard_values import ShardState

log = structlog.get_logger("selene.index")

_HEARD_WITHIN_S: Final = 0.1
_SILENT_S: Final = 10.0
"""A replica that says nothing for so long is asked anew."""

_WORK_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 1.0
_SEEN_WITHIN_S: Final = 2.0
_CATCH_UP_AT_MOST: Final = 1_000_000  # positions; beyond, filling is faster
_IN_FLIGHT: Final = 4

Empty = list[tuple[ShardReplica, ShardState]]
Waiting = dict[str, tuple[float, ShardReplica, Any]]


class ShardMending:
    """Looks after the replicas of one process's feed; one thread uses it."""

    def __init__(self, feed: ShardFeed) -> None:
        self._feed, self._fleet = feed, feed.fleet
        self._looked = 0.0
        self._waiting: Waiting = {}
        self._looking: Waiting = {}

    def mend(self, source: ChangeSource) -> bool:
        """Give each replica that is not whole what it misses; whether all are whole now."""
        self._look()
        empty: Empty = []
        for replica, state in self._lost():
            try:
                layout = self._known(state)
                if not state.filling:  # whoever fills it may be gone, too
                    state = self._from_saved(replica, state, source, layout)
                if state.filling or self._far(state.position, source):
                    empty.append((replica, state))
                else:
                    self._replay(replica, state, source)
            except ReplicaLost as problem:
                log.debug("a replica of the match index is away", why=str(problem))
        if empty:
            self._fill(empty, source)
        return all(replica.whole for replica in self._fleet.replicas)

    def _known(self, state: ShardState) -> Layout:
        """The layout that this process knows, which is not older than the replica's."""
        layout = self._fleet.layout
        return layout if state.epoch <= layout.epoch else self._fleet.refresh()

    def _look(self) -> None:
        """Notice replicas that died while nobody asked them."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self._ask([r for r in self._fleet.replicas if r.whole], self._looking)
        for replica, state in _heard(self._looking, 0.0):
            self._known(state)
            self._feed.see(replica, state, 0)
        for name, (since, replica, _) in [*self._looking.items()]:
            if now - since > _SEEN_WITHIN_S:
                del self._looking[name]
                replica.whole = False

    def _lost(self) -> Empty:
        """The states of replicas that are not whole, of those that tell them by now."""
        now, lost = time.monotonic(), [r for r in self._fleet.replicas if not r.whole]
        names = {replica.name for replica in lost}
        for name, (since, _, _) in [*self._waiting.items()]:
            if name not in names or now - since > _SILENT_S:
                del self._waiting[name]
        self._ask(lost, self._waiting)
        return _heard(self._waiting, _HEARD_WITHIN_S)

    def _ask(self, replicas: Sequence[ShardReplica], waiting: Waiting) -> None:
        """Ask those for their state who were not asked yet."""
        for replica in replicas:
            if replica.name not in waiting:
                try:
                    call = replica.call("state", self._fleet.layout)
                except ReplicaLost as problem:
                    log.debug("a replica of the match index is away", why=str(problem))
                    continue
                waiting[replica.name] = time.monotonic(), replica, call

    def _from_saved(
        self, replica: ShardReplica, state: ShardState, source: ChangeSource, layout: Layout
    ) -> ShardState:
        """The state of an empty replica once it has begun with what it saved of this log."""
        if state.position:
            return state
        saved = replica.ask("snapshot", layout, within_s=_WORK_WITHIN_S)
        if saved is None or saved.position > source.head():
            return state
        if source.mark(saved.position) != saved.mark:
            log.warning("a saved shard is of another log", name=replica.name)
            return state
        restored: ShardState = replica.ask("restore", state, layout, within_s=_WORK_WITHIN_S)
        return restored

    def _far(self, position: int, source: ChangeSource) -> bool:
        """Whether a replica is better filled: nothing is known of it, or too much has happened."""
        reached = self._feed.position
        ahead = position > max(reached, source.head())
        return not position or ahead or reached - position > _CATCH_UP_AT_MOST

    def _replay(self, replica: ShardReplica, state: ShardState, source: ChangeSource) -> None:
        """Bring it from its place in the log to where the others are."""
        reached = state.position
        while True:
            with self._feed.lock:
                if reached >= self._feed.position:
                    replica.whole, replica.life = True, state.life
                    replica.node = state.node or replica.node
                    return
                upto = self._feed.position
            for changes, position in source.changes(reached, upto):
                layout = self._fleet.layout
                part = layout.split(self._feed.acceptable(changes)).get(replica.shard, [])
                asked = ("apply", part, reached, position, layout)
                try:
                    done = replica.ask(*asked, within_s=_WORK_WITHIN_S)
                except ReplicaSilent:
                    replica.restart()
                    raise
                self._known(done)
                if done.filling or done.life != state.life or done.position < position:
                    return
                reached = position

    def _fill(self, empty: Empty, source: ChangeSource) -> None:
        """Fill replicas with everything of one moment, and go on from there."""
        filler, layout = uuid4().hex, self._fleet.layout
        begun: Empty = []
        for replica, state in empty:
            try:
                taken = replica.ask("begin_fill", filler, state, layout, within_s=_WORK_WITHIN_S)
            except ReplicaLost:
                continue
            if taken is not None:
                begun.append((replica, taken))
        waiting = [r for r, _ in begun if layout.arriving and not layout.owned(r.shard)]
        self._bring(filler, [each for each in begun if each[0] not in waiting], source, layout)
        for replica, state in begun:
            if replica in waiting:  # those who have it now give it
                self._begin_with_nothing(filler, replica, state, source)

    def _begin_with_nothing(
        self, filler: str, replica: ShardReplica, state: ShardState, source: ChangeSource
    ) -> None:
        position = self._feed.position
        try:
            if replica.ask("fill_nothing", filler, position, within_s=_WORK_WITHIN_S):
                self._replay(replica, state._replace(position=position), source)
        except ReplicaLost as problem:
            log.debug("a replica of the match index is away", why=str(problem))

    def _bring(self, filler: str, taken: Empty, source: ChangeSource, layout: Layout) -> None:
        """Send everything of one moment to replicas that wait for it."""
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
                split = layout.split(self._feed.acceptable(candidates))
                for replica in [*alive.values()]:
                    send(replica, split.get(replica.shard, []), None)
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


def _heard(waiting: Waiting, within_s: float) -> Empty:
    """The states of those that tell them soon; the answers of others are waited for on."""
    calls = [(replica, call) for _, replica, call in waiting.values()]
    heard = []
    for replica, call in settled(calls, within_s):
        del waiting[replica.name]
        try:
            heard.append((replica, replica.answer(call, 0)))
        except ReplicaLost as problem:
            log.debug("a replica of the match index is away", why=str(problem))
    return heard
