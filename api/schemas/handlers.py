"""Bodies about handlers."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from api.http.refusals import ResourceDisabled
from domain.policies.policies import Policies
from domain.shared.enums import HandlerType
from domain.shared.fields import Absent, Integer, Record, Time, UserData

TypeId = Annotated[Literal[0, 1], Integer]
"""0 static, 1 dynamic; lambda handlers (2) are refused, for there are no lambdas here."""

_LAMBDA: Final = 2


class HandlerCreate(Record):
    """A handler to make, or to be instead of another: static with policies, dynamic without.

    Clients say which by `is_dynamic`, by `handler_type`, or by giving policies or none.
    """

    description: UserData = ""
    is_dynamic: Absent[Annotated[bool, Field(strict=True)]] = None
    handler_type: Absent[TypeId] = None
    policies: Annotated[Policies | None, Field(validate_default=True)] = None

    @model_validator(mode="before")
    @classmethod
    def _no_lambda(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("handler_type") == _LAMBDA:
            raise ResourceDisabled
        return given

    @field_validator("handler_type")
    @classmethod
    def _one_type(cls, given: int | None, info: ValidationInfo) -> int | None:
        is_dynamic = info.data.get("is_dynamic")
        if is_dynamic is not None and bool(given) != is_dynamic:
            raise ValueError("handler_type and is_dynamic contradict each other")
        return given

    @field_validator("policies")
    @classmethod
    def _as_the_type_needs(cls, given: Policies | None, info: ValidationInfo) -> Policies | None:
        told = info.data.get("is_dynamic"), info.data.get("handler_type")
        if given is None and (told[0] is False or told[1] == HandlerType.STATIC):
            raise PydanticCustomError("missing", "field required")
        if given is not None and (told[0] or told[1] == HandlerType.DYNAMIC):
            raise ValueError("a dynamic handler is made without policies")
        return given

    @property
    def kind(self) -> HandlerType:
        """Which type of handler is meant."""
        return HandlerType.DYNAMIC if self.policies is None else HandlerType.STATIC

    @property
    def stored_policies(self) -> dict[str, Any] | None:
        """The policies with all defaults filled in, as handlers keep and show them."""
        return None if self.policies is None else self.policies.as_dict()


class PoliciesToValidate(Record):
    """Policies to be looked at, no more."""

    policies: Policies


class HandlerCreated(BaseModel):
    """Where a new handler is."""

    handler_id: UUID
    url: str
    external_url: str


class HandlerView(BaseModel):
    """A handler; a dynamic one has no policies."""

    handler_id: UUID
    account_id: UUID
    description: str
    policies: Policies | None
    create_time: Time
    last_update_time: Time
    is_dynamic: bool
    handler_type: int


class HandlersCount(BaseModel):
    """How many handlers there are."""

    handlers_count: int


def handler_shown(row: dict[str, Any]) -> dict[str, Any]:
    """The contract's `Handler` of a row of the read model, in both generations' words."""
    return {**row, "is_dynamic": row["handler_type"] == HandlerType.DYNAMIC}
