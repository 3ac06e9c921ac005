"""One named actor with a shard, as one process that uses it sees it."""

import asyncio
from typing import Any, Final

import ray
from ray.exceptions import ActorDiedError, GetTimeoutError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_cluster.connection import NAMESPACE
from ray_cluster.match_shard import MatchShard, ShardOptions, ShardState

PREFIX: Final = "match:"

# Changes are applied in order, while searches run and questions are answered.
_GROUPS: Final = {"feed": 1, "search": 2, "look": 2}
_GROUP_OF: Final = {"search": "search", "state": "look", "sizes": "look", "differences": "look"}


class ReplicaLost(Exception):
    """The actor, its machine or the way to it is gone."""


class ReplicaSilent(ReplicaLost):
    """The actor did not answer in time."""


class ShardReplica:
    """An actor that comes back by itself, and empty; it outlives this process.

    `whole` says that it had all that this process fed when it was heard of last.
    """

    def __init__(self, name: str, shard: int, options: ShardOptions, node: str) -> None:
        self.name, self.shard = name, shard
        self._options, self._node = options, node
        self._actor: Any = None
        self._methods: dict[str, Any] = {}
        self.whole, self.life = False, ""

    def call(self, method: str, *arguments: Any) -> Any:
        """A reference to the answer; `ReplicaLost` where nobody can be asked."""
        try:
            if method not in self._methods:
                if self._actor is None:
                    self._actor = _actor(self.name, self._options, self._node)
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

    def _problem(self, error: Exception) -> Exception:
        """What the shard refused, or that it is lost."""
        cause = getattr(error, "cause", None)
        if isinstance(error, RayTaskError) and isinstance(cause, Exception):
            return cause
        self.whole = False
        if isinstance(error, ActorDiedError):
            self._forget()
        lost = ReplicaSilent if isinstance(error, GetTimeoutError) else ReplicaLost
        return lost(f"{self.name}: {type(error).__name__}")

    def _forget(self) -> None:
        """Dead for good, or of another life of the cluster: it is looked up, or made, again."""
        self.whole, self._actor = False, None
        self._methods = {}


def settled(calls: list[tuple[ShardReplica, Any]], within_s: float) -> None:
    """Wait until all calls are answered or have failed, or for so long."""
    if calls:
        references = [reference for _, reference in calls]
        ray.wait(references, num_returns=len(references), timeout=within_s, fetch_local=False)


def machines() -> list[tuple[str, int]]:
    """The nodes that are alive, each with its number of processors, those without any left out."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return sorted(
        (node["NodeID"], int(node["Resources"].get("CPU", 0)))
        for node in nodes
        if node["Alive"] and node["Resources"].get("CPU")
    )


def _actor(name: str, options: ShardOptions, node: str) -> Any:
    """The detached actor of this name: what is there already, or a new one, on the node if it can
    be."""
    remote: Any = ray.remote
    deployed = remote(concurrency_groups=_GROUPS)(MatchShard)
    return deployed.options(
        name=name,
        namespace=NAMESPACE,
        get_if_exists=True,
        lifetime="detached",
        max_restarts=-1,
        max_task_retries=0,
        num_cpus=0,
        scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True),
    ).remote(options)
