"""A request of each operation that is granted; what is not here is made from the contract."""

import base64
import http.client
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgpack
import orjson

from domain.shared.biometrics import DescriptorKind
from tests.api.belongings import belongings
from tests.api.contract.operations import Operation
from tests.api.eyes import DAD, photo
from tests.api.files import FACE, KINDS
from tests.api.people import BASIC, raw_descriptor, some_id, unit_vector
from tests.api.tasks import done, ended, give
from tests.api.test_accounts import account
from tests.api.test_schedules import GC, YEARLY
from tests.support.json_schema import smallest
from tests.support.running_api import RunningApi

MSGPACK = "application/msgpack"


@dataclass(frozen=True)
class Asked:
    """A request without its method: where, with what, and under which headers.

    Where there are both a JSON body and bytes, the bytes are sent and the other is tried on.
    """

    url: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    """A Content-Length that promises more than is ever sent."""

    def sent(self, client: httpx.Client, method: str) -> httpx.Response:
        """The answer to it."""
        if self.declared is not None:
            return self._announced(client, method, self.declared)
        body: dict[str, Any] = {}
        if self.content is not None:
            body["content"] = self.content
        elif self.json is not None:
            body["json"] = self.json
        return client.request(method, self.url, params=self.params, headers=self.headers, **body)

    def _announced(self, client: httpx.Client, method: str, length: int) -> httpx.Response:
        place = urlsplit(str(client.base_url))
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
        headers = {**client.headers, **self.headers, "Content-Length": str(length)}
        connection.request(method, self.url, headers=headers)
        answer = connection.getresponse()
        made = httpx.Response(answer.status, headers=dict(answer.headers), content=answer.read())
        connection.close()
        return made

    def packed(self) -> "Asked":
        """The same in MessagePack, as are the answers that it wants."""
        headers = {**self.headers, "Accept": MSGPACK}
        if self.json is None or self.content is not None:
            return replace(self, headers=headers)
        packed = msgpack.packb(self.json)
        return replace(
            self, json=None, content=packed, headers={**headers, "Content-Type": MSGPACK}
        )


@dataclass(frozen=True)
class World:
    """An account: who asks, and the ids of one thing of every kind that it has."""

    api: RunningApi
    client: httpx.Client
    ids: dict[str, str]
    login: dict[str, Any]
    made: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(api: RunningApi, client: httpx.Client, login: dict[str, Any]) -> "World":
        """A world with fresh things."""
        return World(api, client, belongings(client, api), login)

    def static_handler(self) -> str:
        """A handler with policies of its own, beside the dynamic one."""
        if "handler" not in self.made:
            answer = self.client.post("/6/handlers", json={"policies": {}})
            self.made["handler"] = answer.json()["handler_id"]
        return self.made["handler"]

    def descriptor(self, kind: DescriptorKind) -> dict[str, Any]:
        """A raw descriptor of a kind, as a reference of the matcher."""
        features = {f.kind: f for f in self.api.services.models.descriptors()}
        if kind is DescriptorKind.FACE:
            data = raw_descriptor(self.api)
        else:
            vector = base64.b64encode(unit_vector(features[kind].dimension)).decode()
            data = {"descriptor": vector, "version": features[kind].version}
        return {"id": "probe", "type": "raw_descriptor", "data": data}


def _image(**params: Any) -> Callable[[World], Asked]:
    headers = {"Content-Type": "image/jpeg"}
    return lambda world: Asked(
        params=params, content=photo(DAD), headers=headers, json={"images": [_stored(world)]}
    )


def _stored(world: World) -> dict[str, str]:
    """A stored image, as bodies that take images in JSON name one."""
    return {"image_id": world.ids["image_id"]}


def _file(kind: str) -> Callable[[World], Asked]:
    stored = KINDS[kind]
    headers = {"Content-Type": stored.content_type}
    return lambda _: Asked(content=stored.data, headers=headers)


def _json(make: Callable[[dict[str, str]], Any]) -> Callable[[World], Asked]:
    return lambda world: Asked(json=make(world.ids))


def _matching(kind: str, origin: str) -> Callable[[World], Asked]:
    return lambda world: Asked(
        json={
            "references": [{"type": kind, "id": world.ids[f"{kind}_id"]}],
            "candidates": [{"filters": {"origin": origin}}],
        }
    )


def _bodies(world: World) -> Asked:
    among = {"filters": {"origin": "events"}}
    sent = {"references": [world.descriptor(DescriptorKind.BODY)], "candidates": [among]}
    tried = {"references": [{"type": "event", "id": world.ids["event_id"]}], "candidates": [among]}
    headers = {"Content-Type": "application/json"}
    return Asked(content=orjson.dumps(sent), json=tried, headers=headers)


def _raw(world: World) -> Asked:
    one = world.descriptor(DescriptorKind.FACE)
    return Asked(json={"references": [one], "candidates": [one]})


OLD_EVENTS = {"target": "events", "filters": {"create_time__lt": "2001-01-01T00:00:00Z"}}
GRANTED: dict[str, Callable[[World], Asked]] = {
    "createAccount": lambda _: Asked(json=account(account_id=some_id())),
    "createAttributes": _json(lambda _: {"basic_attributes": BASIC}),
    "createEstimatorTask": lambda world: Asked(
        json={
            "content": {
                "handler": {"handler_id": world.static_handler()},
                "source": {"source_type": "zip", "reference": world.ids["object_id"]},
            }
        }
    ),
    "createGCTask": _json(lambda _: {"content": OLD_EVENTS}),
    "createHandler": _json(lambda _: {"description": "gate", "policies": {}}),
    "createImages": _file("image"),
    "createObjects": _file("object"),
    "createLinkerTask": _json(lambda _: {"content": {"objects_type": "faces", "create_list": 1}}),
    "createROCTask": _json(
        lambda ids: {"content": {"markup": [{"face_id": ids["face_id"], "label": 0}]}}
    ),
    "createSchedule": _json(
        lambda _: {"task": GC, "trigger": YEARLY, "behaviour": {"create_stopped": True}}
    ),
    "createReporterTask": lambda world: Asked(
        json={"content": {"filters": {"task_id": int(NUMBERED["task_id"](world))}}}
    ),
    "createToken": _json(lambda _: {"permissions": {"face": ["view"]}}),
    "createVerifier": _json(lambda _: {"description": "door", "policies": {}}),
    "detectFaces": _image(extract_exif=1),
    "extractAttributes": lambda world: Asked(
        json=[world.ids["sample_id"]], params={"extract_basic_attributes": 1}
    ),
    "generateEvents": lambda world: replace(
        _image()(world), url=f"/6/handlers/{world.static_handler()}/events"
    ),
    "getAttributes": lambda world: Asked(params={"attribute_ids": world.ids["attribute_id"]}),
    "getEventStats": _json(
        lambda _: {
            "targets": [{"column": "age", "aggregator": "max"}],
            "filters": [{"column": "source", "operator": "eq", "value": "door"}],
        }
    ),
    "iso": _image(extract_exif=1),
    "linkFaces": _json(lambda ids: {"action": "attach", "face_ids": [ids["face_id"]]}),
    "matchBodies": _bodies,
    "matchFaces": _matching("attribute", "faces"),
    "matchingRaw": _raw,
    "patchSchedule": _json(lambda _: {"action": "pause"}),
    "putSchedule": _json(lambda _: {"task": GC, "trigger": YEARLY}),
    "replaceTaskNotificationPolicy": _json(
        lambda _: {"enable": 0, "task_callbacks": [], "subtask_callbacks": []}
    ),
    "patchAccount": _json(lambda _: {"description": "gate"}),
    "patchList": _json(lambda _: {"user_data": "guests"}),
    "predictLiveness": lambda world: replace(
        _image()(world), json={"urls": [f"/6/images/{world.ids['image_id']}"]}
    ),
    "putFaceAttributes": _json(lambda _: {"basic_attributes": BASIC}),
    "putHandler": _json(lambda _: {"description": "gate", "policies": {}}),
    "putVerifier": _json(lambda _: {"description": "door", "policies": {}}),
    "rawVerification": _raw,
    "replaceToken": _json(lambda _: {"permissions": {}}),
    "saveSample": lambda _: Asked(content=FACE, headers={"Content-Type": "image/png"}),
    "sdk": _image(
        detect_face=1, detect_body=1, extract_exif=1, aggregate_attributes=1, estimate_liveness=1
    ),
    "verifyAccount": lambda world: Asked(json=world.login),
    "postVerifier": lambda world: replace(
        _image()(world), params={"attribute_ids": world.ids["attribute_id"]}
    ),
    "sender.publishEvents": _json(
        lambda ids: {
            "events": [{"any": 1}],
            "handler_id": ids["handler_id"],
            "event_create_time": "2026-03-01T00:00:00Z",
            "event_end_time": "2026-03-01T00:00:00Z",
        }
    ),
}
"""What the smallest value of the contract's schema would not show, by the operation's key."""


def _failed(world: World) -> str:
    content = {"objects_type": "faces", "list_id": some_id()}
    task_id = give(world.client, "linker", content)
    ended(world.client, task_id)
    errors = world.client.get(f"/6/tasks/{task_id}/errors").json()["errors"]
    return str(errors[0]["error_id"])


def _schedule(world: World) -> str:
    body = {"task": GC, "trigger": YEARLY, "behaviour": {"create_stopped": True}}
    return str(world.client.post("/6/tasks/schedules", json=body).json()["schedule_id"])


NUMBERED: dict[str, Callable[[World], str]] = {
    "task_id": lambda world: str(done(world.client, "gc", OLD_EVENTS)),
    "error_id": _failed,
    "schedule_id": _schedule,
}
"""Things that take long to make, by the names of their ids, which are numbers."""


def granted(operation: Operation, world: World) -> Asked:
    """The request that must succeed."""
    for name in operation.ids:
        if name in NUMBERED and name not in world.ids:
            world.ids[name] = NUMBERED[name](world)
    made = GRANTED.get(operation.key)
    if made is not None:
        asked = made(world)
    else:
        schema = operation.body()
        asked = Asked(json=None if schema is None else _known(smallest(schema), world.ids))
    return asked if asked.url else replace(asked, url=operation.url(world.ids))


def _known(value: Any, ids: dict[str, str]) -> Any:
    """The value with ids of things that are there: face_id, face_ids."""
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if name in ids:
            found[name] = int(ids[name]) if isinstance(inner, int) else ids[name]
        elif name.endswith("_ids") and name[:-1] in ids:
            found[name] = [ids[name[:-1]]]
        else:
            found[name] = _known(inner, ids)
    return found
