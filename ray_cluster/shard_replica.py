"""One named actor with a shard, as one process that uses it sees it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, Self

import ray
from ray.exceptions import (
    ActorDiedError,
    ActorUnschedulableError,
    GetTimeoutError,
    RayError,
    RayTaskError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_cluster.connection import NAMESPACE
from ray_cluster.match_shard import MatchShard
from ray_cluster.shard_values import ShardOptions, ShardState

PREFIX: Final = "match:"

# Changes are applied in order, while searches run and questions are answered.
# More searches come in than are worked on, so that the shard can tell how many wait.
_GROUPS: Final = {"feed": 1, "search": 8, "look": 2, "copy": 1}
_GROUP_OF: Final = {
    "search": "search",
    "state": "look",
    "figures": "look",
    "sizes": "look",
    "differences": "look",
    "copy": "copy",
}


class ReplicaLost(Exception):
    """The actor, its machine or the way to it is gone."""


class ReplicaSilent(ReplicaLost):
    """The actor did not answer in time."""


class ShardReplica:
    """An actor that comes back by itself, and empty; it outlives this process.

    `whole` says that it had all that this process fed when it was heard of last.
    """

    def __init__(
        self,
        name: str,
        options: ShardOptions,
        number: int,
        others: "Callable[[], Sequence[Self]]",
    ) -> None:
        self.name, self.shard, self.number = name, options.shard, number
        self._options, self._others = options, others
        self._preferred = self.node = ""
        """The machine that it is on, as far as is known."""

        self._actor: Any = None
        self._methods: dict[str, Any] = {}
        self.whole, self.life = False, ""

    def call(self, method: str, *arguments: Any) -> Any:
        """A reference to the answer; `ReplicaLost` where nobody can be asked."""
        try:
            if method not in self._methods:
                if self._actor is None:
                    self._actor = self._found()
                group = _GROUP_OF.get(method, "feed")
                bound = getattr(self._actor, method).options(concurrency_group=group)
                self._methods[method] = bound
            return self._methods[method].remote(*arguments)
        except (RayError, ValueError) as error:
            self._forget()
            raise ReplicaLost(f"{self.name}: {error}") from None

    def answer(self, reference: Any, within_s: float) -> Any:
        """The answer itself; what the shard refused is raised."""
        try:
            return ray.get(reference, timeout=within_s)
        except (RayError, GetTimeoutError) as error:
            raise self._problem(error) from None

    def ask(self, method: str, *arguments: Any, within_s: float) -> Any:
        """Call and wait."""
        return self.answer(self.call(method, *arguments), within_s)

    async def asked(self, method: str, *arguments: Any) -> Any:
        """Call, and wait however long it takes."""
        reference = self.call(method, *arguments)
        try:
            return await asyncio.wrap_future(reference.future())
        except RayError as error:
            raise self._problem(error) from None

    def state(self, within_s: float) -> ShardState:
        """What it says of itself."""
        state: ShardState = self.ask("state", within_s=within_s)
        return state

    def restart(self) -> None:
        """Give up a life that does not answer; the next one begins by itself."""
        self.whole = False
        if self._actor is not None:
            ray.kill(self._actor, no_restart=False)

    def end(self) -> None:
        """End the actor for good."""
        self.whole = False
        if self._actor is not None:
            ray.kill(self._actor)
            self._forget()

    def prefer(self, machine: str) -> None:
        """Be on a machine when it is made again, if that is there then."""
        self._preferred = machine

    def _found(self) -> Any:
        """The detached actor of this name: what is there already, or a new one.

        It stays on its machine as long as that lives. Then it dies for good, and is made again.
        """
        nodes = [machine.node for machine in machines()]
        if not nodes:
            raise ReplicaLost("no machine of the cluster has a processor")
        self.node = self._best(nodes)
        remote: Any = ray.remote
        deployed = remote(concurrency_groups=_GROUPS)(MatchShard)
        return deployed.options(
            name=self.name,
            namespace=NAMESPACE,
            get_if_exists=True,
            lifetime="detached",
            max_restarts=-1,
            max_task_retries=0,
            num_cpus=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(self.node, soft=False),
        ).remote(replace(self._options, node=self.node))

    def _best(self, nodes: Sequence[str]) -> str:
        """Where no other replica of the shard is, the machine with the fewest replicas."""
        preferred, self._preferred = self._preferred, ""
        if preferred in nodes:
            return preferred
        others = [each for each in self._others() if each is not self]
        load = [each.node for each in others]
        siblings = {each.node for each in others if each.shard == self.shard}
        turn = (self.shard + self.number) % len(nodes)
        order = [*nodes[turn:], *nodes[:turn]]
        return min(order, key=lambda node: (node in siblings, load.count(node)))

    def _problem(self, error: Exception) -> Exception:
        """What the shard refused, or that it is lost."""
        cause = getattr(error, "cause", None)
        if isinstance(error, RayTaskError) and isinstance(cause, Exception):
            return cause
        self.whole = False
        if isinstance(error, ActorDiedError | ActorUnschedulableError):
            self._forget()
        lost = ReplicaSilent if isinstance(error, GetTimeoutError) else ReplicaLost
        return lost(f"{self.name}: {type(error).__name__}")

    def _forget(self) -> None:
        """Dead for good, or of another life of the cluster: it is looked up, or made, again."""
        self.whole, self._actor = False, None
        self._methods = {}


def settled(
    calls: Sequence[tuple[ShardReplica, Any]], within_s: float
) -> list[tuple[ShardReplica, Any]]:
    """Wait until all calls are answered or have failed, or for so long; those that have."""
    if not calls:
        return []
    references = [reference for _, reference in calls]
    ready, _ = ray.wait(
        references, num_returns=len(references), timeout=within_s, fetch_local=False
    )
    there = {*ready}
    return [call for call in calls if call[1] in there]


class Machine(NamedTuple):
    """A node that works: its id, its processors, and the bytes of memory for what runs there."""

    node: str
    cpus: int
    memory: int


def machines() -> list[Machine]:
    """The nodes that are alive and have processors."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return sorted(
        Machine(node["NodeID"], int(has["CPU"]), int(has.get("memory", 0)))
        for node in nodes
        if node["Alive"] and (has := node["Resources"]).get("CPU")
    )
