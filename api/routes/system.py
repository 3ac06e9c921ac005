"""What every service tells about itself: version, health, metrics, settings, documents."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import orjson
import structlog
from fastapi import APIRouter, Query
from prometheus_client import CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.errors import CATALOGUE, INTERNAL, SUCCESS, answers, entry_of, error_body
from api.http.fields import Flag
from api.http.negotiation import preferred
from api.http.refusals import ComponentDown, PageNotFound, ResourceDisabled, UnsupportedAccept
from api.openapi import as_yaml
from api.pages import as_page, error_page, page

log = structlog.get_logger("selene.health")

YAML: Final = "application/x-yaml"
Check = Callable[[], Awaitable[None]]
"""Raises what is wrong with one component; a ComponentDown tells the client more."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as the services write it; `api` is the number in the path."""

    major: int
    minor: int
    patch: int
    api: int | None = None

    def shown(self) -> dict[str, int]:
        """The fields that are there."""
        numbers = {"major": self.major, "minor": self.minor, "patch": self.patch}
        return numbers if self.api is None else {"api": self.api, **numbers}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What a service says about itself; each of the four has its own paths for it."""

    versions: Mapping[str, Version]
    """"Version" alone for a single service, one entry per service for the API."""
    prefixes: Sequence[str]
    """The API versions in paths ("/6"); configuration and documents lie below each."""
    health_below_prefix: bool = False
    """Whether /healthcheck leads to a health resource below the first prefix."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    dependencies: Mapping[str, Check] = field(default_factory=dict)
    """Checked with include_luna_services=1 only."""
    check_timeout_s: float = 5.0
    settings: Callable[[], Mapping[str, Any]] = dict
    """The settings as JSON values; names that sound secret are masked here once more."""
    plugins: Callable[[], Mapping[str, bool]] | None = None
    """Plugin to whether it runs; None leaves the resource out."""
    plugins_above: bool = False
    """Whether /plugins is there as well, where clients of the API look for it."""
    registries: Sequence[CollectorRegistry] = ()
    """Metrics of other parts, shown after those of the requests."""
    metrics_enabled: bool = True


def system_router(system: System, requests: CollectorRegistry) -> APIRouter:
    """The routes, with the paths this service has them at."""
    router = APIRouter(tags=["misc"])
    _add_version(router, system)
    _add_health(router, system)
    _add_metrics(router, system, requests)
    if system.plugins is not None and system.plugins_above:
        _add_plugins(router, "/plugins", "get_plugins", system.plugins)
    for index, prefix in enumerate(system.prefixes):
        _add_documents(router, prefix, system, "" if index == 0 else f"_v{prefix[1:]}")
    _add_pages(router, system)
    return router


def _add_version(router: APIRouter, system: System) -> None:
    shown = {name: version.shown() for name, version in system.versions.items()}

    @router.get("/version")
    async def get_version() -> dict[str, Any]:
        """The versions of the service, or of all of them."""
        return shown


def _add_health(router: APIRouter, system: System) -> None:
    path = "/healthcheck"
    if system.health_below_prefix:
        path = f"{system.prefixes[0]}/healthcheck"

        @router.get("/healthcheck", status_code=302, response_class=Response)
        async def healthcheck_redirect(request: Request) -> Response:
            """The way to the health resource."""
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(_root(request) + path + query, 302)

    @router.get(path, responses={502: {"description": "Unhealthy"}})
    async def healthcheck(include_luna_services: Annotated[Flag, Query()] = 0) -> Response:
        """Whether the service, and with the flag what it depends on, works."""
        start = time.perf_counter()
        checks = dict(system.checks)
        if include_luna_services:
            checks |= system.dependencies
        found = await asyncio.gather(
            *(_failure(name, check, system.check_timeout_s) for name, check in checks.items())
        )
        if errors := [error for error in found if error]:
            return _json({"errors": errors}, 502)
        return _json({"execution_time": round(time.perf_counter() - start, 6)})


async def _failure(name: str, check: Check, timeout_s: float) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(timeout_s):
            await check()
    except TimeoutError:
        wrong: Exception = ComponentDown(f"{name} did not answer in {timeout_s:g} s")
    except Exception as error:
        log.warning("component is unhealthy", component=name, exc_info=error)
        wrong = error if entry_of(error) is not INTERNAL else ComponentDown(f"{name} does not work")
    else:
        return None
    return {"component": name, "error": error_body(wrong).model_dump(), "status": 0}


def _add_metrics(router: APIRouter, system: System, requests: CollectorRegistry) -> None:
    @router.get("/metrics", responses=answers(ResourceDisabled), response_class=Response)
    def metrics() -> Response:
        """The statistics of requests, in the text form of Prometheus."""
        if not system.metrics_enabled:
            raise ResourceDisabled
        text = b"".join(generate_latest(one) for one in (requests, *system.registries))
        return Response(text, media_type="text/plain; charset=UTF-8")


def _add_documents(router: APIRouter, prefix: str, system: System, suffix: str) -> None:
    def named(name: str) -> str:
        return name + suffix

    @router.get(
        f"{prefix}/docs/spec",
        name=named("get_spec"),
        responses=answers(UnsupportedAccept),
        response_class=Response,
    )
    async def get_spec(request: Request) -> Response:
        """This document, as YAML, HTML or JSON."""
        accept = request.headers.get("accept", "")
        form = preferred(accept, (YAML, "text/html", "application/json"))
        if form is None:
            raise UnsupportedAccept
        shown: dict[str, bytes] = request.app.state.documents
        if form not in shown:  # takes a second for the largest service
            shown[form] = await asyncio.to_thread(_rendered, request.app.openapi, form)
        return Response(shown[form], media_type=form)

    @router.get(
        f"{prefix}/docs/dev", name=named("get_dev_manual"), status_code=302, response_class=Response
    )
    async def get_dev_manual(request: Request) -> Response:
        """The way to the manual for developers."""
        return RedirectResponse(f"{_root(request)}/docs/dev/index.html", 302)

    @router.get(
        f"{prefix}/config",
        name=named("get_config"),
        responses=answers(UnsupportedAccept),
        response_class=Response,
    )
    async def get_config(request: Request) -> Response:
        """The settings in use, secrets masked."""
        accept = request.headers.get("accept", "")
        form = preferred(accept, ("application/json", "text/plain"))
        if form is None:
            raise UnsupportedAccept
        sections = in_sections(system.settings())
        if form == "application/json":
            return _json(sections)
        return Response(as_text(sections), media_type="text/plain")

    if system.plugins is not None:
        name = named("get_plugins") + ("_below" if system.plugins_above else "")
        _add_plugins(router, f"{prefix}/plugins", name, system.plugins)


def _add_plugins(
    router: APIRouter, path: str, name: str, plugins: Callable[[], Mapping[str, bool]]
) -> None:
    @router.get(path, name=name)
    async def get_plugins() -> dict[str, list[dict[str, Any]]]:
        """The plugins that were loaded."""
        found = plugins().items()
        return {"plugins": [{"name": name, "running": int(runs)} for name, runs in found]}


def _rendered(document: Callable[[], dict[str, Any]], form: str) -> bytes:
    if form == YAML:
        return as_yaml(document()).encode()
    return as_page(document()).encode() if form == "text/html" else orjson.dumps(document())


def _add_pages(router: APIRouter, system: System) -> None:
    @router.get("/docs/dev/index.html", include_in_schema=False)
    async def dev_manual(request: Request) -> Response:
        """The manual for developers: what there is to read."""
        links = "".join(
            f'<li><a href="{_root(request)}{prefix}/docs/spec">OpenAPI below {prefix}</a>'
            for prefix in system.prefixes
        )
        errors = f'<li><a href="{_root(request)}/docs/errors">Error codes</a>'
        return HTMLResponse(page(request.app.title, f"<ul>{links}{errors}</ul>"))

    @router.get("/docs/errors", include_in_schema=False)
    async def error_codes() -> Response:
        """All error codes."""
        rows = "".join(
            f'<tr><td><a href="errors/{code}">{code}</a><td>{status}<td>{desc}'
            for code, status, desc in sorted({entry for entry in CATALOGUE.values()})
        )
        return HTMLResponse(page("Error codes", f"<table>{rows}</table>"))

    @router.get("/docs/errors/{code}", include_in_schema=False)
    async def error_code(code: int) -> Response:
        """What one error code means."""
        found = [(kind, entry) for kind, entry in CATALOGUE.items() if entry.code == code]
        if found:
            return HTMLResponse(error_page(code, found))
        if code == SUCCESS.error_code:
            return HTMLResponse(page("Error 0", "<p>No error: the image was processed.</p>"))
        if code == INTERNAL.code:
            about = "The service broke. Its log has the reason under the id of the request."
            return HTMLResponse(page("Error 1", f"<p>{about}</p>"))
        raise PageNotFound


_SECRET: Final = ("password", "secret", "token", "credential", "access_key", "dsn")
_MASK: Final = "********"


def in_sections(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings by upper-case section; single values form one of their own. Secrets masked."""
    sections: dict[str, dict[str, Any]] = {"SELENE": {}}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            sections[name.upper()] = {
                key.upper(): _masked(key, inner) for key, inner in value.items()
            }
        else:
            sections["SELENE"][name.upper()] = _masked(name, value)
    return sections


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key.upper(): _masked(key, inner) for key, inner in value.items()}
    secret = value is not None and any(word in name.lower() for word in _SECRET)
    return _MASK if secret else value


def as_text(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Sections in the form of an INI file."""
    return "\n".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
        for section, values in sections.items()
    )


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value, default=str), status, media_type="application/json")


def _root(request: Request) -> str:
    """The path that the application is mounted at."""
    return str(request.scope.get("root_path", ""))
