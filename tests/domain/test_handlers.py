"""Handlers: static or dynamic, replaced whole, and which policies one run has."""

from typing import Any
from uuid import uuid4

import pytest

from domain.handlers import (
    Handler,
    NotDynamic,
    PoliciesMissing,
    policies_to_run,
)
from domain.policies.policies import Policies
from domain.shared.enums import HandlerType

ACCOUNT = uuid4()
OWN = Policies().as_dict()


def test_a_handler_keeps_its_policies() -> None:
    handler = Handler(ACCOUNT, "door", HandlerType.STATIC, OWN)

    (created,) = handler.collect_events()

    assert isinstance(created, Handler.Created)
    assert (handler.account_id, handler.description, handler.is_dynamic) == (ACCOUNT, "door", False)
    assert created.policies == handler.policies == OWN


def test_a_handler_is_replaced_whole() -> None:
    handler = Handler(ACCOUNT, "door", HandlerType.STATIC, OWN)
    handler.replace("gate", HandlerType.DYNAMIC, None)

    created, replaced = handler.collect_events()
    again: Any = replaced.mutate(created.mutate(None))

    assert isinstance(replaced, Handler.Replaced)
    assert (again.description, again.is_dynamic, again.policies) == ("gate", True, None)


def test_a_deleted_handler_is_no_more() -> None:
    handler = Handler(ACCOUNT)
    handler.delete()

    assert handler.deleted
    assert isinstance(handler.collect_events()[-1], Handler.Deleted)


def test_a_static_handler_runs_its_own_policies_and_no_others() -> None:
    handler_id = uuid4()

    assert policies_to_run(handler_id, OWN, None) == Policies()
    with pytest.raises(NotDynamic, match=f"'{handler_id}' is not dynamic"):
        policies_to_run(handler_id, OWN, Policies())


def test_a_dynamic_handler_runs_the_policies_it_is_given() -> None:
    handler_id, given = uuid4(), Policies.model_validate({"detect_policy": {"detect_body": 1}})

    assert policies_to_run(handler_id, None, given) is given
    with pytest.raises(PoliciesMissing, match=str(handler_id)):
        policies_to_run(handler_id, None, None)
