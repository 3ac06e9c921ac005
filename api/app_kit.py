"""Builds one service: its routes, with everything that is the same for all routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from prometheus_client import CollectorRegistry
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from api.authentication import Authentication
from api.errors import ErrorAnswers, handlers
from api.http.access_log import AccessLog, RequestMetrics
from api.http.cors import AllowOrigins
from api.http.front import Front
from api.http.limits import RequestLimits
from api.http.negotiation import negotiating
from api.http.positions import Positions
from api.http.refusals import BadBody
from api.http.route_table import RouteTable
from api.openapi import document_of, operation_id
from api.routes.system import System, system_router


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What differs between the services in what is otherwise the same for all of them."""

    system: System
    authentication: Authentication = field(default_factory=Authentication)
    bad_body: type[BadBody] = BadBody
    """How this service words a body it cannot take: API, sender and the others differ."""
    positions: Positions | None = None
    longest_wait_s: float = 5.0
    """How long a request may wait for the position it demands."""
    limits: RequestLimits = field(default_factory=RequestLimits)
    origins: frozenset[str] = frozenset()
    """Origins of web pages that may call the service; "*" is any."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """What dependencies find in `request.app.state`."""


class Service(FastAPI):
    """A FastAPI application on our own stack: fewer layers, and errors in LUNA's form."""

    def __init__(self, kit: Kit, registry: CollectorRegistry, **options: Any) -> None:
        super().__init__(**options)
        self._kit = kit
        self._metrics = RequestMetrics(registry)
        self._front: ASGIApp | None = None
        self._observed = False

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = document_of(self)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """From the routes outwards; the layers of FastAPI are only around its own routes."""
        kit = self._kit
        by_class = handlers(kit.bad_body)

        def as_fastapi_has_it(app: ASGIApp) -> ASGIApp:
            return ExceptionMiddleware(AsyncExitStackMiddleware(app), by_class)

        app: ASGIApp = Front(
            RouteTable(self.router, as_fastapi_has_it),
            ErrorAnswers(by_class),
            AccessLog(self._metrics),
            kit.limits,
            kit.positions,
            kit.longest_wait_s,
        )
        return AllowOrigins(app, kit.origins) if kit.origins else app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Straight to our own layer, unless FastAPI has somebody to tell its telemetry to."""
        if self._front is None:
            self._observed = self._native_telemetry.enabled()  # it costs, and does not change
            self._front = self.middleware_stack = self.build_middleware_stack()
        if self._observed or scope["type"] == "lifespan":
            return await super().__call__(scope, receive, send)
        scope["app"] = self
        await self._front(scope, receive, send)


def build_app(
    title: str,
    routers: Sequence[APIRouter],
    kit: Kit,
    *,
    prefix: str = "",
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """A service with these routers below `prefix` and the system's routes beside them."""
    registry = CollectorRegistry()
    main = next(iter(kit.system.versions.values()))
    app = Service(
        kit,
        registry,
        title=title,
        version=f"{main.major}.{main.minor}.{main.patch}",
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
    )
    app.state.authentication = kit.authentication
    app.state.documents = {}
    for name, value in kit.state.items():
        setattr(app.state, name, value)
    for router in routers:
        app.include_router(negotiating(router), prefix=prefix)
    app.include_router(negotiating(system_router(kit.system, registry)))
    return app
