"""Moves virtual shards and replicas to where they should be, while searches and changes go on."""

import time
from typing import Any, Final

import ray
import structlog

from ray_cluster.layout import Layout, moves_to, relocation
from ray_cluster.shard_fleet import ShardFleet
from ray_cluster.shard_replica import ReplicaLost, ShardReplica, machines, settled
from ray_cluster.shard_values import ShardState

log = structlog.get_logger("selene.index")

_AT_ONCE: Final = 8
"""Virtual shards that are on their way at a time: what is copied has to fit beside the index."""

_LOOK_EVERY_S: Final = 1.0
_HEARD_WITHIN_S: Final = 2.0
_COPIED_WITHIN_S: Final = 60.0

States = list[tuple[ShardReplica, ShardState]]


class Rebalancing:
    """Takes one step at a time, and only while all replicas are whole.

    Any process may do it, and each of them does: a step is taken when the layout of the next
    epoch is written, and only one can be. Copies that two bring are taken once.
    """

    def __init__(self, fleet: ShardFleet) -> None:
        self._fleet = fleet
        self._looked = 0.0
        self._fewer_since: float | None = None

        self.settled = False
        """Whether there was nothing to do."""

    def step(self) -> None:
        """Do what is next."""
        now = time.monotonic()
        if not self.settled or now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self.settled = self._stepped(now)

    def _stepped(self, now: float) -> bool:
        layout = self._fleet.refresh()
        states = self._states(layout)
        if states is None:
            return False
        if layout.also:
            if not layout.arriving:
                self._go_on(layout.ended())
            elif self._brought(layout, states):
                self._go_on(layout.arrived())
            return False
        if moves := moves_to(layout.places, self._target(layout, now))[:_AT_ONCE]:
            self._go_on(layout.begun(moves))
            return False
        self._fleet.tidy()
        return not self._relocated(layout, states)

    def _go_on(self, layout: Layout) -> bool:
        """The next epoch; says whether it was this process that began it."""
        agreed, mine = self._fleet.store.published(layout)
        self._fleet.take(agreed)
        if mine:
            log.debug("the shards of the match index move", epoch=agreed.epoch, also=agreed.also)
        return mine

    def _states(self, layout: Layout) -> States | None:
        """What all replicas say once they know the layout; None unless all of them do."""
        replicas, calls = self._fleet.replicas, []
        if not all(replica.whole for replica in replicas):
            return None
        try:
            calls = [(replica, replica.call("state", layout)) for replica in replicas]
            settled(calls, _HEARD_WITHIN_S)
            states = [(replica, replica.answer(call, 0)) for replica, call in calls]
        except ReplicaLost:
            return None
        for replica, state in states:
            if state.life != replica.life or state.epoch != layout.epoch:
                replica.whole = replica.whole and state.life == replica.life
                return None
        return states

    def _brought(self, layout: Layout, states: States) -> bool:
        """Copy what replicas still wait for; says whether there is nothing left."""
        wanting: dict[int, list[ShardReplica]] = {}
        for replica, state in states:
            for virtual in state.expected:
                wanting.setdefault(virtual, []).append(replica)
        try:
            copies = {virtual: self._copy(virtual, layout) for virtual in sorted(wanting)}
            if copies:
                # A call that waits for its argument would keep later ones waiting behind it.
                ray.wait([*copies.values()], num_returns=len(copies), timeout=_COPIED_WITHIN_S)
            calls = [
                (replica, replica.call("take", copies[virtual], layout))
                for virtual, replicas in wanting.items()
                for replica in replicas
            ]
            settled(calls, _COPIED_WITHIN_S)
            for replica, call in calls:
                replica.answer(call, 0)
        except ReplicaLost as problem:
            log.info("a virtual shard could not be copied yet", why=str(problem))
            return False
        return not wanting

    def _copy(self, virtual: int, layout: Layout) -> Any:
        return self._fleet.shards[layout.places[virtual]][0].call("copy", virtual)

    def _target(self, layout: Layout, now: float) -> int:
        """How many shards there should be; that there are too many must be so for a while."""
        wanted, there = self._fleet.target(), max(layout.places) + 1
        if wanted >= there:
            self._fewer_since = None
            return wanted
        self._fewer_since = self._fewer_since or now
        return wanted if now - self._fewer_since >= self._fleet.wanted.settled_s else there

    def _relocated(self, layout: Layout, states: States) -> bool:
        """Send one replica to a machine that has fewer, if that is better, while others answer."""
        if self._fleet.wanted.replicas < 2:
            return False
        where = {(replica.shard, replica.number): state.node for replica, state in states}
        found = relocation(where, [machine.node for machine in machines()])
        if found is None or not self._go_on(layout.ended()):
            return False
        (shard, number), machine = found
        replica = self._fleet.shards[shard][number]
        log.info("a replica of the match index goes to another machine", name=replica.name)
        replica.end()
        replica.prefer(machine)
        return True
