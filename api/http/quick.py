"""Routes asked so often that reading their requests by hand pays."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.negotiation import document_of, in_wanted_format
from api.http.refusals import BadBody, PageNotFound
from api.http.validation import refusal_of
from domain.shared.fields import Id

Quick = Callable[[Request], Awaitable[Response]]
E = TypeVar("E", bound=Callable[..., Any])
M = TypeVar("M", bound=BaseModel)

_QUICK: Final = "selene_quick"
_ID: Final = TypeAdapter[UUID](Id)


def quick_app(endpoint: Any, whole: ASGIApp) -> ASGIApp:
    """The application of an endpoint: `quickly` for requests without a query, else as usual.

    FastAPI takes longer to find what a handler's parameters are than the handler takes. It still
    documents the route, and reads every request that has a query.
    """
    quick: Quick | None = getattr(endpoint, _QUICK, None)
    if quick is None:
        return whole

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            return await whole(scope, receive, send)
        request = Request(scope, receive, send)
        response = in_wanted_format(scope, await quick(request))
        await response(scope, receive, send)

    return app


def quickly(by_hand: Quick) -> Callable[[E], E]:
    """Decorates an endpoint: requests without a query are answered by this instead."""

    def mark(endpoint: E) -> E:
        setattr(endpoint, _QUICK, by_hand)
        return endpoint

    return mark


def path_id(request: Request, name: str) -> UUID:
    """The id at this place of the path."""
    try:
        return _ID.validate_python(request.path_params[name])
    except ValidationError:
        raise PageNotFound from None


async def body_value(request: Request) -> Any:
    """The value of a JSON or MessagePack body; None without a body."""
    document = await document_of(request)
    return None if document is None else document[1]


def read_body(kind: type[M], value: Any) -> M:
    """The value as this kind of body, or the refusal that names what is wrong with it."""
    try:
        return kind.model_validate(value, from_attributes=True)  # as FastAPI does
    except ValidationError as wrong:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in wrong.errors()]
        raise refusal_of(problems, value, BadBody) from None
