"""Types of single fields, the same in every schema: texts, flags, times, lists in one value."""

from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from domain.shared.fields import CommaList as CommaList

REPEATED: Final = {"x-repeated": True}
"""`json_schema_extra` of the few query lists that OpenAPI shows as a repeated parameter."""


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("text may not hold U+0000")
    return text


Text = Annotated[str, AfterValidator(_no_nul)]
"""Any text that a database can hold."""

UserData = Annotated[Text, Field(max_length=128)]
ExternalId = Annotated[Text, Field(max_length=36)]
Description = Annotated[Text, Field(max_length=128)]
Source = Annotated[Text, Field(max_length=128)]
Tag = Annotated[Text, Field(max_length=36)]
LocationPart = Annotated[Text, Field(max_length=36)]
Avatar = Annotated[Text, Field(max_length=256)]
TrackId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_\-]{1,36}$")]


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "value is not a valid integer")
    return value


Flag = Annotated[
    int,
    BeforeValidator(_no_bool),
    Field(ge=0, le=1),
    WithJsonSchema({"type": "integer", "enum": [0, 1]}),
]
"""0 or 1, never true or false."""

Whole = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=2**63 - 1)]
"""A count or a position that fits a bigint."""

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Degrees = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=180)]
