"""Opens the models that settings name: a pack by name, by directory, or the development set."""

import asyncio
import hmac
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from domain.shared.image_refusals import BadModelPack
from domain.shared.model_features import DescriptorFeature
from inference.dev_pack import dev_pack
from inference.features import descriptor_features
from inference.finding import PipelineOptions
from inference.image import ImageLimits
from inference.loaded_pack import LoadedPack
from inference.matching.snapshots import Snapshots
from inference.onnx_session import on_gpu
from inference.packs import default_pack
from inference.packs.pack import MANIFEST, ModelPack, read_pack
from inference.packs.registry import PackRegistry
from inference.pipeline import Pipeline
from ray_cluster.admission import MOST_WAITING as MOST_IMAGES
from ray_cluster.local_matching import MOST_WAITING, LocalMatching
from ray_cluster.local_models import ON_GPU, ON_PROCESSOR, LocalModels
from ray_cluster.matching import Matching
from ray_cluster.models import Models
from ray_cluster.scaling import PoolSize

DEFAULT = default_pack.NAME
DEV = re.compile(r"dev((?:\+[a-z0-9_]+)*):(.+)")
"""`dev:DIRECTORY` is the development manifest over networks in that directory, and
`dev+ROLE:DIRECTORY` the same with a role switched on that it leaves off."""


def open_pack(name: str, packs: Path) -> ModelPack:
    """The pack: the one chosen in `packs` or else the default, a directory, or a name."""
    if development := DEV.fullmatch(name):
        roles, directory = development.groups()
        return dev_pack(Path(directory), on=tuple(filter(None, roles.split("+"))))
    if (manifest := Path(name).expanduser() / MANIFEST).is_file():
        return read_pack(manifest)
    registry = PackRegistry(packs)
    if name == DEFAULT:
        chosen = registry.in_use()
        if chosen is None or chosen == DEFAULT:
            return read_pack(default_pack.build(packs / DEFAULT) / MANIFEST)
        name = chosen
    return registry.get(name)


def make_default_pack(packs: Path) -> None:
    """Make the default pack in `packs`, whichever is chosen there, unless it is there already."""
    default_pack.build(packs / DEFAULT)


def open_local_models(
    name: str,
    packs: Path,
    *,
    largest_image: int,
    most_pixels: int,
    threads: int | None = None,
    most_waiting: int = MOST_IMAGES,
    gather_s: float | None = None,
) -> LocalModels:
    """The models in this process; the default pack is built when it is asked for first."""
    limits = ImageLimits(max_bytes=largest_image, max_pixels=most_pixels)
    pipeline = Pipeline(open_pack(name, packs), PipelineOptions(limits=limits))
    batching = ON_GPU if on_gpu() else ON_PROCESSOR
    if gather_s is not None:
        batching = replace(batching, gather_s=gather_s)
    return LocalModels(pipeline, threads=threads, max_waiting=most_waiting, batching=batching)


async def open_ray_models(
    name: str,
    packs: Path,
    *,
    largest_image: int,
    most_pixels: int,
    size: PoolSize,
    gpu: bool = False,
    most_waiting: int = MOST_IMAGES,
) -> Models:
    """The models on the Ray cluster that this process has joined, once one worker is ready.

    Every machine with a worker opens the pack by the same name and directory.
    """
    # Whoever works in process only never loads Ray.
    from ray_cluster.model_worker import WorkerOptions, pack_digest
    from ray_cluster.ray_models import RayModels
    from ray_cluster.replica import WorkerUnfit

    pack = await asyncio.to_thread(open_pack, name, packs)
    options = WorkerOptions(name, packs, largest_image, most_pixels, gpu)
    features = descriptor_features(LoadedPack(pack))
    models = RayModels(options, pack_digest(pack), features, size=size, max_waiting=most_waiting)
    try:
        await models.start()
    except WorkerUnfit as unfit:
        raise BadModelPack(pack.name, str(unfit)) from None
    return models


def open_local_matching(
    features: Iterable[DescriptorFeature],
    directory: Path | None,
    key: bytes,
    *,
    most_waiting: int = MOST_WAITING,
    approximate_from: int | None = None,
    only_read: bool = False,
) -> LocalMatching:
    """The match index in this process; it is saved where there is a directory, signed by a key."""
    snapshots = None if directory is None else Snapshots(directory, key, only_read=only_read)
    return LocalMatching(
        features,
        snapshots=snapshots,
        most_waiting=most_waiting,
        approximate_from=approximate_from,
    )


def open_ray_matching(
    features: Iterable[DescriptorFeature],
    directory: Path | None,
    key: bytes,
    *,
    shards: int,
    replicas: int,
    most_waiting: int = MOST_WAITING,
) -> tuple[Matching, int]:
    """The match index on the Ray cluster that this process has joined, and the memory for it.

    The key, which is the installation's, signs what each machine saves in its own directory, and
    tells the indexes of several installations apart.
    """
    from ray_cluster.ray_matching import RayMatching
    from ray_cluster.shard_fleet import ClusterIndex
    from ray_cluster.shard_replica import machines

    name = hmac.new(key, b"name of the match index", "sha256").hexdigest()
    wanted = ClusterIndex(name, shards, replicas, directory=directory, key=key)
    matching = RayMatching(features, wanted, most_waiting=most_waiting)
    return matching, sum(machine.memory for machine in machines()) // replicas
