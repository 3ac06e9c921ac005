"""Callbacks of handlers: who is told of an event, and how."""

from typing import Any

import pytest

from domain.policies.filters import Seen
from domain.policies.policies import Policies
from domain.policies.run_storage import storage_plan
from domain.shared.callbacks import HttpCallback

HTTP = {"type": "http", "url": "https://example.org/hook"}
WS = {"type": "luna-ws-notification"}
WOMEN: dict[str, Any] = {"filters": {"gender": 0}}


def plan(*callbacks: dict[str, Any], send: int = 0, seen: Seen | None = None) -> Any:
    """What is done for somebody under a policy with these callbacks."""
    storage = {"callbacks": callbacks, "notification_policy": {"send_notification": send}}
    return storage_plan(Policies.model_validate({"storage_policy": storage}), seen or Seen())


@pytest.mark.parametrize(
    ("callbacks", "send", "told"),
    [
        ((), 1, True),
        ((), 0, False),
        ((WS,), 0, True),
        ((HTTP,), 0, False),
        (({**WS, **WOMEN},), 0, False),
        (({**WS, "enable": 0},), 0, False),
        (({**WS, **WOMEN}, WS, WS), 1, True),
    ],
)
def test_subscribers_are_told_by_the_policy_or_by_a_callback(
    callbacks: tuple[dict[str, Any], ...], send: int, told: bool
) -> None:
    assert plan(*callbacks, send=send).notify is told


def test_only_addresses_whose_filters_pass_are_called() -> None:
    callbacks = ({**HTTP, **WOMEN}, HTTP, {**HTTP, "enable": 0})

    assert len(plan(*callbacks, seen=Seen(gender=1)).callbacks) == 1
    assert len(plan(*callbacks, seen=Seen(gender=0)).callbacks) == 2


def test_what_is_sent_says_who_asks_and_what_it_is() -> None:
    given = {**HTTP, "authorization": {"login": "ann", "password": "s3cret"}}

    assert HttpCallback.model_validate(given).headers == {
        "Content-Type": "application/json",
        "Authorization": "Basic YW5uOnMzY3JldA==",
    }
    (callback,) = plan({**given, **WOMEN}, seen=Seen(gender=0)).callbacks
    assert HttpCallback.model_validate(callback.as_sent()).authorization is not None
    assert "filters" not in callback.as_sent()
