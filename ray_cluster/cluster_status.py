"""What a Ray cluster consists of now: its machines, and the actors of Selene."""

import asyncio
from dataclasses import dataclass
from typing import Any

import ray

from ray_cluster.connection import NAMESPACE
from ray_cluster.model_worker import WorkerState
from ray_cluster.replica import PREFIX, state_of


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


async def worker_states() -> dict[str, WorkerState | None]:
    """How each model worker does; None for one that does not answer within two seconds."""
    names = [name for name in await asyncio.to_thread(actor_names) if name.startswith(PREFIX)]
    asked = await asyncio.gather(*map(_state, names))
    return dict(zip(names, asked, strict=True))


async def _state(name: str) -> WorkerState | None:
    try:
        actor = await asyncio.to_thread(ray.get_actor, name, NAMESPACE)
    except ValueError:  # it has gone meanwhile
        return None
    return await state_of(actor)
