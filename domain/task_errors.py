"""What goes wrong with tasks: refusals, and the errors that tasks keep."""

from dataclasses import dataclass
from uuid import UUID

from domain.shared.numbered import MOST, Numbered, id_of
from domain.shared.refusal import Refusal


class TaskNotFound(Refusal):
    """The task is unknown, foreign or deleted."""

    detail = "Task with id '{}' not found"


class TaskErrorNotFound(Refusal):
    """The error is unknown, or one of a foreign or deleted task."""

    detail = "Task error with id '{}' not found"


class TaskResultNotFound(Refusal):
    """The task has no result: it is not done, has failed, or its result was kept long enough."""

    detail = "Object with id '{}' not found"


class TaskBroke(Refusal):
    """A part of a task ended in a way that nobody thought of."""

    detail = "The work on the task ended with an internal error"


class TaskInterrupted(Refusal):
    """A part of a task was begun again and again, and never came to an end."""

    detail = "The work on the task was interrupted {} times"


def task_key(task_id: int) -> UUID:
    """The id under which the log keeps a task; refuses numbers that no task has."""
    if not 0 < task_id <= MOST:
        raise TaskNotFound(task_id)
    return id_of(Numbered.TASK, task_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that went wrong within a task, as clients see it, under a number of its own."""

    error_id: int
    error_code: int
    status_code: int
    description: str
    detail: str
    additional_info: str | None = None
