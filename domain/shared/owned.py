"""The base of every aggregate that belongs to an account."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.shared.refusal import Refusal


class Owned(Aggregate):
    """An aggregate of one account; whoever else asks for it is told that it is missing.

    A concrete class sets `TOPIC`, `missing` (the refusal said for an unknown, foreign or deleted
    one) and subclasses `Created`. Fields named in an event's `PII` are sealed in the log under
    the key of the aggregate, so destroying that key erases them everywhere.
    """

    missing: ClassVar[type[Refusal]] = Refusal
    deleted: bool = False

    class Created(Aggregate.Created):
        """The aggregate came into being."""

        account_id: UUID

    class Deleted(Aggregate.Event):
        """The aggregate is gone; its history stays."""

        def apply(self, aggregate: Any) -> None:
            """Mark the aggregate, so that the store no longer hands it out."""
            aggregate.deleted = True

    def __init__(self, account_id: UUID) -> None:
        self.account_id = account_id

    @classmethod
    def with_id(cls, aggregate_id: UUID, **fields: Any) -> Self:
        """A new aggregate under an id chosen beforehand; every field of `Created` is given."""
        return cls._create(cls.Created, id=aggregate_id, **fields)

    def delete(self) -> None:
        """End the aggregate's life with the `Deleted` event of its own class."""
        self.trigger_event(type(self).Deleted)

    @property
    def create_time(self) -> datetime:
        """When the aggregate came into being (UTC)."""
        return self.created_on


def personal_fields(event_class: type[Any]) -> frozenset[str]:
    """Names of the fields of an event class that are sealed under the subject's key."""
    return getattr(event_class, "PII", frozenset())
