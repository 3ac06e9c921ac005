"""The rules of handlers."""

from typing import Any
from uuid import uuid4

import pytest

from commands.command import Command
from commands.handlers import CreateHandler, DeleteHandler, ReplaceHandler
from domain.handlers import Handler, HandlerNotFound
from domain.policies.policies import Policies
from domain.shared.enums import HandlerType
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
POLICIES = Policies().as_dict()


def test_a_handler_is_made_with_its_policies() -> None:
    handler_id = uuid4()
    said: dict[str, Any] = {"description": "door", "handler_type": 0, "policies": POLICIES}

    Scenario().when(CreateHandler(account_id=ACCOUNT, handler_id=handler_id, **said)).then(
        (Handler.Created, {"originator_id": handler_id, "account_id": ACCOUNT, **said}),
    ).then_answered(handler_id)


def test_a_handler_is_replaced_whole() -> None:
    handler = Handler(ACCOUNT, "door", HandlerType.STATIC, POLICIES)
    said: dict[str, Any] = {"description": "", "handler_type": 1, "policies": None}

    Scenario().given(handler).when(
        ReplaceHandler(account_id=ACCOUNT, handler_id=handler.id, **said)
    ).then((Handler.Replaced, {"originator_id": handler.id, **said}))


def test_a_deleted_handler_is_missing() -> None:
    handler = Handler(ACCOUNT)
    delete = DeleteHandler(account_id=ACCOUNT, handler_id=handler.id)

    scenario = Scenario().given(handler).when(delete).then((Handler.Deleted, {}))

    scenario.when(delete).then_refused(HandlerNotFound, handler.id)


@pytest.mark.parametrize("kind", [ReplaceHandler, DeleteHandler])
def test_a_foreign_handler_is_left_alone(kind: type[Command[None]]) -> None:
    theirs = Handler(uuid4())
    fields: dict[str, Any] = {"handler_id": theirs.id}
    if kind is ReplaceHandler:
        fields |= {"description": "", "handler_type": 1, "policies": None}

    Scenario().given(theirs).when(kind(account_id=ACCOUNT, **fields)).then_refused(
        HandlerNotFound, theirs.id
    )
