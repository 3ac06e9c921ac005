"""Verifiers: recipes for telling whether two faces are one person's."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.authentication import AccountId, AccountIdAsQuery, MaybeAccountId, permitted
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import created, json_answer
from api.schemas.verifiers import (
    VerifierCreate,
    VerifierCreated,
    VerifiersCount,
    VerifierVersion,
    VerifierView,
)
from commands.verifiers import CreateVerifier, DeleteVerifier, ReplaceVerifier
from domain.shared.fields import Id, written
from domain.verifiers import VerifierNotFound
from projections import verifiers

router = APIRouter(prefix="/verifiers", tags=["verifiers"])

_MISSING: Final = answers(VerifierNotFound)
_VIEW: Final = Depends(permitted("verifier", "view"))
_MAKE: Final = Depends(permitted("verifier", "creation"))
_EDIT: Final = Depends(permitted("verifier", "modification"))
_DELETE: Final = Depends(permitted("verifier", "deletion"))


@router.post("", status_code=201, response_model=VerifierCreated, dependencies=[_MAKE])
async def create_verifier(
    request: Request, body: VerifierCreate, send: Send, account_id: AccountId
) -> Response:
    """Make a verifier."""
    made = CreateVerifier(account_id=account_id, **_fields(body))
    verifier_id = await send(made)
    return created(f"/6/verifiers/{verifier_id}", request, verifier_id=verifier_id)


@router.get("", response_model=list[VerifierView], dependencies=[_VIEW])
def get_verifiers(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[verifiers.VerifierFilter, Query()]
) -> Response:
    """Find verifiers, newest first."""
    return json_answer([_shown(row) for row in verifiers.list_verifiers(db, account_id, wanted)])


@router.get("/count", response_model=VerifiersCount, dependencies=[_VIEW])
def count_verifiers(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[verifiers.VerifierConditions, Query()]
) -> Any:
    """Count verifiers."""
    return {"verifiers_count": verifiers.count_verifiers(db, account_id, wanted)}


@router.get("/{verifier_id}", response_model=VerifierView, responses=_MISSING, dependencies=[_VIEW])
def get_verifier(verifier_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Response:
    """Get a verifier, its policies with all defaults filled in."""
    return json_answer(_shown(verifiers.get_verifier(db, account_id, verifier_id)))


@router.head("/{verifier_id}", responses=_MISSING, dependencies=[_VIEW])
def check_verifier(verifier_id: Id, db: ReadDb, account_id: MaybeAccountId) -> Response:
    """Say whether a verifier is there."""
    verifiers.get_verifier(db, account_id, verifier_id)
    return Response()


@router.put(
    "/{verifier_id}", response_model=VerifierVersion, responses=_MISSING, dependencies=[_EDIT]
)
async def put_verifier(
    verifier_id: Id, body: VerifierCreate, send: Send, account_id: AccountId
) -> Any:
    """Replace a verifier whole; answers how often it was replaced by now."""
    replace = ReplaceVerifier(account_id=account_id, verifier_id=verifier_id, **_fields(body))
    return {"version": await send(replace)}


@router.delete("/{verifier_id}", status_code=204, responses=_MISSING, dependencies=[_DELETE])
async def remove_verifier(verifier_id: Id, send: Send, account_id: AccountIdAsQuery) -> None:
    """Remove a verifier."""
    await send(DeleteVerifier(account_id=account_id, verifier_id=verifier_id))


def _fields(body: VerifierCreate) -> dict[str, Any]:
    return {"description": body.description, "policies": body.policies.as_dict()}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: written(row[name]) for name in ("create_time", "last_update_time")}}
