"""The OpenAPI document of a service, with what the kit adds to every operation."""

import re
from copy import deepcopy
from typing import Any, Final

import yaml
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from api.authentication import (
    ACCOUNT_HEADER,
    account_as_query,
    chosen_account,
    identity,
    readable_account,
    required_account,
)
from api.errors import ErrorBody
from api.http.negotiation import JSON, MSGPACK
from api.openapi_examples import add_examples

AS_SENT: Final = "x-as-sent"
"""Marks a media type whose bytes are the value, for this module alone."""

_ACRONYMS: Final = {"gc": "GC", "roc": "ROC"}
_VERBS: Final = re.compile(r"^(get|create|check|save)(?=[A-Z])")
_OPTIONS: Final = {
    "/6/detector": "optionsDetector",
    "/6/samples/{samples_type}": "optionsSamples",
    "/6/extractor": "optionsExtractor",
    "/6/matcher/raw": "optionsMatchRaw",
    "/6/handlers/{handler_id}/events/raw": "optionsRawEvent",
}
"""The names of OPTIONS that do not follow from the other methods of the path."""

_ID_SCHEMA: Final = {
    "type": "string",
    "pattern": "^[0-9]{10},[a-f0-9]{8}-([a-f0-9]{4}-){3}[a-f0-9]{12}$",
}
_PARAMETER: Final = {
    "name": "Luna-Request-Id",
    "in": "header",
    "required": False,
    "description": "Caller's id of the request: Unix time, a comma and a UUID. It is answered, "
    "and one of another form is replaced by a new one.",
    "schema": {"type": "string", "example": "1536751345,8b8b5937-2e9c-4e8b-a7a7-5caf86621b5a"},
}
_HEADER: Final = {
    "description": "Id of the request, the caller's or a new one.",
    "schema": _ID_SCHEMA,
}
_ANY_ERROR: Final = {
    "description": "Any other error; what broke has error_code 1 and status 500.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
}
_REQUIRED_ACCOUNT: Final = frozenset({required_account, account_as_query})
_OPTIONAL_ACCOUNT: Final = frozenset({chosen_account, identity, readable_account})
_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options")


def operation_id(route: APIRoute) -> str:
    """LUNA's operationId: the function's name in camel case (create_gc_task, createGCTask)."""
    first, *others = route.name.strip("_").split("_")
    return first + "".join(_ACRONYMS.get(word, word[:1].upper() + word[1:]) for word in others)


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document FastAPI makes, completed with what the kit adds to every path."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = document.setdefault("components", {})
    components.setdefault("parameters", {})["LunaRequestId"] = _PARAMETER
    components.setdefault("headers", {})["LunaRequestId"] = _HEADER
    components.setdefault("responses", {})["AnyError"] = _ANY_ERROR
    components.setdefault("schemas", {})["ErrorBody"] = ErrorBody.model_json_schema()
    _drop_validation_answers(document)
    _add_account_header(app, document)
    _add_handshakes(app, document)
    for path, item in document.get("paths", {}).items():
        _add_head_and_options(path, item)
        for method in _METHODS:
            if method in item:
                _complete(item[method])
        for answer in item.get("head", {}).get("responses", {}).values():
            answer.pop("content", None)  # answers to HEAD have no body
    add_examples(document)
    return document


def _add_account_header(app: FastAPI, document: dict[str, Any]) -> None:
    """Luna-Account-Id where a route asks for the account, required where it must have one."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            continue
        calls = _calls_of(context.dependant or route.dependant)
        required = bool(calls & _REQUIRED_ACCOUNT)
        if not required and not calls & _OPTIONAL_ACCOUNT:
            continue
        header = {
            "name": ACCOUNT_HEADER,
            "in": "header",
            "required": required,
            "description": "Account that owns what is created, changed or read.",
            "schema": {"type": "string", "format": "uuid"},
        }
        for method in context.methods or ():
            operation = document["paths"].get(context.path_format, {}).get(method.lower())
            if operation is not None:
                operation.setdefault("parameters", []).append(header)


_HANDSHAKES: Final = {"general_connect": "generalConnect"}
"""What handshakes are called that are not the contract's one, by the name of the route."""


def _add_handshakes(app: FastAPI, document: dict[str, Any]) -> None:
    """Web sockets, which OpenAPI knows only as the request that opens them."""
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIWebSocketRoute) or not context.path:
            continue
        operation: dict[str, Any] = {
            "operationId": _HANDSHAKES.get(context.original_route.name, "wsHandshake"),
            "tags": ["ws"],
            "summary": "Subscribe to events over a web socket",
            "parameters": [],
            "responses": {"101": {"description": "Switching protocols"}},
        }
        document["paths"].setdefault(context.path, {}).setdefault("get", operation)


def _calls_of(dependant: Dependant) -> set[Any]:
    """Everything that is called before a route is, at any depth."""
    calls = {one.call for one in dependant.dependencies}
    return calls.union(*map(_calls_of, dependant.dependencies))


def _drop_validation_answers(document: dict[str, Any]) -> None:
    """FastAPI announces 422 answers of its own form, which are never given."""
    schemas = document.get("components", {}).get("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for item in document.get("paths", {}).values():
        for operation in item.values():
            operation.get("responses", {}).pop("422", None)


def _add_head_and_options(path: str, item: dict[str, Any]) -> None:
    """HEAD beside every GET and OPTIONS everywhere, as the router answers them."""
    first = next((item[method]["operationId"] for method in _METHODS if method in item), "")
    own = [one for one in _parameters(item) if one.get("in") == "path"]
    if "get" in item and "head" not in item:
        named = re.sub("^get(?=[A-Z])", "check", item["get"]["operationId"])
        item["head"] = {
            "operationId": named if named.startswith("check") else f"check{_capital(named)}",
            "summary": "Whether it is there",
            "tags": item["get"].get("tags", []),
            "parameters": deepcopy(item["get"].get("parameters", [])),
            "responses": {"200": {"description": "It is there"}},
        }
    if "options" not in item:
        named = _OPTIONS.get(path) or f"options{_capital(_VERBS.sub('', first))}"
        item["options"] = {
            "operationId": named,
            "summary": "Allowed methods",
            "tags": next((item[m].get("tags", []) for m in _METHODS if m in item), []),
            "parameters": deepcopy(own),
            "responses": {
                "200": {
                    "description": "Allowed methods",
                    "headers": {"Allow": {"schema": {"type": "string"}}},
                }
            },
        }


def _parameters(item: dict[str, Any]) -> list[dict[str, Any]]:
    return next((item[m].get("parameters", []) for m in _METHODS if m in item), [])


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _complete(operation: dict[str, Any]) -> None:
    """The request's id, MessagePack beside JSON, and errors that no route lists itself."""
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        _correct(parameter)
    parameters.append({"$ref": "#/components/parameters/LunaRequestId"})
    _add_msgpack(operation.get("requestBody", {}))
    answers = operation["responses"]
    for status, answer in answers.items():
        answer.setdefault("headers", {})["Luna-Request-Id"] = {
            "$ref": "#/components/headers/LunaRequestId"
        }
        if status.startswith("2"):
            _add_msgpack(answer)
    answers["default"] = {"$ref": "#/components/responses/AnyError"}


def _add_msgpack(body: dict[str, Any]) -> None:
    """MessagePack beside JSON, except where bytes are kept and shown as they were sent."""
    content = body.get("content", {})
    as_sent = [kind.pop(AS_SENT, False) for kind in content.values()]
    if JSON in content and not any(as_sent):
        content.setdefault(MSGPACK, content[JSON])


def _correct(parameter: dict[str, Any]) -> None:
    """Lists are written with commas unless they say otherwise; none is ever null."""
    schema = parameter["schema"]
    repeated = schema.pop("x-repeated", False)
    kinds = [kind for kind in schema.pop("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) == 1:  # what is left out is not null: there is no way to write that
        schema.update({**kinds[0], **schema})
    elif kinds:
        schema["anyOf"] = kinds
    if parameter["in"] == "query" and schema.get("type") == "array":
        parameter.update(style="form", explode=bool(repeated))


def as_yaml(document: dict[str, Any]) -> str:
    """The document in YAML, in the order it was made."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes shared parts out: anchors mean nothing to readers of OpenAPI."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
