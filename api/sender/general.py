"""Which general events a subscriber wants."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import CommaList
from api.sender.passing import Message, is_general


class GeneralFilter(BaseModel):
    """General events of some types, or of any; conditions on their content are refused."""

    model_config = ConfigDict(extra="allow")

    event_types: Annotated[list[str] | None, CommaList] = None

    @model_validator(mode="after")
    def _no_content(self) -> Self:
        told = [name for name in self.model_extra or {} if name.startswith("event.")]
        if told:  # all events would be told, and the subscriber would not know
            message = "subscribers cannot filter by content"
            raise PydanticCustomError("parameters", message, {"parameters": told})
        return self

    def passes(self, message: Message) -> bool:
        """Whether the message is about a general event of one of the types."""
        wanted = self.event_types
        return is_general(message) and (wanted is None or message["event_type"] in wanted)
