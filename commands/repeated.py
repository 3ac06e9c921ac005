"""Answers to requests that change nothing in the log, kept for their idempotency keys."""

from dataclasses import dataclass
from typing import Any

from commands.command import Command, CommandTable
from commands.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAnswer(Command[Any]):
    """Keep what a request was answered; answers what the first one under its key was."""

    answer: Any
    """None, text, numbers, lists, dicts, UUIDs or times."""


def keep_answer(cmd: KeepAnswer, store: Store) -> Any:
    """The answer itself: the writer keeps it, and gives it to whoever comes again."""
    return cmd.answer


COMMANDS: CommandTable = {KeepAnswer: keep_answer}
