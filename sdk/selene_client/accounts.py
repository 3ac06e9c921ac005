"""Accounts and the tokens that act for them."""

from typing import Any

from selene_client.calls import Call, Id, Time, as_json, as_nothing, body


def create(
    login: str,
    password: str,
    *,
    account_type: str = "user",
    description: str | None = None,
    account_id: Id | None = None,
) -> Call[dict[str, Any]]:
    """Create an account."""
    given = body(
        login=login,
        password=password,
        account_type=account_type,
        description=description,
        account_id=account_id,
    )
    return Call("POST", "/6/accounts", as_json, json=given)


def me() -> Call[dict[str, Any]]:
    """The account that asks."""
    return Call("GET", "/6/account", as_json)


def create_token(
    permissions: dict[str, Any],
    *,
    expiration_time: Time | None = None,
    description: str | None = None,
) -> Call[dict[str, Any]]:
    """Create a token; its text is `token` in the answer."""
    given = body(permissions=permissions, expiration_time=expiration_time, description=description)
    return Call("POST", "/6/tokens", as_json, json=given)


def delete_token(token_id: Id) -> Call[None]:
    """Withdraw a token."""
    return Call("DELETE", f"/6/tokens/{token_id}", as_nothing)
