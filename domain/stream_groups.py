"""Groups: named sets of streams."""

from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned
from domain.shared.refusal import Refusal


class GroupNotFound(Refusal):
    """The group is unknown, foreign or deleted."""

    detail = "Group with id {} not found"


class GroupNameTaken(Refusal):
    """Another group of the account has the name."""

    detail = "Group named '{}' already exists"


class StreamGroup(Owned):
    """A named set of one account's streams. Membership is a fact of the stream."""

    TOPIC = "stream_group"
    missing = GroupNotFound

    class Created(Owned.Created):
        """A group was made."""

        TOPIC = "stream_group.created"
        group_name: str
        description: str

    class Described(Aggregate.Event):
        """The description changed."""

        TOPIC = "stream_group.described"
        description: str

    class Deleted(Owned.Deleted):
        """The group is gone; its streams stay."""

        TOPIC = "stream_group.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, group_name: str, description: str = "") -> None:
        super().__init__(account_id)
        self.group_name, self.description = group_name, description

    @event(Described)
    def describe(self, description: str) -> None:
        """Change the description."""
        self.description = description
