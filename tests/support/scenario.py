"""Rules as history, command, expected facts: on a log in memory, with the commands as they are."""

from typing import Any, Self

from commands.command import Command
from commands.memory_log import MemoryLog
from commands.router import COMMANDS
from commands.store import Session, SessionStore
from domain.log.port import Batch
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal


class Scenario:
    """One story on a log of its own; the last command's facts and refusal are what is judged.

    `log` shows what came of it: facts, and the vectors that are kept.
    """

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.answer: Any = None
        self.refusal: Refusal | None = None
        self._before = 0

    def given(self, *aggregates: Owned) -> Self:
        """What happened before: the aggregates with all their events."""
        events = [(event, "") for wanted in aggregates for event in wanted.collect_events()]
        self.log.commit(Batch(events=events))
        return self

    def when(self, command: Command[Any]) -> Self:
        """The command runs and commits, or is refused."""
        self._before, self.answer, self.refusal = len(self.log.facts), None, None
        store = SessionStore(Session(self.log), "request")
        try:
            self.answer = COMMANDS[type(command)](command, store)
        except Refusal as refusal:
            self.refusal = refusal
        else:
            self.log.commit(store.finish(set()))
        return self

    def then(self, *expected: tuple[type[Any], dict[str, Any]]) -> Self:
        """These facts and no others came of it, in this order; of each, these fields."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        events = [fact.event for fact in self.log.facts[self._before :]]
        found = [
            (type(event), {name: getattr(event, name) for name in fields})
            for event, (_, fields) in zip(events, expected, strict=False)
        ]
        assert (len(events), found) == (len(expected), list(expected))
        return self

    def then_nothing(self) -> Self:
        """The command was fine, and nothing happened."""
        return self.then()

    def then_answered(self, answer: Any) -> Self:
        """The command answered this."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        assert self.answer == answer
        return self

    def then_refused(self, refusal: type[Refusal], *arguments: Any) -> Self:
        """The command was refused in exactly this way, and nothing happened."""
        assert type(self.refusal) is refusal, f"not refused so: {self.refusal!r}"
        assert len(self.log.facts) == self._before
        if arguments:
            assert self.refusal.args == arguments
        return self
