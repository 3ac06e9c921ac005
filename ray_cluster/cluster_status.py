"""What a Ray cluster consists of now: its machines, and the actors of Selene."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import ray
from ray.exceptions import GetTimeoutError, RayError

from ray_cluster import replica, shard_replica
from ray_cluster.connection import NAMESPACE
from ray_cluster.model_worker import WorkerState
from ray_cluster.shard_values import ShardFigures

_TOLD_WITHIN_S: Final = 2.0
_ASKED: Final = {replica.PREFIX: "state", shard_replica.PREFIX: "figures"}
"""What the actors whose names begin so are asked."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """One machine: what it has in all."""

    node_id: str
    address: str
    alive: bool
    cpus: float
    gpus: float
    memory_bytes: float


def nodes() -> list[NodeState]:
    """The machines, those that are gone last."""
    found = []
    listed: Any = ray.nodes
    for node in listed():
        there: dict[str, Any] = node["Resources"]
        found.append(
            NodeState(
                node_id=node["NodeID"],
                address=node["NodeManagerAddress"],
                alive=node["Alive"],
                cpus=there.get("CPU", 0.0),
                gpus=there.get("GPU", 0.0),
                memory_bytes=there.get("memory", 0.0),
            )
        )
    return sorted(found, key=lambda node: (not node.alive, node.address, node.node_id))


def actor_names() -> list[str]:
    """The names of all actors of Selene that are not dead for good."""
    return sorted(ray.util.list_named_actors())


def worker_states() -> dict[str, WorkerState | None]:
    """How each model worker does; None for one that does not answer within two seconds."""
    return dict(_told(replica.PREFIX))


def shard_figures() -> dict[str, ShardFigures | None]:
    """How each replica of a match index does; None for one that does not answer in time."""
    return dict(_told(shard_replica.PREFIX))


def shard_is_ready(figures: ShardFigures | None) -> bool:
    """Whether a replica answers searches."""
    return figures is not None and not figures.state.filling and figures.state.epoch > 0


def behind(told: Mapping[str, ShardFigures | None]) -> dict[str, int]:
    """How many places of the log each replica lacks that it, or another of its index, knows of."""
    ends: dict[str, int] = {}
    for name, figures in told.items():
        if figures is not None:
            index = name.split(":")[1]
            known = figures.state.position + figures.behind
            ends[index] = max(ends.get(index, 0), known)
    return {
        name: ends[name.split(":")[1]] - figures.state.position
        for name, figures in told.items()
        if figures is not None
    }


def _told(prefix: str) -> Iterator[tuple[str, Any]]:
    """What each actor with such a name says of itself."""
    calls: dict[str, Any] = {}
    for name in actor_names():
        if name.startswith(prefix):
            try:
                asked = getattr(ray.get_actor(name, NAMESPACE), _ASKED[prefix])
                calls[name] = asked.options(concurrency_group="look").remote()
            except (RayError, ValueError):  # it has gone meanwhile
                calls[name] = None
    waited = [call for call in calls.values() if call is not None]
    if waited:
        ray.wait(waited, num_returns=len(waited), timeout=_TOLD_WITHIN_S, fetch_local=False)
    for name, call in calls.items():
        try:
            yield name, None if call is None else ray.get(call, timeout=0)
        except (RayError, GetTimeoutError):
            yield name, None
