"""Finds the route of a path by its segments, and answers OPTIONS and HEAD for all of them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from fastapi.routing import APIRoute, APIRouter, RouteContext, iter_route_contexts
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.access_log import ROUTE
from api.http.quick import quick_app
from api.http.refusals import MethodNotAllowed, PageNotFound

_FORMS: Final[dict[object, re.Pattern[str]]] = {
    UUID: re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    int: re.compile(r"[0-9]+"),
}
"""What the ids in paths look like, by their type."""


class _Leaf(NamedTuple):
    """One method of one path: whom to call, and the names of the path's parameters."""

    app: ASGIApp
    template: str
    parameters: tuple[str, ...]
    forms: tuple[re.Pattern[str] | None, ...]
    """What each parameter looks like, if it is an id, so that no word can be meant."""
    endpoint: Any
    route: Any

    def may_be(self, values: tuple[str, ...]) -> bool:
        """Whether the values can be those of the parameters."""
        return all(
            form.fullmatch(value) is not None
            for value, form in zip(values, self.forms, strict=True)
            if form is not None
        )


@dataclass(slots=True)
class _Node:
    """A segment of paths: what may follow it, and what ends at it, by method."""

    fixed: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    methods: dict[str, _Leaf] = field(default_factory=dict)

    def child(self, segment: str) -> "_Node":
        """The node of a segment of a template, made if it is new."""
        if segment.startswith("{"):
            self.parameter = self.parameter or _Node()
            return self.parameter
        return self.fixed.setdefault(segment, _Node())


class RouteTable:
    """ASGI application in place of a router's search through all of its routes.

    A fixed segment is tried before a parameter, whatever the order of registration. HEAD is
    answered like GET without the body, OPTIONS by the methods there are. What is no plain
    FastAPI route (mounts, web sockets, path converters) is left to the router itself.
    """

    def __init__(self, router: APIRouter, around: Callable[[ASGIApp], ASGIApp]) -> None:
        """`around` puts around each route what FastAPI needs there."""
        self._root = _Node()
        self._literal: dict[tuple[str, str], _Leaf] = {}
        self._others = False
        self._around = around
        self._fallback = around(router.app)
        for context in iter_route_contexts(router.routes):
            if not self._add(context):
                self._others = True

    def _add(self, context: RouteContext) -> bool:
        path = context.path_format or ""
        segments = path.split("/")[1:]
        names = tuple(part[1:-1] for part in segments if part.startswith("{"))
        plain = all(("{" in part) == (part[:1] == "{") for part in segments)
        if not isinstance(context.original_route, APIRoute) or not plain:
            return False
        if any(str(kind.regex) != "[^/]+" for kind in context.param_convertors.values()):
            return False
        node = self._root
        for segment in segments:
            node = node.child(segment)
        app = quick_app(context.endpoint, self._around(cast(ASGIApp, context.app)))
        route = context.original_route
        kinds = {p.name: p.field_info.annotation for p in route.dependant.path_params}
        forms = tuple(_FORMS.get(kinds.get(name)) for name in names)
        leaf = _Leaf(app, path, names, forms, context.endpoint, route)
        for method in context.methods or ():
            node.methods.setdefault(method, leaf)
            if not names:
                self._literal.setdefault((method, path), leaf)
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._leave(scope, receive, send)
        path, method = path_of(scope), scope["method"]
        if (literal := self._literal.get((method, path))) is not None:
            return await _call(literal, (), scope, receive, send)
        partly: _Node | None = None
        for node, values in _search(self._root, path.split("/"), 1, ()):
            leaf = node.methods.get(method)
            answer = send
            if leaf is None and method == "HEAD":
                leaf, answer = node.methods.get("GET"), _without_body(send)
            if leaf is not None and (partly is None or leaf.may_be(values)):
                return await _call(leaf, values, scope, receive, answer)
            partly = partly or node
        if partly is None:
            if self._others:
                return await self._leave(scope, receive, send)
            raise PageNotFound
        scope[ROUTE] = next(iter(partly.methods.values())).template
        allowed = _allowed(partly)
        if method != "OPTIONS":
            raise MethodNotAllowed(allowed)
        await Response(headers={"Allow": allowed})(scope, receive, send)

    async def _leave(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._fallback(scope, receive, send)
        finally:
            template = getattr(scope.get("route"), "path", None)
            if template is not None:
                scope.setdefault(ROUTE, template)


def path_of(scope: Scope) -> str:
    """The path below the place where the application is mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def _search(
    node: _Node, segments: Sequence[str], at: int, values: tuple[str, ...]
) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """The nodes that a path may end at, the most literal first, with the parameters' values."""
    if at == len(segments):
        if node.methods:
            yield node, values
        return
    segment = segments[at]
    if (fixed := node.fixed.get(segment)) is not None:
        yield from _search(fixed, segments, at + 1, values)
    if node.parameter is not None and segment:
        yield from _search(node.parameter, segments, at + 1, (*values, segment))


async def _call(
    leaf: _Leaf, values: tuple[str, ...], scope: Scope, receive: Receive, send: Send
) -> None:
    scope[ROUTE] = leaf.template
    scope["path_params"] = dict(zip(leaf.parameters, values, strict=True))
    scope["endpoint"] = leaf.endpoint
    scope["route"] = leaf.route
    await leaf.app(scope, receive, send)


def _allowed(node: _Node) -> str:
    methods = {*node.methods, "OPTIONS"}
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


def _without_body(send: Send) -> Send:
    async def bodiless(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return bodiless
