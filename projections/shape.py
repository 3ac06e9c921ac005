"""The shape of a read model: a digest that changes when its rows could become others."""

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from projections.table import Table

_DRIVER = 1  # raise when what drivers make of the same rules changes
_OURS = ("domain.", "projections.", "tests.")


@cache
def shape_of(table: Table) -> str:
    """The digest of columns, indexes, rules, and of the source of the functions in them.

    Comments, docstrings and layout do not count.
    """
    digest = hashlib.sha256()
    seen: set[int] = set()
    said = [
        repr((_DRIVER, table.name, table.key, sorted(table.columns.items()), table.indexes)),
        repr((sorted(table.unique.items()), sorted(table.defaults.items()))),
        repr((sorted(table.grouped.items()), table.marking)),
    ]
    for rules in (table.rules, table.sweeps):
        for event_class, rule in sorted(rules.items(), key=lambda item: item[0].TOPIC):
            version = getattr(event_class, "class_version", 1)
            said += [f"{event_class.TOPIC} {version}", *_described(rule, seen)]
    for line in said:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _described(thing: Any, seen: set[int]) -> Iterator[str]:
    """What a value, function or object amounts to; our functions, classes and objects once."""
    if isinstance(thing, Mapping):
        for name, value in sorted(thing.items(), key=lambda item: str(item[0])):
            yield repr(name)
            yield from _described(value, seen)
    elif isinstance(thing, tuple | list):
        for value in thing:
            yield from _described(value, seen)
    elif isinstance(thing, set | frozenset):
        yield repr(sorted(thing, key=repr))
    elif isinstance(thing, str | int | float | bool | bytes) or thing is None:
        yield repr(thing)
    elif isinstance(thing, FunctionType | type):
        yield thing.__qualname__
        if _is_ours(thing, seen):
            yield from _of_code(thing, seen)
    elif not _is_ours(type(thing), set()):
        yield repr(thing).partition(" at 0x")[0]
    elif id(thing) not in seen:
        seen.add(id(thing))
        yield from _described(type(thing), seen)
        yield from _described(_fields(thing), seen)


def _is_ours(thing: FunctionType | type, seen: set[int]) -> bool:
    if id(thing) in seen or not f"{thing.__module__}.".startswith(_OURS):
        return False
    seen.add(id(thing))
    return True


def _fields(thing: Any) -> dict[str, Any]:
    slots = getattr(type(thing), "__slots__", ())
    fields = {name: getattr(thing, name) for name in slots} or dict(getattr(thing, "__dict__", {}))
    return {name: value for name, value in fields.items() if name != "event_class"}


def _of_code(thing: FunctionType | type, seen: set[int]) -> Iterator[str]:
    yield _source(thing)
    if isinstance(thing, FunctionType):
        functions = [thing]
    else:
        functions = [
            f
            for f in vars(thing).values()
            if isinstance(f, FunctionType) and f.__module__ == thing.__module__
        ]
        yield from _described(thing.__bases__, seen)
    for function in functions:
        cells = (cell.cell_contents for cell in function.__closure__ or ())
        for value in (*cells, *(function.__defaults__ or ())):
            yield from _described(value, seen)
        names = sorted(set(_names(function.__code__)))
        for name in names:
            if name in function.__globals__:
                yield name
                yield from _described(function.__globals__[name], seen)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _source(thing: FunctionType | type) -> str:
    wanted = thing.__code__.co_firstlineno if isinstance(thing, FunctionType) else None
    found = []
    for node in ast.walk(_module(thing.__module__)):
        if isinstance(node, ast.ClassDef) and isinstance(thing, type):
            if node.name == thing.__name__:
                found.append(ast.unparse(node))
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
            if min([node.lineno, *(d.lineno for d in decorators)]) == wanted:
                found.append(ast.unparse(node))
    return "\n".join(found)


@cache
def _module(name: str) -> ast.Module:
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree
