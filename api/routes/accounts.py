"""Accounts: who owns what is here, and how they log in."""

from typing import Annotated, Any, Final
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.authentication import Authentication, Caller, Identity, NamedAccountId, permitted
from api.dependencies import Context, ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import created, json_answer
from api.http.refusals import (
    AccountRequired,
    PermissionDenied,
    TokenCorrupted,
    TooManyLogins,
    WrongCredentials,
)
from api.schemas.accounts import (
    AccountCreate,
    AccountCreated,
    AccountPatch,
    AccountsPage,
    AccountsWanted,
    AccountView,
    Credentials,
    Targets,
)
from api.services import Services
from commands.accounts import CreateAccount, EditAccount
from commands.command import RequestContext
from domain.accounts import AccountExists, AccountNotFound, AccountType, LoginTaken
from domain.shared.fields import written
from domain.shared.ids import new_id
from projections import accounts
from projections.database import Row

router = APIRouter(tags=["accounts"])

_VIEW: Final = Depends(permitted("account", "view"))
_MAKE: Final = Depends(permitted("account", "creation"))
_EDIT: Final = Depends(permitted("account", "modification"))
_SHOWN: Final = tuple(AccountView.model_fields)
_REPEATED: Final = UUID("0f6d4f0a-54cb-4f07-9a8b-1d5f3c2e7b90")


async def _get_authentication(request: Request) -> Authentication:
    return request.app.state.authentication  # type: ignore[no-any-return]


Who = Annotated[Authentication, Depends(_get_authentication)]


@router.post(
    "/accounts",
    status_code=201,
    response_model=AccountCreated,
    responses=answers(AccountExists, LoginTaken, PermissionDenied, TooManyLogins),
    dependencies=[_MAKE],
)
async def create_account(
    body: AccountCreate,
    send: Send,
    services: ServicesDep,
    caller: Caller,
    who: Who,
    wanted: NamedAccountId,
    context: Context,
) -> Response:
    """Make an account; where credentials are demanded, only those who see all accounts may."""
    _demand_rights(services, caller)
    made = CreateAccount(
        account_id=body.account_id or wanted or _new_account(body.login, context),
        login=body.login,
        password_hash=await who.passwords.hashed(body.password),
        account_type=AccountType(body.account_type),
        description=body.description,
    )
    account_id = await send(made)
    return created("/6/account", account_id=account_id)


def _new_account(login: str, context: RequestContext) -> UUID:
    """A new id; under an Idempotency-Key the same for each repetition, which finds its answer."""
    key = context.idempotency_key
    return uuid5(_REPEATED, f"{key} {login}") if key else new_id()


@router.get("/accounts", response_model=AccountsPage, dependencies=[_VIEW])
def get_accounts(
    db: ReadDb, caller: Caller, wanted: Annotated[AccountsWanted, Query()]
) -> Response:
    """Find accounts, newest first: one's own, or all for those who see all."""
    rows = accounts.list_accounts(db, caller.scope, wanted)
    total = accounts.count_accounts(db, caller.scope, wanted)
    shown = [_shown(row, wanted.targets) for row in rows]
    return json_answer({"accounts": shown, "total_count": total})


@router.get(
    "/account", response_model=AccountView, responses=answers(AccountNotFound), dependencies=[_VIEW]
)
def get_account(
    db: ReadDb, caller: Caller, targets: Annotated[Targets, Query()] = None
) -> Response:
    """Get the account that asks."""
    return json_answer(_shown(accounts.get_account(db, _own(caller)), targets))


@router.patch(
    "/account",
    status_code=204,
    responses=answers(AccountNotFound, LoginTaken, PermissionDenied, TooManyLogins),
    dependencies=[_EDIT],
)
async def patch_account(
    body: AccountPatch, send: Send, services: ServicesDep, caller: Caller, who: Who
) -> None:
    """Change the account that asks; its type only where that gives it no new rights."""
    if body.account_type == AccountType.ADVANCED_USER:
        _demand_rights(services, caller)
    changes = body.model_dump(exclude_unset=True, exclude={"password"})
    if "account_type" in changes:
        changes["account_type"] = AccountType(changes["account_type"])
    password = None if body.password is None else await who.passwords.hashed(body.password)
    await send(EditAccount(account_id=_own(caller), changes=changes, password_hash=password))


@router.post(
    "/accounts/verifier",
    response_model=AccountView,
    responses=answers(AccountNotFound, WrongCredentials, TokenCorrupted, TooManyLogins),
)
async def verify_account(body: Credentials, services: ServicesDep, who: Who) -> Response:
    """Say whose credentials these are."""
    if body.login is not None and body.password is not None:
        found: UUID | None = (await who.by_login(body.login, body.password)).account_id
    elif body.token is not None:
        found = (await who.identify(f"Bearer {body.token}", None)).account_id
    else:
        found = body.account_id
    row = await run_in_threadpool(accounts.get_account, services.reader, found or new_id())
    return json_answer(_shown(row, None))


def _demand_rights(services: Services, caller: Identity) -> None:
    """Where Luna-Account-Id alone says who asks, everybody may be anybody already."""
    if services.settings.auth == "credentials" and not caller.sees_all:
        raise PermissionDenied("creation", "account")


def _own(caller: Identity) -> UUID:
    if caller.account_id is None:
        raise AccountRequired
    return caller.account_id


def _shown(row: Row, targets: list[Any] | None) -> dict[str, Any]:
    times = {name: written(row[name]) for name in ("create_time", "last_update_time")}
    return {name: {**row, **times}[name] for name in targets or _SHOWN}
