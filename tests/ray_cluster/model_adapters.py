"""The models on the tests' Ray cluster, as `bootstrap` opens them."""

from ray_cluster.model_worker import WorkerOptions, pack_digest
from ray_cluster.ray_models import RayModels
from ray_cluster.scaling import PoolSize
from tests.support.packs import PACKS, default_pack, default_pipeline

OPTIONS = WorkerOptions(str(PACKS / "default"), PACKS, 32 << 20, 64_000_000)


async def ray_models(
    *, max_waiting: int = 256, workers: int = 2, most: int | None = None
) -> RayModels:
    """Started, with one worker ready."""
    digest = pack_digest(default_pack())
    size = PoolSize(workers, most or workers)
    features = default_pipeline().descriptors()
    models = RayModels(OPTIONS, digest, features, size=size, max_waiting=max_waiting)
    await models.start()
    return models
