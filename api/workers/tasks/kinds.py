"""Every kind of task, by the name in its path."""

from api.workers.tasks.clustering import Clustering
from api.workers.tasks.cross_matching import CrossMatching
from api.workers.tasks.estimator import Estimator
from api.workers.tasks.exporter import Exporter
from api.workers.tasks.garbage_collection import GarbageCollection
from api.workers.tasks.kind import TaskKind
from api.workers.tasks.linker import Linker
from api.workers.tasks.reporter import Reporter
from api.workers.tasks.roc import Roc

_KINDS: tuple[TaskKind, ...] = (
    Clustering(),
    CrossMatching(),
    Estimator(),
    Exporter(),
    GarbageCollection(),
    Linker(),
    Reporter(),
    Roc(),
)
TASK_KINDS: dict[str, TaskKind] = {kind.name: kind for kind in _KINDS}
"""Each kind is listed here."""


def kind_of(number: int) -> TaskKind | None:
    """The kind with this `task_type`, if this program has it."""
    return next((kind for kind in TASK_KINDS.values() if kind.number == number), None)
