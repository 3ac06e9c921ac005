"""Analytics: what agents compute of streams, and which parameters that takes."""

from functools import lru_cache
from typing import Annotated, Any, Final
from uuid import UUID

import jsonschema_rs
import orjson
from eventsourcing.domain import Aggregate, event
from pydantic import AfterValidator, Field

from domain.shared.fields import Record, Text
from domain.shared.owned import Owned
from domain.shared.refusal import Refusal

LARGEST_JSON: Final = 64 << 10
"""How many bytes a schema or default parameters may have, written as JSON."""


class AnalyticNotFound(Refusal):
    """The analytic is unknown, foreign or deleted."""

    detail = "Analytic with id '{}' not found"


class AnalyticNameTaken(Refusal):
    """Another analytic has the name: one of the account, or one that is there for everybody."""

    detail = "Analytic named '{}' already exists"


class BadParameters(Refusal):
    """The parameters of an analytic are not as its schema wants them."""

    detail = "Parameters of analytic '{}' are wrong. Path: '{}', message: '{}'"


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(value)) > LARGEST_JSON:
        raise ValueError(f"it has more than {LARGEST_JSON} bytes")
    if b"\\u0000" in orjson.dumps(value):
        raise ValueError("text may not hold U+0000")
    return value


def _schema(value: dict[str, Any]) -> dict[str, Any]:
    try:
        _validator(orjson.dumps(value))
    except ValueError as wrong:
        raise ValueError(f"it is no JSON schema: {wrong.args[0]}") from None
    return value


SmallJson = Annotated[dict[str, Any], AfterValidator(_small)]
AnalyticName = Annotated[str, Field(strict=True, pattern=r"^[a-zA-Z0-9_\-]{1,64}$")]


class AnalyticContent(Record):
    """What an analytic is called, and which parameters it takes; the name alone must be given.

    `validation_schema` is a JSON schema that parameters must fit, `{}` lets all pass.
    """

    analytic_name: AnalyticName
    analytic_version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] = 1
    description: Annotated[Text, Field(max_length=256)] = ""
    default_parameters: SmallJson = {}
    validation_schema: Annotated[SmallJson, AfterValidator(_schema)] = {}
    documentation: Annotated[Text, Field(max_length=1 << 20)] = ""


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> jsonschema_rs.Validator:
    """The schema made ready: nothing is fetched, and patterns take no more than linear time."""
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.validator_for(orjson.loads(schema), offline=True, pattern_options=options)


def checked_parameters(
    name: str, schema: dict[str, Any], parameters: dict[str, Any]
) -> dict[str, Any]:
    """The parameters, if they fit the analytic's schema."""
    try:
        _validator(orjson.dumps(schema)).validate(parameters)
    except jsonschema_rs.ValidationError as wrong:
        path = ".".join(map(str, wrong.instance_path))
        raise BadParameters(name, path, wrong.message[:512]) from None
    return parameters


class Analytic(Owned):
    """Something that agents compute of streams, under a name that the account has once."""

    TOPIC = "analytic"
    missing = AnalyticNotFound

    class Created(Owned.Created):
        """An analytic was registered."""

        TOPIC = "analytic.created"
        content: dict[str, Any]

    class Replaced(Aggregate.Event):
        """The analytic is another one under the same id."""

        TOPIC = "analytic.replaced"
        content: dict[str, Any]

    class Deleted(Owned.Deleted):
        """The analytic is gone; streams that name it wait in vain."""

        TOPIC = "analytic.deleted"

    @event(Created)
    def __init__(self, account_id: UUID, content: dict[str, Any]) -> None:
        super().__init__(account_id)
        self.content = content

    @event(Replaced)
    def replace(self, content: dict[str, Any]) -> None:
        """Be this from now on."""
        self.content = content
