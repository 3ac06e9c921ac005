"""What a kind of task is to the runner: how it is split, what a part does, what comes of it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from api.http.negotiation import JSON
from api.services import Services
from commands.command import Command, RequestContext
from domain.shared.fields import Record
from domain.shared.refusal import Refusal
from projections.database import Reader

R = TypeVar("R")
T = TypeVar("T")

ZIP = "application/zip"


class TaskStopped(Exception):
    """The task was cancelled or deleted, or this process ends: what a part raises to leave."""


@dataclass(frozen=True, slots=True)
class PartError:
    """Something that went wrong on the way; `additional_info` is the id of the object, if any."""

    refusal: Refusal
    additional_info: str | None = None


@dataclass(frozen=True, slots=True)
class PartDone:
    """What a part came to: a JSON value for `merge`, and errors that did not stop it."""

    result: Any = None
    errors: Sequence[PartError] = ()


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The result of a task: a JSON value, or a file that the runner moves to the blob store."""

    value: Any = None
    file: Path | None = None
    content_type: str = JSON


@dataclass(frozen=True, slots=True)
class Work:
    """One task at work, in a worker thread: what it may use, all calls of which wait.

    `services` has the reader, the blobs, the models, the match index and the temporary
    attributes; `subtask_id` is the part at work, if it is one; `folder` is a directory for
    temporary files, removed after the call.
    """

    account_id: UUID
    task_id: int
    subtask_id: int | None
    services: Services
    folder: Path
    request_id: str
    wait_for: Callable[[Awaitable[Any]], Any]
    is_stopped: Callable[[], bool]

    @property
    def reader(self) -> Reader:
        """The read models."""
        return self.services.reader

    def wait(self, answer: Awaitable[T]) -> T:
        """The answer of something asynchronous: `work.wait(work.services.blobs.get(name))`."""
        return self.wait_for(answer)  # type: ignore[no-any-return]

    def send(self, command: Command[R]) -> R:
        """Run a command; its answer once it is on disk. Raises its refusal."""
        return self.wait(self.services.writer.send(command, RequestContext(self.request_id)))

    def cancelled(self) -> bool:
        """Whether the part should stop; cheap enough to ask every few milliseconds."""
        return self.is_stopped()

    def check(self) -> None:
        """Raise `TaskStopped` if the part should stop."""
        if self.is_stopped():
            raise TaskStopped


class TaskKind(Protocol):
    """One kind of task; one object for all tasks of the kind, used by several threads.

    A `Refusal` raised by `split` or `merge` fails the task, one raised by `run` fails the part;
    it is kept as an error of the task (give it an entry in a catalogue). Anything else that is
    raised is logged and kept as an internal error.
    """

    name: ClassVar[str]
    """The last part of `/6/tasks/<name>`."""
    number: ClassVar[int]
    """The contract's `task_type`."""
    content: ClassVar[type[Record]]
    """The content as clients write it (`domain/task_kinds.py`)."""
    partial: ClassVar[bool]
    """Whether the parts that are done make a result when others failed."""

    def split(self, work: Work, content: Any) -> Sequence[Mapping[str, Any]]:
        """The parts, JSON objects that clients see as the content of subtasks; at least one.

        A part is what is lost when a process dies: some seconds of work. At most a few hundred,
        since every part is a few facts of the log.
        """
        ...

    def run(self, work: Work, content: Any, part: Mapping[str, Any]) -> PartDone:
        """Do one part. A part may be run again after a crash: do nothing twice."""
        ...

    def merge(self, work: Work, content: Any, results: Iterable[Any]) -> TaskResult | None:
        """The result of the task from those of its parts, in order, loaded as they are asked for.

        `None` is no result: the task is done and `GET /6/tasks/{task_id}/result` finds nothing.
        """
        ...
