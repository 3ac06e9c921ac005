"""Builds one service: its routes, with everything that is the same for all routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from prometheus_client import CollectorRegistry
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Lifespan

from api.authentication import Authentication
from api.errors import CatchErrors, handlers
from api.http.access_log import AccessLog, RequestMetrics
from api.http.cors import AllowOrigins
from api.http.limits import LimitRequests, RequestLimits
from api.http.negotiation import negotiating
from api.http.positions import AwaitPosition, Positions, StampPositions
from api.http.refusals import BadBody
from api.http.request_id import RequestIds
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

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = document_of(self)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """From the routes outwards; each layer is plain ASGI and does one thing."""
        kit = self._kit
        app: ASGIApp = RouteTable(self.router)
        if kit.positions is not None:
            app = AwaitPosition(app, kit.positions, kit.longest_wait_s)
        app = LimitRequests(app, kit.limits)
        app = AsyncExitStackMiddleware(app)
        app = CatchErrors(ExceptionMiddleware(app, handlers(kit.bad_body)))
        if kit.positions is not None:
            app = StampPositions(app, kit.positions)
        if kit.origins:
            app = AllowOrigins(app, kit.origins)
        app = AccessLog(app, self._metrics)
        return RequestIds(app)


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
