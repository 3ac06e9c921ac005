"""HTML pages that need nothing from any network: the document, and what errors mean."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final

from api.catalogue.entry import Entry
from api.catalogue.remedies import remedy
from domain.shared.refusal import Refusal

_METHODS: Final = ("get", "post", "put", "patch", "delete")
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
            if method in item:
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
            f"<p>What to do: {escape(remedy(entry))}</p>"
        )
    return page(f"Error {code}", "".join(parts))
