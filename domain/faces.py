"""Faces: lasting records of persons, with their attributes and list memberships."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.attributes import AttributeContent
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal


class FaceNotFound(Refusal):
    """The face is unknown, foreign or deleted."""

    detail = "Face with id '{}' not found"


class FacesNotFound(FaceNotFound):
    """One of several faces is unknown, foreign or deleted; none was touched."""

    detail = "One or more faces not found, including face with id '{}'"


class Face(Owned):
    """One person in one account: user data, attributes, and the lists it belongs to."""

    TOPIC = "face"
    missing = FaceNotFound

    class Created(Owned.Created):
        """A face was made."""

        TOPIC = "face.created"
        PII: ClassVar[frozenset[str]] = frozenset({"user_data", "external_id", "avatar"})
        user_data: str
        external_id: str
        avatar: str
        event_id: UUID | None

    class Edited(Aggregate.Event):
        """What is said about the person changed; all of it is repeated here."""

        TOPIC = "face.edited"
        PII: ClassVar[frozenset[str]] = frozenset({"user_data", "external_id", "avatar"})
        user_data: str
        external_id: str
        avatar: str
        event_id: UUID | None

    class AttributesPut(Aggregate.Event):
        """The face has these attributes now, and no others; vectors are kept elsewhere by id."""

        TOPIC = "face.attributes_put"
        PII: ClassVar[frozenset[str]] = frozenset({"basic_attributes"})
        descriptor_ids: dict[int, UUID]
        basic_attributes: dict[str, int] | None
        face_descriptor_samples: list[UUID]
        basic_attributes_samples: list[UUID]

    class AttributesRemoved(Aggregate.Event):
        """The face has no attributes any more, so it never matches."""

        TOPIC = "face.attributes_removed"

    class Attached(Aggregate.Event):
        """The face joined a list."""

        TOPIC = "face.attached"
        list_id: UUID

    class Detached(Aggregate.Event):
        """The face left a list."""

        TOPIC = "face.detached"
        list_id: UUID

    class Deleted(Owned.Deleted):
        """The face is gone."""

        TOPIC = "face.deleted"

    @event(Created)
    def __init__(
        self,
        account_id: UUID,
        user_data: str = "",
        external_id: str = "",
        avatar: str = "",
        event_id: UUID | None = None,
    ) -> None:
        super().__init__(account_id)
        self.user_data, self.external_id, self.avatar = user_data, external_id, avatar
        self.event_id = event_id
        self.list_ids: list[UUID] = []
        self.descriptor_ids: dict[int, UUID] = {}
        self.has_attributes = False

    def edit(self, **changes: Any) -> None:
        """Change user_data, external_id, avatar or event_id; what is not named stays."""
        names = ("user_data", "external_id", "avatar", "event_id")
        values = {name: changes.get(name, getattr(self, name)) for name in names}
        if any(getattr(self, name) != value for name, value in values.items()):
            self._edit(**values)

    @event(Edited)
    def _edit(self, user_data: str, external_id: str, avatar: str, event_id: UUID | None) -> None:
        self.user_data, self.external_id, self.avatar = user_data, external_id, avatar
        self.event_id = event_id

    def put_attributes(self, content: AttributeContent) -> list[UUID]:
        """Take these attributes instead of all earlier ones; the ids of vectors that went."""
        gone = list(self.descriptor_ids.values())
        self._put_attributes(
            descriptor_ids={d.version: d.descriptor_id for d in content.descriptors},
            basic_attributes=content.basic_attributes,
            face_descriptor_samples=list(content.face_descriptor_samples),
            basic_attributes_samples=list(content.basic_attributes_samples),
        )
        return gone

    @event(AttributesPut)
    def _put_attributes(
        self,
        descriptor_ids: dict[int, UUID],
        basic_attributes: dict[str, int] | None,
        face_descriptor_samples: list[UUID],
        basic_attributes_samples: list[UUID],
    ) -> None:
        self.descriptor_ids = dict(descriptor_ids)
        self.has_attributes = True

    def remove_attributes(self) -> list[UUID]:
        """Drop all attributes; the ids of the vectors that went."""
        gone = list(self.descriptor_ids.values())
        if self.has_attributes:
            self._remove_attributes()
        return gone

    @event(AttributesRemoved)
    def _remove_attributes(self) -> None:
        self.descriptor_ids = {}
        self.has_attributes = False

    def attach(self, list_id: UUID) -> None:
        """Join a list; joining twice is one membership, and one event."""
        if list_id not in self.list_ids:
            self._attach(list_id)

    @event(Attached)
    def _attach(self, list_id: UUID) -> None:
        self.list_ids.append(list_id)

    def detach(self, list_id: UUID) -> None:
        """Leave a list; leaving one the face is not in is no event."""
        if list_id in self.list_ids:
            self._detach(list_id)

    @event(Detached)
    def _detach(self, list_id: UUID) -> None:
        self.list_ids.remove(list_id)
