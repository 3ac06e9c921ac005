"""Bodies about tokens."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from api.http.fields import Flag
from domain.permissions import Permissions
from domain.shared.fields import Id, Record, Time, UserData
from domain.tokens import VisibilityArea
from projections.tokens import TokenFilter


def _later(value: datetime) -> datetime:
    if value <= datetime.now(UTC):
        raise ValueError("a token that has expired is of no use")
    return value


class TokenCreate(Record):
    """A token to make, or to be instead of another."""

    permissions: Permissions = Permissions()
    expiration_time: Annotated[Time, AfterValidator(_later)] | None = None
    visibility_area: VisibilityArea = VisibilityArea.ALL
    description: UserData = ""

    def command_fields(self, granted: Permissions) -> dict[str, Any]:
        """What commands are told, with these permissions."""
        return {
            "permissions": granted.as_dict(),
            "expiration_time": self.expiration_time,
            "visibility_area": self.visibility_area,
            "description": self.description,
        }


class TokenCreateQuery(BaseModel):
    """How a token is made."""

    grant_all_permissions: Annotated[
        Flag, Field(description="1: the token allows everything, whatever the body says.")
    ] = 0


class TokenCreated(BaseModel):
    """A new token: its text goes after `Bearer`."""

    token_id: UUID
    token: str
    url: str


class TokenView(BaseModel):
    """A token; its text is null for whoever is allowed less than the token."""

    token_id: UUID
    account_id: UUID
    token: str | None
    permissions: Permissions
    expiration_time: Time | None
    visibility_area: VisibilityArea
    description: str
    create_time: Time
    last_update_time: Time


class TokensPage(BaseModel):
    """One page of tokens."""

    tokens: list[TokenView]


class TokensWanted(TokenFilter):
    """Which tokens to show, and whose."""

    account_id: Id | None = None
