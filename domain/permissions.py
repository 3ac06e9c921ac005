"""Permissions: what a token lets its bearer do."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import Field

from domain.shared.fields import Flag, Id, Record

LONGEST_LIST: Final = 1000


class Action(StrEnum):
    """What may be done with one kind of resource."""

    CREATION = "creation"
    VIEW = "view"
    MODIFICATION = "modification"
    DELETION = "deletion"
    MATCHING = "matching"


Actions = Annotated[tuple[Action, ...], Field(max_length=len(Action))]
_Ids = Annotated[tuple[Id, ...], Field(max_length=LONGEST_LIST)]


class Use(Record):
    """Whether saved recipes may be run: all but the black list, or none but the white list."""

    allowed: Flag = 0
    white_list: _Ids | None = None
    black_list: _Ids | None = None

    def allows(self, recipe_id: UUID) -> bool:
        """Whether this recipe may be run."""
        listed = self.white_list is None or recipe_id in self.white_list
        return bool(self.allowed) and listed and recipe_id not in (self.black_list or ())

    def covers(self, other: Self) -> bool:
        """Whether everything that the other allows is allowed here."""
        if not other.allowed:
            return True
        if other.white_list is not None:
            return all(self.allows(one) for one in other.white_list if other.allows(one))
        forbidden = {*(self.black_list or ())} - {*(other.black_list or ())}
        return bool(self.allowed) and self.white_list is None and not forbidden


class Permissions(Record):
    """The actions a token allows, by resource; what is not named is forbidden."""

    account: Actions = ()
    attribute: Actions = ()
    body_sample: Actions = ()
    emit_events: Use = Use()
    event: Actions = ()
    face: Actions = ()
    face_sample: Actions = ()
    handler: Actions = ()
    image: Actions = ()
    lambdas: Actions = ()
    list: Actions = ()
    object: Actions = ()
    resources: Actions = ()
    task: Actions = ()
    token: Actions = ()
    verifier: Actions = ()
    verify: Use = Use()
    video_agent: Actions = ()
    video_analytic: Actions = ()
    video_group: Actions = ()
    video_stream: Actions = ()

    @classmethod
    def all(cls) -> Self:
        """Every permission there is."""
        uses = {name: Use(allowed=1) for name in _USES}
        actions = {name: tuple(Action) for name in cls.model_fields if name not in _USES}
        return cls(**uses, **actions)

    def allows(self, resource: str, action: str) -> bool:
        """Whether the action is allowed on resources of this kind; an unknown kind is not."""
        actions: Any = getattr(self, resource, ())
        return not isinstance(actions, Use) and action in actions

    def covers(self, other: Self) -> bool:
        """Whether whoever has these permissions gains nothing by the other ones."""
        for name in type(self).model_fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Use):
                if not mine.covers(theirs):
                    return False
            elif not {*theirs} <= {*mine}:
                return False
        return True


_USES: Final = ("emit_events", "verify")


def read_permissions(stored: Mapping[str, Any]) -> Permissions:
    """The permissions of a stored token; a resource that no longer exists allows nothing."""
    known = {name: value for name, value in stored.items() if name in Permissions.model_fields}
    return Permissions.model_validate(known)
