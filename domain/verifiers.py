"""Verifiers: saved recipes for telling whether two faces are one person's."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.recipes import RECIPE, SEALED, was_in_plain
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal


class VerifierNotFound(Refusal):
    """The verifier is unknown, foreign or deleted."""

    detail = "Verifier with id '{}' not found"


class Verifier(Owned):
    """A recipe of one account; `edition` counts how often it was replaced.

    `policies` are JSON values with all defaults filled in, and sealed, as those of handlers are.
    """

    TOPIC = "verifier"
    missing = VerifierNotFound

    class Created(Owned.Created):
        """A verifier was made."""

        TOPIC = "verifier.created"
        PII: ClassVar[frozenset[str]] = RECIPE
        class_version = SEALED
        upcast_v1_v2 = staticmethod(was_in_plain)
        description: str
        policies: dict[str, Any]

    class Replaced(Aggregate.Event):
        """The verifier is another recipe now, whole."""

        TOPIC = "verifier.replaced"
        PII: ClassVar[frozenset[str]] = RECIPE
        class_version = SEALED
        upcast_v1_v2 = staticmethod(was_in_plain)
        description: str
        policies: dict[str, Any]
        edition: int

    class Deleted(Owned.Deleted):
        """The verifier is gone."""

        TOPIC = "verifier.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, description: str, policies: dict[str, Any]) -> None:
        super().__init__(account_id)
        self.description, self.policies, self.edition = description, policies, 0

    def replace(self, description: str, policies: dict[str, Any]) -> None:
        """Be this recipe from now on."""
        self._replace(description, policies, self.edition + 1)

    @event(Replaced)
    def _replace(self, description: str, policies: dict[str, Any], edition: int) -> None:
        self.description, self.policies, self.edition = description, policies, edition
