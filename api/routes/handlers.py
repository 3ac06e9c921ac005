"""Handlers: recipes for what is done with images."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import AccountId, MaybeAccountId, permitted
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import created, json_answer
from api.schemas.handlers import (
    HandlerCreate,
    HandlerCreated,
    HandlersCount,
    HandlerView,
    PoliciesToValidate,
    handler_shown,
)
from commands.handlers import CreateHandler, DeleteHandler, ReplaceHandler
from domain.handlers import HandlerNotFound
from domain.shared.fields import Id, written
from projections import handlers

router = APIRouter(prefix="/handlers", tags=["handlers"])

_MISSING: Final = answers(HandlerNotFound)
_VIEW: Final = Depends(permitted("handler", "view"))
_MAKE: Final = Depends(permitted("handler", "creation"))
_EDIT: Final = Depends(permitted("handler", "modification"))
_DELETE: Final = Depends(permitted("handler", "deletion"))


@router.post("", status_code=201, response_model=HandlerCreated, dependencies=[_MAKE])
async def create_handler(
    request: Request, body: HandlerCreate, send: Send, account_id: AccountId
) -> Response:
    """Make a handler: static with policies, dynamic without."""
    made = CreateHandler(account_id=account_id, **_fields(body))
    handler_id = await send(made)
    return created(f"/6/handlers/{handler_id}", request, handler_id=handler_id)


@router.get("", response_model=list[HandlerView], dependencies=[_VIEW])
def get_handlers(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[handlers.HandlerFilter, Query()]
) -> Response:
    """Find handlers, newest first; dynamic ones only when asked for."""
    return json_answer([_shown(row) for row in handlers.list_handlers(db, account_id, wanted)])


@router.get("/count", response_model=HandlersCount, dependencies=[_VIEW])
def get_handler_count(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[handlers.HandlerConditions, Query()]
) -> Any:
    """Count handlers; dynamic ones only when asked for."""
    return {"handlers_count": handlers.count_handlers(db, account_id, wanted)}


@router.post("/validator", status_code=204, dependencies=[_VIEW])
async def validate_policies(body: PoliciesToValidate, account_id: AccountId) -> None:
    """Look at policies without keeping them: no answer is a good one."""


@router.get("/{handler_id}", response_model=HandlerView, responses=_MISSING, dependencies=[_VIEW])
def get_handler(handler_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Response:
    """Get a handler, its policies with all defaults filled in."""
    return json_answer(_shown(handlers.get_handler(db, account_id, handler_id)))


@router.head("/{handler_id}", responses=_MISSING, dependencies=[_VIEW])
def check_handler(handler_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Response:
    """Say whether a handler is there."""
    handlers.get_handler(db, account_id, handler_id)
    return Response()


@router.put("/{handler_id}", status_code=204, responses=_MISSING, dependencies=[_EDIT])
async def put_handler(
    handler_id: Id, body: HandlerCreate, send: Send, account_id: AccountId
) -> None:
    """Replace a handler whole."""
    await send(ReplaceHandler(account_id=account_id, handler_id=handler_id, **_fields(body)))


@router.delete("/{handler_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def remove_handler(handler_id: Id, send: Send, account_id: AccountId) -> None:
    """Remove a handler; events it made stay."""
    await send(DeleteHandler(account_id=account_id, handler_id=handler_id))


def _fields(body: HandlerCreate) -> dict[str, Any]:
    return {
        "description": body.description,
        "handler_type": int(body.kind),
        "policies": body.stored_policies,
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: written(row[name]) for name in ("create_time", "last_update_time")}
    return {**handler_shown(row), **times}
