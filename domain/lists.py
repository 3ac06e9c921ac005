"""Lists: named groups that faces are attached to."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned
from domain.shared.refusal import Refusal


class ListNotFound(Refusal):
    """The list is unknown, foreign or deleted."""

    detail = "List with id '{}' not found"


class ListsNotFound(ListNotFound):
    """One of several lists is unknown, foreign or deleted; none was touched."""

    detail = "One or more lists not found, including list with id '{}'"


class FaceList(Owned):
    """A group of faces of one account. Membership is a fact of the face, never of the list."""

    TOPIC = "list"
    missing = ListNotFound

    class Created(Owned.Created):
        """A list was made."""

        TOPIC = "list.created"
        PII: ClassVar[frozenset[str]] = frozenset({"user_data"})
        user_data: str

    class Edited(Aggregate.Event):
        """The list's user data changed."""

        TOPIC = "list.edited"
        PII: ClassVar[frozenset[str]] = frozenset({"user_data"})
        user_data: str

    class Retired(Aggregate.Event):
        """The list goes with all its faces: nobody sees it any more while they are deleted."""

        TOPIC = "list.retired"

        def apply(self, aggregate: Any) -> None:
            """Hide the list; `Deleted` follows when its faces are gone."""
            aggregate.retired = True

    class Dissolved(Aggregate.Event):
        """The list goes and its faces stay: nobody sees it any more while they leave it."""

        TOPIC = "list.dissolved"

        def apply(self, aggregate: Any) -> None:
            """Hide the list; `Deleted` follows when its faces have left."""
            aggregate.retired = True

    class Deleted(Owned.Deleted):
        """The list is gone; faces that were in it stay."""

        TOPIC = "list.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, user_data: str = "") -> None:
        super().__init__(account_id)
        self.user_data = user_data
        self.retired = False

    @event(Edited)
    def edit(self, user_data: str) -> None:
        """Change the user data."""
        self.user_data = user_data

    def retire(self) -> None:
        """Begin to go together with the faces; nobody finds the list from now on."""
        if not self.retired:
            self.trigger_event(self.Retired)

    def dissolve(self) -> None:
        """Begin to go without the faces; nobody finds the list from now on."""
        if not self.retired:
            self.trigger_event(self.Dissolved)
