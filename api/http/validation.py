"""Which refusal a failed validation is: of the path, the query, a header or the body."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.http.messages import message_of
from api.http.refusals import BadBody, BadHeader, BadQuery, HttpRefusal, PageNotFound

_OF_OTHERS = frozenset({"missing", "extra_forbidden", "literal_error"})
"""Problems of a value that was meant to be another alternative."""

Problem = Mapping[str, Any]
"""One error as pydantic lists it: type, loc, msg, ctx."""


def refusal_of(problems: Sequence[Problem], body: object, bad_body: type[BadBody]) -> HttpRefusal:
    """The refusal to answer; the path is judged first, then query, headers and body."""
    by_place: dict[object, list[Problem]] = {}
    for problem in problems:
        by_place.setdefault(problem["loc"][0], []).append(problem)
    if "path" in by_place:
        return PageNotFound()
    if bad := by_place.get("query"):
        return BadQuery(", ".join(_names(bad)))
    for place in ("header", "cookie"):
        if bad := by_place.get(place):
            return BadHeader(", ".join(_names(bad)))
    return _bad_body(by_place.get("body") or list(problems), body, bad_body)


def _names(problems: Iterable[Problem]) -> list[str]:
    """The parameters at fault, each once; a rule over several names them in its context."""
    names: dict[str, None] = {}
    for problem in problems:
        location = problem["loc"]
        if len(location) > 1:
            names[str(location[1])] = None
        else:
            names.update(dict.fromkeys(problem.get("ctx", {}).get("parameters", ())))
    return list(names)


def _bad_body(problems: Sequence[Problem], body: object, bad_body: type[BadBody]) -> BadBody:
    """The first problem; among alternatives of a union, the nearest to what was meant."""
    problems = _of_the_nearest(problems, body)
    paths = [_real_path(problem, body) for problem in problems]
    chosen = 0
    if any(len(path) < len(p["loc"]) - 1 for path, p in zip(paths, problems, strict=True)):
        chosen = max(range(len(paths)), key=lambda index: (len(paths[index]), -index))
    path, problem = paths[chosen], problems[chosen]
    if problem["type"] == "extra_forbidden":
        *parent, name = path
        message = f"Additional properties are not allowed ('{name}' was unexpected)"
        return bad_body(_dotted(parent), message)
    return bad_body(_dotted(path), _message(problem))


def _of_the_nearest(problems: Sequence[Problem], body: object) -> Sequence[Problem]:
    """The problems of the alternative that has the fewest; all, where nothing had alternatives."""
    by_label: dict[tuple[int | str, ...], list[Problem]] = {}
    for problem in problems:
        by_label.setdefault(_up_to_label(problem, body), []).append(problem)
    own = by_label.pop((), [])
    # A list with a wrong item is counted without it, which is no problem of its own.
    if not by_label or not all(_around(one, by_label) for one in own):
        return problems  # wrong whichever alternative was meant
    nearest = min(map(_distance, by_label.values()))
    return [one for group in by_label.values() if _distance(group) == nearest for one in group]


def _around(problem: Problem, labels: Iterable[tuple[int | str, ...]]) -> bool:
    location = tuple(problem["loc"][1:])
    return any(label[: len(location)] == location for label in labels)


def _distance(problems: Sequence[Problem]) -> tuple[int, int]:
    """How far an alternative was missed: by its problems, then by what looks like another one."""
    return len(problems), sum(one["type"] in _OF_OTHERS for one in problems)


def _up_to_label(problem: Problem, body: object) -> tuple[int | str, ...]:
    """The location up to the first label of an alternative, empty without one."""
    location = tuple(problem["loc"][1:])
    value: Any = body
    for at, part in enumerate(location):
        inside = isinstance(value, Mapping) and part in value
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            inside = True
        if not inside:
            missing = problem["type"] == "missing" and at == len(location) - 1
            return () if missing else location[: at + 1]
        value = value[part]
    return ()


def _message(problem: Problem) -> str:
    return message_of(problem["type"], str(problem["msg"]), problem.get("ctx", {}))


def _real_path(problem: Problem, body: object) -> list[int | str]:
    """The location in the body, without the labels pydantic adds for alternatives of a union."""
    location = problem["loc"][1:]
    path: list[int | str] = []
    value: Any = body
    for part in location:
        if isinstance(value, Mapping):
            inside = part in value
        else:
            inside = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if inside:
            value = value[part]
            path.append(part)
    if problem["type"] == "missing" and location:  # the one part that is not in the body
        path.append(location[-1])
    return path


def _dotted(path: Iterable[int | str]) -> str:
    return ".".join(map(str, path))
