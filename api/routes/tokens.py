"""Tokens: what lets programs act for an account."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.authentication import (
    AccountId,
    Caller,
    ChosenAccountId,
    Identity,
    MaybeAccountId,
    chosen_of,
    permitted,
)
from api.dependencies import ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.http.refusals import PermissionDenied
from api.schemas.tokens import (
    TokenCreate,
    TokenCreated,
    TokenCreateQuery,
    TokensPage,
    TokensWanted,
    TokenView,
)
from api.services import Services
from commands.tokens import CreateToken, DeleteToken, ReplaceToken
from domain.permissions import Permissions, read_permissions
from domain.shared.fields import Id, written
from domain.tokens import TokenNotFound, VisibilityArea
from projections import tokens
from projections.database import Row

router = APIRouter(prefix="/tokens", tags=["tokens"])

_MISSING: Final = answers(TokenNotFound)
_VIEW: Final = Depends(permitted("token", "view"))
_MAKE: Final = Depends(permitted("token", "creation"))
_EDIT: Final = Depends(permitted("token", "modification"))
_DELETE: Final = Depends(permitted("token", "deletion"))
_TIMES: Final = ("expiration_time", "create_time", "last_update_time")


@router.post(
    "",
    status_code=201,
    response_model=TokenCreated,
    responses=answers(PermissionDenied),
    dependencies=[_MAKE],
)
async def create_token(
    body: TokenCreate,
    query: Annotated[TokenCreateQuery, Query()],
    send: Send,
    services: ServicesDep,
    account_id: AccountId,
    caller: Caller,
) -> Response:
    """Make a token; a token cannot make one that may do more than itself."""
    fields = _fields(body, query, caller)
    made = await send(CreateToken(account_id=account_id, **fields))
    return _with_text(services, made["token_id"], made["serial"])


@router.get("", response_model=TokensPage, dependencies=[_VIEW])
def get_tokens(
    db: ReadDb,
    services: ServicesDep,
    caller: Caller,
    account_id: MaybeAccountId,
    wanted: Annotated[TokensWanted, Query()],
) -> Response:
    """Find tokens, newest first."""
    rows = tokens.list_tokens(db, chosen_of(account_id, wanted.account_id), wanted)
    return json_answer({"tokens": [_shown(services, caller, row) for row in rows]})


@router.get("/{token_id}", response_model=TokenView, responses=_MISSING, dependencies=[_VIEW])
def get_token(
    token_id: Id, db: ReadDb, services: ServicesDep, caller: Caller, account_id: ChosenAccountId
) -> Response:
    """Get a token."""
    return json_answer(_shown(services, caller, tokens.get_token(db, account_id, token_id)))


@router.put(
    "/{token_id}",
    status_code=201,
    response_model=TokenCreated,
    responses=answers(TokenNotFound, PermissionDenied),
    dependencies=[_EDIT],
)
async def replace_token(
    token_id: Id,
    body: TokenCreate,
    query: Annotated[TokenCreateQuery, Query()],
    send: Send,
    services: ServicesDep,
    account_id: AccountId,
    caller: Caller,
) -> Response:
    """Give a token other rights and another text; its earlier text is refused from now on."""
    fields = _fields(body, query, caller)
    serial = await send(ReplaceToken(account_id=account_id, token_id=token_id, **fields))
    return _with_text(services, token_id, serial)


@router.delete("/{token_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def delete_token(token_id: Id, send: Send, account_id: AccountId) -> None:
    """Withdraw a token."""
    await send(DeleteToken(account_id=account_id, token_id=token_id))


def _fields(body: TokenCreate, query: TokenCreateQuery, caller: Identity) -> dict[str, Any]:
    """What commands are told; a token hands on neither rights nor a view that it does not have."""
    granted = Permissions.all() if query.grant_all_permissions else body.permissions
    fields = body.command_fields(granted)
    if caller.permissions is not None:
        if not caller.permissions.covers(granted):
            raise PermissionDenied("creation", "token with more permissions")
        if not caller.sees_all:
            fields["visibility_area"] = VisibilityArea.ACCOUNT
    return fields


def _with_text(services: Services, token_id: UUID, serial: int) -> Response:
    url, text = f"/6/tokens/{token_id}", services.tokens.write(token_id, serial)
    answer = {"token_id": token_id, "token": text, "url": url}
    return json_answer(answer, 201, {"Location": url})


def _shown(services: Services, caller: Identity, row: Row) -> dict[str, Any]:
    """The contract's token; nobody is shown a text that may do more than they may."""
    rights = read_permissions(row["permissions"])
    may = caller.permissions is None or caller.permissions.covers(rights)
    times = {name: row[name] and written(row[name]) for name in _TIMES}
    text = services.tokens.write(row["token_id"], row["serial"]) if may else None
    shown = {**row, **times, "token": text, "permissions": rights.as_dict()}
    del shown["serial"]
    return shown
