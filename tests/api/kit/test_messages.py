"""Details of bad bodies are written for people who send JSON."""

import re
from typing import Annotated, Any, Literal, get_args

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from api.http.messages import message_of
from domain.shared.fields import Absent, Flag, Id, Number, Text, Time, Whole

CONTEXT = {
    "gt": 1, "ge": 1, "lt": 1, "le": 1, "multiple_of": 2, "min_length": 1, "max_length": 9,
    "field_type": "List", "actual_length": 10, "pattern": "^a$", "expected": "'a' or 'b'",
    "discriminator": "'kind'", "tag": "c", "expected_tags": "'a', 'b'", "error": "cut short",
    "class": "Thing",
}  # fmt: skip
OF_PYTHON = re.compile(r"Input|None|dictionary|tuple|instance|python|class\b|\{|\bor '", re.I)


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_message_speaks_of_python(kind: str) -> None:
    said = message_of(kind, "Value error, a rule of ours", CONTEXT)
    assert said
    assert not OF_PYTHON.search(said)


class Small(BaseModel):
    """One of two alternatives."""

    kind: Literal["small"]


class Large(BaseModel):
    """The other one."""

    kind: Literal["large"]
    size: int


class Order(BaseModel):
    """A body with a field of every kind."""

    name: Annotated[Text, Field(max_length=3)] = ""
    ids: Annotated[list[Id], Field(min_length=1)] = []
    flag: Flag = 0
    count: Annotated[Whole, Field(ge=1)] = 1
    share: Absent[Number] = None
    since: Absent[Time] = None
    code: Annotated[str, Field(pattern="^[a-z]$")] = "a"
    item: Annotated[Small | Large, Field(discriminator="kind")] | None = None
    sure: bool = True


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "value is not a valid object"),
        ({"name": 5}, "value is not a valid string"),
        ({"name": None}, "value is not a valid string"),
        ({"name": "long"}, "there must be at most 3 characters"),
        ({"ids": None}, "value is not a valid list"),
        ({"ids": {}}, "value is not a valid list"),
        ({"ids": []}, "there must be at least 1 items"),
        ({"ids": ["x"]}, "value is not a valid UUID"),
        ({"flag": True}, "value is not a valid integer"),
        ({"flag": 2}, "unexpected value; permitted: 0, 1"),
        ({"count": 0}, "value must be at least 1"),
        ({"count": "1"}, "value is not a valid integer"),
        ({"share": "much"}, "value is not a valid number"),
        ({"code": "A"}, "value does not match the pattern ^[a-z]$"),
        ({"item": {"kind": "huge"}}, "unexpected value of 'kind'; permitted: 'small', 'large'"),
        ({"item": {}}, "field 'kind' required"),
        ({"item": {"kind": "large"}}, "field required"),
        ({"sure": "perhaps"}, "value is neither true nor false"),
        (
            {"since": "today"},
            "a time is written as in RFC 3339, with a zone: 2018-08-11T09:11:41.674Z",
        ),
    ],
)
def test_the_message_names_what_is_expected(body: Any, message: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        TypeAdapter(Order).validate_python(body, from_attributes=True)
    (problem,) = wrong.value.errors()
    assert message_of(problem["type"], problem["msg"], problem.get("ctx", {})) == message
