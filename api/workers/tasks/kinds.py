"""Every kind of task, by the name in its path."""

from api.workers.tasks.garbage_collection import GarbageCollection
from api.workers.tasks.kind import TaskKind
from api.workers.tasks.linker import Linker

TASK_KINDS: dict[str, TaskKind] = {kind.name: kind for kind in (GarbageCollection(), Linker())}
"""Each kind is listed here."""


def kind_of(number: int) -> TaskKind | None:
    """The kind with this `task_type`, if this program has it."""
    return next((kind for kind in TASK_KINDS.values() if kind.number == number), None)
