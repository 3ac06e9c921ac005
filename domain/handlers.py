"""Handlers: saved recipes for what is done with images."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.policies.policies import Policies
from domain.recipes import RECIPE, SEALED, was_in_plain
from domain.shared.enums import HandlerType
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal


class HandlerNotFound(Refusal):
    """The handler is unknown, foreign or deleted."""

    detail = "Handler with id '{}' not found"


class NotDynamic(Refusal):
    """A handler that has policies of its own was given others, or an event it did not make."""

    detail = "Handler with id '{}' is not dynamic"


class PoliciesMissing(Refusal):
    """A dynamic handler was run without policies."""

    detail = "Handler with id '{}' is dynamic: the request must bring its policies"


class DescriptorsNotAggregated(Refusal):
    """Raw descriptors were sent with other input to be taken as one person."""

    detail = "Raw descriptors cannot be aggregated with other descriptors or images"


class Handler(Owned):
    """A recipe of one account: static with policies, or dynamic, given policies when it runs.

    `policies` are JSON values with all defaults filled in, so that a default that changes later
    does not change a handler that exists. They may hold passwords of callbacks, and are sealed.
    """

    TOPIC = "handler"
    missing = HandlerNotFound

    class Created(Owned.Created):
        """A handler was made."""

        TOPIC = "handler.created"
        PII: ClassVar[frozenset[str]] = RECIPE
        class_version = SEALED
        upcast_v1_v2 = staticmethod(was_in_plain)
        description: str
        handler_type: int
        policies: dict[str, Any] | None

    class Replaced(Aggregate.Event):
        """The handler is another recipe now, whole."""

        TOPIC = "handler.replaced"
        PII: ClassVar[frozenset[str]] = RECIPE
        class_version = SEALED
        upcast_v1_v2 = staticmethod(was_in_plain)
        description: str
        handler_type: int
        policies: dict[str, Any] | None

    class Deleted(Owned.Deleted):
        """The handler is gone; events it made stay."""

        TOPIC = "handler.deleted"

    @event(Created)
    def __init__(
        self,
        account_id: UUID,
        description: str = "",
        handler_type: int = HandlerType.DYNAMIC,
        policies: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(account_id)
        self.description, self.handler_type, self.policies = description, handler_type, policies

    @event(Replaced)
    def replace(self, description: str, handler_type: int, policies: dict[str, Any] | None) -> None:
        """Be this recipe from now on."""
        self.description, self.handler_type, self.policies = description, handler_type, policies

    @property
    def is_dynamic(self) -> bool:
        """Whether the handler is given its policies when it runs."""
        return self.handler_type == HandlerType.DYNAMIC


def policies_to_run(
    handler_id: UUID, own: dict[str, Any] | None, given: Policies | None
) -> Policies:
    """The policies of one run: a static handler's own, or those given to a dynamic one."""
    if own is not None:
        if given is not None:
            raise NotDynamic(handler_id)
        return Policies.model_validate(own)
    if given is None:
        raise PoliciesMissing(handler_id)
    return given
