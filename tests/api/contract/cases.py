"""The one generator: what is asked wrongly of every operation, and how each is answered."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tests.api.contract import stream_requests
from tests.api.contract.asking import Asked, World
from tests.api.contract.bounds import Try, body_tries, query_values
from tests.api.contract.operations import Operation
from tests.api.contract.requests import NUMBERED
from tests.api.contract.stream_requests import StreamStates, of_both
from tests.api.eyes import FOUR_PEOPLE, photo
from tests.api.files import FACE
from tests.api.people import some_id
from tests.api.unchanged.test_foreign_ids import MISSING

ACCOUNT = "Luna-Account-Id"
_MISSING = {**MISSING, "stream_id": 39001, "group_id": 39008}
_NAMES_WHO_ASKS = ("putStream", "putStreamV2")
"""Their bodies name the account; test_stream_groups.py asks as another one."""

TOO_LARGE = 65 << 20


class Told(NamedTuple):
    """How a request is refused: the status, the code, and what the detail looks like."""

    status: int
    code: int
    detail: str = ".+"


Wrong = Iterable[tuple[Asked, Told]]
Wrongly = Callable[[Asked, World], Wrong]


class Case(NamedTuple):
    """One row: its name, requests made from the granted one with their refusals, and who asks."""

    name: str
    wrong: Wrongly
    told: Told
    who: str = "mine"


def refusals(operation: Operation) -> Iterator[Case]:
    """Every wrong request whose refusal is the same for all operations of its kind."""
    yield from _about_accounts(operation)
    yield from _about_ids(operation)
    yield from _about_forms(operation)
    yield from _about_queries(operation)
    yield from _about_bodies(operation)
    yield from SPECIAL.get(operation.key, ())


def _one(name: str, told: Told, who: str = "mine", **changes: object) -> Case:
    """The granted request with these parts exchanged; headers are added to its own."""

    def wrong(asked: Asked, world: World) -> Wrong:
        given = dict(changes)
        headers = {**asked.headers, **given.pop("headers", {})}  # type: ignore[dict-item]
        if "content" in given:
            given["json"] = None
        return [(replace(asked, headers=headers, **given), told)]  # type: ignore[arg-type]

    return Case(name, wrong, told, who)


def _about_accounts(operation: Operation) -> Iterator[Case]:
    header = operation.parameters("header").get(ACCOUNT)
    if header is None or operation.method == "OPTIONS":  # no browser names an account there
        return
    unreadable = Told(400, 90002, f".*{ACCOUNT}.*")
    if header.get("required"):
        unnamed = Told(403, 11036, f"{ACCOUNT} header is required.*")
        if operation.service == "api" and "403" not in operation.answers():
            unnamed = Told(400, 12012, ".*'account_id'")
        unreadable = unnamed
        yield _one("without-account", unnamed, "nobody")
    yield _one("bad-account", unreadable, "nobody", headers={ACCOUNT: "me"})


def _about_ids(operation: Operation) -> Iterator[Case]:
    if not operation.ids or operation.method == "OPTIONS":
        return
    (name,) = operation.ids
    numbered = name in NUMBERED
    none = some_id() if not numbered else "999999999"
    told = Told(404, _MISSING.get(name, 0), ".*'?[0-9a-f-]+'? .*")

    def elsewhere(case: str, wanted: str, told: Told) -> Case:
        def wrong(asked: Asked, world: World) -> Wrong:
            return [(replace(asked, url=operation.url({**world.ids, name: wanted})), told)]

        return Case(case, wrong, told)

    yield elsewhere("unknown-id", none, told)
    if operation.service == "api":
        return  # test_foreign_ids.py and test_bad_input.py ask for the rest
    if operation.name not in _NAMES_WHO_ASKS:
        yield _one("id-of-another-account", told, "stranger")
    for number, wrong in enumerate(("x", "9" * 32, "%ff", some_id()[:-1])):
        yield elsewhere(f"bad-id-{number}", wrong, Told(404, 12013))


def _about_forms(operation: Operation) -> Iterator[Case]:
    if "413" in operation.answers() or "requestBody" in operation.told:
        yield _one("too-large", Told(413, 37003), declared=TOO_LARGE)
    if "415" in operation.answers():
        yield _one("bad-accept", Told(415, 12024), headers={"Accept": "image/gif"})
    if "requestBody" not in operation.told:
        return
    elsewhere = operation.service == "api" and operation.method != "DELETE"
    kinds = ["video/mp4", "application/json; charset=utf-16"]  # test_bad_input.py sends them there
    for number, kind in enumerate([] if elsewhere else kinds):
        told, headers = Told(400, 12017, "Bad content type"), {"Content-Type": kind}
        yield _one(f"content-type-{number}", told, content=b"{}", headers=headers)
    if operation.body():
        for form, content in (("json", b'{"'), ("msgpack", b"\xc1")):
            told = Told(400, _bad_body(operation), ".*Path: '', .*")
            headers = {"Content-Type": f"application/{form}"}
            yield _one(f"unreadable-{form}", told, content=content, headers=headers)


def _bad_body(operation: Operation) -> int:
    return 11027 if operation.service == "sender" else 12022


def _about_queries(operation: Operation) -> Iterator[Case]:
    for name, parameter in operation.parameters("query").items():
        told = Told(400, 12012, rf"Bad query parameters '(.*, )?{re.escape(name)}(, .*)?'")
        _, values = query_values(name, parameter["schema"])

        def wrong(
            asked: Asked, _: World, name: str = name, values: list[object] = values,
            told: Told = told,
        ) -> Wrong:  # fmt: skip
            tried = ({**asked.params, name: value} for value in values)
            return [(replace(asked, params=params), told) for params in tried]

        if values:
            yield Case(f"query-{name}", wrong, told)


def _about_bodies(operation: Operation) -> Iterator[Case]:
    told = Told(400, _bad_body(operation))
    for part, tries in body_tries(operation).items():

        def wrong(asked: Asked, _: World, tries: list[Try] = tries) -> Wrong:
            for one in tries:
                for value in one.wrong:
                    yield one.put(asked, value), told._replace(detail=one.complaint)

        yield Case(f"body-{part}", wrong, told)


TOGETHER: dict[str, dict[str, object]] = {
    "origin_longitude": {"origin_latitude": 0},
    "origin_latitude": {"origin_longitude": 0},
    "longitude_delta": {"origin_latitude": 0, "origin_longitude": 0},
    "latitude_delta": {"origin_latitude": 0, "origin_longitude": 0},
    "extract_descriptor": {"extract_basic_attributes": 1},
}
"""What must be asked beside a parameter for it to be allowed."""

EITHER = {"attribute_ids", "event_ids", "external_ids", "face_ids"}
"""What is never asked together by operations of which a granted request asks one."""

Allowed = Iterable[tuple[Asked, str]]
"""Requests, each with the name or the path that nothing may be said against."""


def variants(operation: Operation) -> Iterator[tuple[str, Callable[[Asked], Allowed]]]:
    """Requests at the right side of every bound, and with every value of each enum."""
    for name, parameter in operation.parameters("query").items():
        values, _ = query_values(name, parameter["schema"])

        def asking(asked: Asked, name: str = name, values: list[object] = values) -> Allowed:
            for value in values:
                kept = {k: v for k, v in asked.params.items() if not {k, name} <= EITHER}
                params = {**kept, **TOGETHER.get(name, {}), name: value}
                yield replace(_light(asked), params=params), name

        if values:
            yield f"query-{name}", asking
    for part, tries in body_tries(operation).items():

        def telling(asked: Asked, tries: list[Try] = tries) -> Allowed:
            return ((one.put(asked, value), one.dotted) for one in tries for value in one.right)

        yield f"body-{part}", telling


def _light(asked: Asked) -> Asked:
    """The request with an image in which nothing is to be estimated."""
    if asked.headers.get("Content-Type") != "image/jpeg":
        return asked
    return replace(asked, content=FACE, headers={**asked.headers, "Content-Type": "image/png"})


def _crowd(asked: Asked, world: World) -> Wrong:
    body = {"policies": {"detect_policy": {"multiface_policy": 0}}}
    made = world.client.post("/6/handlers", json=body).json()["handler_id"]
    told = Told(400, 11038, "Multiple faces found in image .* detect .*")
    yield replace(asked, url=f"/6/handlers/{made}/events", content=photo(FOUR_PEOPLE)), told


def _of_streams(name: str, told: Told, states: StreamStates) -> Case:
    """The granted request to streams of the account that stand so."""

    def wrong(asked: Asked, world: World) -> Wrong:
        for stream_id, body in states(world):
            url = re.sub(r"(?<=/streams/)[0-9a-f-]{36}", stream_id, asked.url)
            yield replace(asked, url=url, json=body), told

    return Case(name, wrong, told)


def _named_already(asked: Asked, world: World) -> Wrong:
    taken = {**asked.json, "group_name": some_id()}
    assert world.client.post("/streams/1/groups", json=taken).status_code == 201
    yield replace(asked, json=taken), Told(409, 39006, "Group named '.*' already exists")


_LATE_PAUSE = Told(400, 39003, "Processing of stream with id '.*' is already in progress .*")
_LATE_CANCEL = Told(400, 39005, "Processing of streams with id '.*' is finished .*")
_NO_PREVIEW = Told(404, 39009, "Not found `.*` preview url for stream with id '.*'.")
_SHOWN = ("previewFrameProxy", "previewLiveProxy")

SPECIAL: dict[str, tuple[Case, ...]] = {
    **of_both("createGroup", Case("named-already", _named_already, Told(409, 39006))),
    **of_both(
        "patchStream",
        _one("nothing", Told(400, 12022, ".*'at least one field must have a value'"), json={}),
        _of_streams("film-in-progress", _LATE_PAUSE, stream_requests.film_in_progress),
        _of_streams("finished", _LATE_CANCEL, stream_requests.finished),
    ),
    **{
        key: cases
        for name in _SHOWN
        for key, cases in of_both(
            name,
            _of_streams("without-preview", _NO_PREVIEW, stream_requests.not_shown),
            _of_streams("unreachable", Told(500, 39010), stream_requests.unreachable),
        ).items()
    },
    "extractAttributes": (
        _one("unknown-sample", Told(404, 13003, "Image with id '.*' not found"), json=[some_id()]),
    ),
    "generateEvents": (Case("several-faces", _crowd, Told(400, 11038)),),
}
"""Refusals that only one operation gives, by its key."""

EVERYWHERE = {("api", 12017): "test_bad_input.py sends what no operation takes to each of them"}
"""Listed errors of all operations of a service that other tests provoke."""

ELSEWHERE = {
    **dict.fromkeys(
        (
            (f"streams.{name}Stream{version}", 11055)
            for name in ("create", "put", "patch")
            for version in ("", "V2")
        ),
        "streams need no licence here",
    ),
    ("streams.metrics", 12049): "metrics are always served",
    ("getTaskResult", 13007): "said of a task that has no result; tests of tasks have one",
    **dict.fromkeys(
        (("optionsSample", 13003), ("optionsFaceSample", 13003), ("optionsSamplePrevious", 13003)),
        "OPTIONS is asked by browsers before they name an account, and tells methods only",
    ),
}
"""Listed errors that no request provokes, by operation and code, with the reason."""
