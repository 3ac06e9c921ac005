"""What waits for a worker: parts of requests, which leave in batches of their kind."""

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar


class Answer(Protocol):
    """A future, of an event loop or of threads."""

    def done(self) -> bool:
        """Whether nobody waits any more."""
        ...

    def cancel(self) -> bool:
        """Let nobody wait any more."""
        ...


Future = TypeVar("Future", bound=Answer)


@dataclass(eq=False)
class Part(Generic[Future]):
    """Items of one request that go to one worker together.

    `alone` parts share no call with others: they are one result of all items, or were in a call
    that failed. `reference` is where the items lie in shared memory, once they do.
    """

    kind: str
    items: Sequence[Any]
    wanted: Hashable
    answer: Future
    alone: bool = False
    tries: int = 0
    reference: Any = field(default=None)

    @property
    def size(self) -> int:
        """How many items it has."""
        return len(self.items)


class WorkQueue(Generic[Future]):
    """Parts in the order in which they came; those that nobody waits for any more are dropped."""

    def __init__(self, most_items: int) -> None:
        self._most = most_items
        self._parts: deque[Part[Future]] = deque()

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def items(self) -> int:
        """How many items wait."""
        return sum(part.size for part in self._parts)

    def add(self, part: Part[Future]) -> None:
        """Come last."""
        self._parts.append(part)

    def put_back(self, parts: Sequence[Part[Future]]) -> None:
        """Come first, in this order."""
        self._parts.extendleft(reversed(parts))

    def next(self, most: int | None = None) -> list[Part[Future]]:
        """The oldest part, and those behind it that fit into the same call of so many items."""
        most = self._most if most is None else most
        batch: list[Part[Future]] = []
        passed: list[Part[Future]] = []
        size = 0
        while self._parts:
            part = self._parts.popleft()
            if part.answer.done():
                continue
            if not batch:
                batch.append(part)
                size = part.size
            elif _fits(part, batch[0], most - size):
                batch.append(part)
                size += part.size
            else:
                passed.append(part)
            if batch[0].alone or size >= most:
                break
        self._parts.extendleft(reversed(passed))
        return batch

    def drop_all(self) -> None:
        """Cancel everything that waits."""
        while self._parts:
            self._parts.popleft().answer.cancel()


def _fits(part: Part[Any], first: Part[Any], room: int) -> bool:
    same = (part.kind, part.wanted) == (first.kind, first.wanted)
    return same and not part.alone and part.size <= room
