"""The OpenAPI document of a service, and the pages that show it without any network."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final

import yaml
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.authentication import REQUIRED
from api.catalogue.entry import Entry
from domain.shared.refusal import Refusal

_ACRONYMS: Final = {"gc": "GC", "roc": "ROC"}
_VERBS: Final = re.compile(r"^(get|create|check|save)(?=[A-Z])")
_OPTIONS: Final = {
    "/6/detector": "optionsDetector",
    "/6/samples/{samples_type}": "optionsSamples",
    "/6/extractor": "optionsExtractor",
    "/6/matcher/raw": "optionsMatchRaw",
}
"""The names of OPTIONS that do not follow from the other methods of the path."""

REQUEST_ID: Final = {
    "name": "Luna-Request-Id",
    "in": "header",
    "required": False,
    "description": "Caller's id of the request: Unix time, a comma and a UUID. Always answered.",
    "schema": {
        "type": "string",
        "pattern": "^[0-9]{10},[a-f0-9]{8}-([a-f0-9]{4}-){3}[a-f0-9]{12}$",
    },
}
_REFERENCE: Final = {"$ref": "#/components/parameters/LunaRequestId"}
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
    components.setdefault("parameters", {})["LunaRequestId"] = REQUEST_ID
    _drop_validation_answers(document)
    for path, item in document.get("paths", {}).items():
        _add_head_and_options(path, item)
        for method in _METHODS:
            if method in item:
                item[method].setdefault("parameters", []).append(_REFERENCE)
                for parameter in item[method]["parameters"]:
                    _complete(parameter)
    return document


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
            "parameters": list(item["get"].get("parameters", [])),
            "responses": {"200": {"description": "It is there"}},
        }
    if "options" not in item:
        named = _OPTIONS.get(path) or f"options{_capital(_VERBS.sub('', first))}"
        item["options"] = {
            "operationId": named,
            "summary": "Allowed methods",
            "tags": next((item[m].get("tags", []) for m in _METHODS if m in item), []),
            "parameters": own,
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


def _complete(parameter: dict[str, Any]) -> None:
    """Lists are written with commas unless they say otherwise; some headers are required."""
    schema = parameter.get("schema")
    if schema is None:
        return
    if schema.pop(REQUIRED, False):
        parameter["required"] = True
    repeated = schema.pop("x-repeated", False)
    kinds = [schema, *schema.get("anyOf", ())]
    if parameter["in"] == "query" and any(kind.get("type") == "array" for kind in kinds):
        parameter.update(style="form", explode=bool(repeated))


def as_yaml(document: dict[str, Any]) -> str:
    """The document in YAML, in the order it was made."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes shared parts out: anchors mean nothing to readers of OpenAPI."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c1c1e;background:#fff}code,pre{background:#f2f2f4;border-radius:4px}"
    "code{padding:.1em .3em}pre{padding:.6em;overflow:auto}h2{margin-top:2.2em}"
    "summary{cursor:pointer;padding:.3em 0}b.m{display:inline-block;width:5em}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2em .8em .2em 0}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#16161a}"
    "code,pre{background:#26262c}a{color:#8ab4ff}}"
)


def page(title: str, body: str) -> str:
    """An HTML page in the one style, with nothing to fetch."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    )


def as_page(document: dict[str, Any]) -> str:
    """The document for people: operations by tag, each with its parameters and answers."""
    by_tag: dict[str, list[str]] = {}
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item and method not in ("options", "head"):
                tag = (item[method].get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).append(_operation(path, method, item[method]))
    sections = (
        f"<h2>{escape(tag)}</h2>{''.join(operations)}" for tag, operations in by_tag.items()
    )
    info = document["info"]
    about = f"<p>Version {escape(info['version'])}. {escape(info.get('description', ''))}</p>"
    return page(info["title"], about + "".join(sections))


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
        f"<td>{'required' if one.get('required') else ''}<td>{escape(one.get('description', ''))}"
        for one in operation.get("parameters", ())
        if "name" in one
    )
    answers = "".join(
        f"<tr><td>{escape(status)}<td>{escape(one.get('description', ''))}"
        for status, one in operation.get("responses", {}).items()
    )
    body = ", ".join(operation.get("requestBody", {}).get("content", ()))
    return (
        f'<details><summary><b class="m">{method.upper()}</b><code>{escape(path)}</code> '
        f"{escape(operation.get('summary', ''))}</summary>"
        f"<p>{escape(operation.get('description', ''))} <code>{operation['operationId']}</code></p>"
        f"<table>{rows}</table>{f'<p>Body: {escape(body)}</p>' if body else ''}"
        f"<table>{answers}</table></details>"
    )


def error_page(code: int, found: Iterable[tuple[type[Refusal], Entry]]) -> str:
    """What one error code means, for people who followed the link of an error."""
    parts = []
    for refusal, entry in found:
        pattern = re.sub(r"\{[^}]*\}", "…", refusal.detail)
        parts.append(
            f"<h2>{escape(entry.desc)} (HTTP status {entry.status})</h2>"
            f"<p>{escape(' '.join((refusal.__doc__ or '').split()))}</p>"
            f"<p>The detail reads: <code>{escape(pattern)}</code></p>"
        )
    return page(f"Error {code}", "".join(parts))
