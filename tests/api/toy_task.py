"""A kind of task for tests, whose parts do what they are told."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from api.workers.tasks.kind import ZIP, PartDone, PartError, TaskResult, Work
from api.workers.tasks.results import once
from domain.log.port import DatabaseUnavailable
from domain.shared.enums import TaskType
from domain.shared.fields import Record
from domain.task_errors import TaskNotFound


class ToyContent(Record):
    """What the parts do, each by one word."""

    parts: tuple[str, ...]


class Toy:
    """A kind of task for tests: parts that succeed, fail, break, hang or lose the database."""

    name: ClassVar[str] = "toy"
    number: ClassVar[int] = TaskType.LAMBDA
    content: ClassVar[type[Record]] = ToyContent
    partial: ClassVar[bool] = True

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.hanging = threading.Event()
        self.left = threading.Event()

    def split(self, work: Work, content: ToyContent) -> Sequence[Mapping[str, Any]]:
        """One part for each word."""
        if content.parts == ("refused",):
            raise TaskNotFound(7)
        return [{"word": word} for word in content.parts]

    def run(self, work: Work, content: ToyContent, part: Mapping[str, Any]) -> PartDone:
        """Do what the word says."""
        word = part["word"]
        self.begun.append(word)
        if word == "broken":
            raise ZeroDivisionError
        if word == "missing":
            raise TaskNotFound(7)
        if word == "lost" and self.begun.count(word) < 3:
            once(work, lambda: len(self.begun))
            raise DatabaseUnavailable
        if word == "hang":
            self.hanging.set()
            while not work.cancelled():
                time.sleep(0.005)
            self.left.set()
            work.check()
        errors = [PartError(TaskNotFound(7), "an object")] if word == "warned" else []
        return PartDone(once(work, lambda: len(self.begun)) if word == "lost" else word, errors)

    def merge(self, work: Work, content: ToyContent, results: Iterable[Any]) -> TaskResult:
        """The results of the parts, or a file."""
        if content.parts == ("file",):
            path = work.folder / "made"
            path.write_bytes(b"PK" * 3_000_000)
            return TaskResult(file=path, content_type=ZIP)
        return TaskResult(list(results))
