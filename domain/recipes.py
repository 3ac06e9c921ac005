"""What facts of handlers and verifiers have in common: their recipe is sealed."""

from typing import Any, Final

RECIPE: Final[frozenset[str]] = frozenset({"description", "policies"})
"""The fields that are sealed: policies may hold passwords of callbacks."""

SEALED: Final = 2
"""The class version since which the recipe is sealed."""


def was_in_plain(state: dict[str, Any]) -> None:
    """Version 1 was written in plain, with the same fields; it stays readable in the log."""
