"""`selene cluster`: what the Ray cluster consists of, and how its workers do."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from api.cannot_start import CannotStart
from api.cluster import LOCAL, address_file
from api.settings import Settings

app = typer.Typer(help="The Ray cluster: machines, actors, queues.", no_args_is_help=True)

REFUSED: Final = 2
NOT_READY: Final = 3
"""The exit status when a worker of the models or a shard is not ready, or there is no worker."""


@app.command()
def status(
    ray: Annotated[str | None, typer.Option(help="HOST:PORT, auto or local.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show machines and actors; exit status 3 unless every worker and every shard is ready."""
    try:
        settings = Settings.load()
        with _joined(settings, ray or settings.ray_address):
            found = _found()
    except CannotStart as reason:
        print(f"selene: {reason}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    print(json.dumps(found, indent=2) if as_json else _told(found))
    ready = [one["ready"] for kind in ("models", "shards") for one in found[kind]]
    raise typer.Exit(0 if found["models"] and all(ready) else NOT_READY)


@contextmanager
def _joined(settings: Settings, address: str | None) -> Iterator[None]:
    from ray_cluster.connection import TOKEN, CannotJoin, ClusterOptions, Connection

    token = settings.ray.token_file
    if address is None:
        raise CannotStart("no Ray cluster is named: set SELENE_RAY_ADDRESS or say --ray")
    if address == LOCAL:
        if not (said := address_file(settings)).is_file():
            raise CannotStart(f"no process with a cluster of its own uses {settings.data_dir}")
        address, token = said.read_text(), token or settings.data_dir / TOKEN
    connection = Connection(ClusterOptions(address, settings.data_dir, token))
    try:
        connection.open()
        yield
    except CannotJoin as reason:
        raise CannotStart(str(reason)) from None
    finally:
        connection.close()


def _found() -> dict[str, list[dict[str, Any]]]:
    from ray_cluster import cluster_status as status

    workers, shards = status.worker_states(), status.shard_figures()
    behind = status.behind(shards)
    return {
        "nodes": [asdict(node) for node in status.nodes()],
        "models": [
            {"name": name, "ready": False} if state is None else {"name": name, **asdict(state)}
            for name, state in workers.items()
        ],
        "shards": [
            {
                "name": name,
                "ready": status.shard_is_ready(figures),
                **({} if figures is None else _shown(figures, behind[name])),
            }
            for name, figures in shards.items()
        ],
        "others": [
            {"name": name} for name in status.actor_names() if name not in {*workers, *shards}
        ],
    }


def _shown(figures: Any, behind: int) -> dict[str, Any]:
    state = figures.state
    told = {**figures._asdict(), "behind": behind}
    del told["state"]
    pid = int(state.life.split(":")[0])
    return {"pid": pid, "position": state.position, "epoch": state.epoch, **told}


def _told(found: dict[str, list[dict[str, Any]]]) -> str:
    lines = []
    for node in found["nodes"]:
        alive = "alive" if node["alive"] else "gone"
        sizes = f"{node['cpus']:.0f} CPU  {node['gpus']:.0f} GPU"
        memory = f"{node['memory_bytes'] / 2**30:.1f} GiB"
        lines.append(
            f"node   {node['node_id'][:12]}  {node['address']}  {alive}  {sizes}  {memory}"
        )
    for one in found["models"]:
        if not one["ready"]:
            lines.append(f"actor  {one['name']}  not ready")
            continue
        work = f"{one['images']} images  {one['running']} calls  {one['waiting']} waiting"
        work += f"  {one['resident'] / 2**20:.0f} MiB"
        lines.append(f"actor  {one['name']}  ready  {one['machine']}:{one['pid']}  {work}")
    for one in found["shards"]:
        if not one["ready"]:
            lines.append(f"actor  {one['name']}  not ready")
            continue
        work = f"{one['searches']} searches  {one['running']} running  {one['waiting']} waiting"
        held = f"{one['rows']} rows  {one['resident'] / 2**20:.0f} MiB  {one['behind']} behind"
        lines.append(f"actor  {one['name']}  ready  {one['machine']}:{one['pid']}  {work}  {held}")
    lines += [f"actor  {one['name']}" for one in found["others"]]
    return "\n".join(lines)
