"""Bodies about handlers: static and dynamic in the words of both generations."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from api.http.refusals import BadBody
from api.http.validation import refusal_of
from api.schemas.handlers import HandlerCreate, HandlerView, PoliciesToValidate, handler_shown
from domain.policies.policies import Policies
from domain.shared.enums import HandlerType
from tests.support.contract_schemas import assert_contract, examples, needs_contract, needs_examples


def refused(body: dict[str, Any], kind: type[Any] = HandlerCreate) -> str:
    """What a client is told about a bad body."""
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(body)
    problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in caught.value.errors()]
    return str(refusal_of(problems, body, BadBody))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, HandlerType.DYNAMIC),
        ({"policies": {}}, HandlerType.STATIC),
        ({"policies": {}, "is_dynamic": False}, HandlerType.STATIC),
        ({"policies": {}, "handler_type": 0}, HandlerType.STATIC),
        ({"policies": {}, "handler_type": 0, "is_dynamic": False}, HandlerType.STATIC),
        ({"is_dynamic": True}, HandlerType.DYNAMIC),
        ({"handler_type": 1}, HandlerType.DYNAMIC),
        ({"handler_type": 1, "is_dynamic": True, "policies": None}, HandlerType.DYNAMIC),
    ],
)
def test_policies_make_a_handler_static_and_none_dynamic(
    body: dict[str, Any], kind: HandlerType
) -> None:
    handler = HandlerCreate.model_validate(body)

    assert handler.kind is kind
    static = kind is HandlerType.STATIC
    assert handler.stored_policies == (Policies().as_dict() if static else None)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"is_dynamic": False}, "Path: 'policies', message: 'field required"),
        ({"handler_type": 0}, "Path: 'policies', message: 'field required"),
        ({"is_dynamic": True, "policies": {}}, "Path: 'policies', message: 'a dynamic handler"),
        ({"handler_type": 1, "policies": {}}, "Path: 'policies', message: 'a dynamic handler"),
        ({"handler_type": 1, "is_dynamic": False}, "Path: 'handler_type', message: "),
        ({"handler_type": 3}, "Path: 'handler_type', message: 'unexpected value; permitted: 0, 1"),
        ({"is_dynamic": 1}, "Path: 'is_dynamic'"),
        ({"is_dynamic": None}, "Path: 'is_dynamic'"),
        ({"description": "x" * 129}, "Path: 'description'"),
        ({"name": "x"}, "Additional properties are not allowed ('name' was unexpected)"),
    ],
)
def test_what_contradicts_itself_or_is_unknown_is_refused(body: dict[str, Any], told: str) -> None:
    assert told in refused(body)


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        (
            {"detect_policy": {"detect_faces": 1}},
            "Path: 'policies.detect_policy', message: 'Additional properties are not allowed "
            "('detect_faces' was unexpected)'",
        ),
        (
            {"match_policy": [{"label": "a", "candidates": {"origin": "faces", "lists": []}}]},
            "Path: 'policies.match_policy.0.candidates', message: 'Additional properties",
        ),
        ({"detect_policy": {"yaw_threshold": 181}}, "Path: 'policies.detect_policy.yaw_threshold'"),
        ({"extract_policy": None}, "Path: 'policies.extract_policy'"),
    ],
)
def test_a_refusal_names_the_place_in_the_policies(policies: Any, told: str) -> None:
    assert told in refused({"policies": policies})
    assert told in refused({"policies": policies}, PoliciesToValidate)


def test_policies_to_be_looked_at_are_required() -> None:
    assert "Path: 'policies', message: 'field required'" in refused({}, PoliciesToValidate)
    PoliciesToValidate.model_validate({"policies": {}})


@pytest.mark.parametrize("kind", [HandlerType.STATIC, HandlerType.DYNAMIC])
@needs_contract
def test_a_handler_is_shown_in_both_generations_words(kind: HandlerType) -> None:
    now = datetime(2024, 1, 2, tzinfo=UTC)
    row = {
        "handler_id": UUID(int=1),
        "account_id": UUID(int=2),
        "description": "",
        "policies": Policies().as_dict() if kind is HandlerType.STATIC else None,
        "create_time": now,
        "last_update_time": now,
        "handler_type": int(kind),
    }
    shown = HandlerView.model_validate(handler_shown(row)).model_dump(mode="json")

    assert (shown["is_dynamic"], shown["handler_type"]) == (kind == 1, int(kind))
    assert shown["policies"] == row["policies"]
    assert_contract("Handler", shown)


@needs_examples
def test_every_published_example_of_a_handler_is_accepted() -> None:
    found = [body for body in examples("description") if "policies" in body]
    found = [body for body in found if "is_dynamic" in body and "account_id" not in body]
    assert found
    for body in found:
        if '"string"' in json.dumps(body):  # a placeholder
            continue
        HandlerCreate.model_validate(body)
