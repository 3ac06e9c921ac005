"""A request of each operation that is granted; what is not here is made from the contract."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from domain.shared.biometrics import DescriptorKind
from tests.api.belongings import TEMPLATE
from tests.api.contract import stream_requests
from tests.api.contract.asking import Asked, World
from tests.api.contract.film_requests import film, video_task
from tests.api.contract.operations import Operation
from tests.api.eyes import DAD, photo
from tests.api.files import FACE, KINDS
from tests.api.managing import HOUR, stream_body
from tests.api.managing import new_stream as managed_stream
from tests.api.people import BASIC, some_id
from tests.api.tasks import done, ended, give
from tests.api.test_accounts import account
from tests.api.test_schedules import GC, YEARLY
from tests.support.json_schema import smallest


def _image(**params: Any) -> Callable[[World], Asked]:
    headers = {"Content-Type": "image/jpeg"}
    return lambda world: Asked(
        params=params, content=photo(DAD), headers=headers, json={"images": [_stored(world)]}
    )


def _encoded(name: str) -> str:
    return base64.b64encode(photo(name)).decode()


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


def _general(world: World) -> Asked:
    kind = DescriptorKind.FACE
    among = [{"filters": {"origin": "general_events"}}]
    references = [world.descriptor(kind)]
    return Asked(json={"descriptor_type": kind, "references": references, "candidates": among})


def _raw(world: World) -> Asked:
    one = world.descriptor(DescriptorKind.FACE)
    return Asked(json={"references": [one], "candidates": [one]})


def _hours(world: World) -> str:
    schedules = [{"intervals": [HOUR]}]
    analytics = [{"analytic_name": "human_tracking", "schedules": schedules}]
    stream_id = managed_stream(world.client, analytics=analytics)
    return f"/6/streams/{stream_id}/analytics/0/intervals"


OLD_EVENTS = {"target": "events", "filters": {"create_time__lt": "2001-01-01T00:00:00Z"}}
GENERAL_EVENT = {"event_type": "crowd", "event": {"people": 5}}
GRANTED: dict[str, Callable[[World], Asked]] = {
    **stream_requests.GRANTED,
    "calculateIntervals": _json(lambda _: TEMPLATE),
    "createAnalytic": _json(lambda _: {"analytic_name": some_id()}),
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
        json={"content": {"filters": {"task_id": int(numbered("task_id", world))}}}
    ),
    "createToken": _json(lambda _: {"permissions": {"face": ["view"]}}),
    "createGroup": lambda _: Asked(json={"group_name": some_id()}),
    "createScheduleTemplate": _json(lambda _: TEMPLATE),
    "createVerifier": _json(lambda _: {"description": "door", "policies": {}}),
    "detectFaces": _image(extract_exif=1),
    "emitStreamEvents": lambda world: Asked(
        url=f"/6/handlers/{world.static_handler()}/events/stream",
        json={"sources": [{"source_type": "raw_image", "source": {"body": _encoded(DAD)}}]},
    ),
    "extractAttributes": lambda world: Asked(
        json=[world.ids["sample_id"]], params={"extract_basic_attributes": 1}
    ),
    "generateEvents": lambda world: replace(
        _image()(world), url=f"/6/handlers/{world.static_handler()}/events"
    ),
    "getAttributes": lambda world: Asked(params={"attribute_ids": world.ids["attribute_id"]}),
    "generalPublishOne": _json(
        lambda _: {
            **GENERAL_EVENT,
            "event_create_time": "2026-03-01T00:00:00Z",
            "event_end_time": "2026-03-01T00:00:00Z",
        }
    ),
    "getEventStats": _json(
        lambda _: {
            "targets": [{"column": "age", "aggregator": "max"}],
            "filters": [{"column": "source", "operator": "eq", "value": "door"}],
        }
    ),
    "getGeneralEventsStats": _json(lambda _: {}),
    "iso": _image(extract_exif=1),
    "link": _json(
        lambda ids: {
            "action": "attach",
            "stream_ids": [ids["stream_id"]],
            "group_id": ids["group_id"],
        }
    ),
    "linkFaces": _json(lambda ids: {"action": "attach", "face_ids": [ids["face_id"]]}),
    "matchBodies": _bodies,
    "matchFaces": _matching("attribute", "faces"),
    "matchGeneralEvents": _general,
    "matchingRaw": _raw,
    "patchSchedule": _json(lambda _: {"action": "pause"}),
    "putSchedule": _json(lambda _: {"task": GC, "trigger": YEARLY}),
    "replaceScheduleTemplate": _json(lambda _: TEMPLATE),
    "replaceTaskNotificationPolicy": _json(
        lambda _: {"enable": 0, "task_callbacks": [], "subtask_callbacks": []}
    ),
    "replaceAnalytic": _json(lambda _: {"analytic_name": some_id()}),
    "createAgent": _json(lambda _: {"name": "gates", "analytic_names": ["human_tracking"]}),
    "postStreamsFeedback": _json(
        lambda _: {
            "streams": [
                {"stream_id": some_id(), "status": 1, "version": 1, "time": "2026-03-01T00:00:00Z"}
            ]
        }
    ),
    "getAllStreamAnalyticsWorkingIntervals": lambda world: Asked(url=_hours(world)),
    **{
        f"{verb}StreamAnalyticsWorkingIntervals": lambda world: Asked(
            url=f"{_hours(world)}/0", json={"intervals": [HOUR]}
        )
        for verb in ("get", "put")
    },
    "deleteStreamAnalyticsWorkingIntervals": lambda world: Asked(url=f"{_hours(world)}/0"),
    "createStream": _json(lambda _: stream_body()),
    "replaceStream": _json(lambda _: stream_body()),
    "patchStream": lambda world: Asked(
        url=f"/6/streams/{stream_requests.new_stream(world)}", json={"action": "pause"}
    ),
    "patchGroupStreams": _json(lambda _: {"action": "pause"}),
    "deleteStreams": _json(lambda ids: {"stream_ids": [ids["stream_id"]]}),
    "deleteAnalytics": _json(lambda ids: {"analytic_ids": [ids["analytic_id"]]}),
    "patchAccount": _json(lambda _: {"description": "gate"}),
    "patchGroup": _json(lambda _: {"description": "gates"}),
    "patchList": _json(lambda _: {"user_data": "guests"}),
    "predictLiveness": lambda world: replace(
        _image()(world), json={"urls": [f"/6/images/{world.ids['image_id']}"]}
    ),
    "putFaceAttributes": _json(lambda _: {"basic_attributes": BASIC}),
    "putHandler": _json(lambda _: {"description": "gate", "policies": {}}),
    "putVerifier": _json(lambda _: {"description": "door", "policies": {}}),
    "rawVerification": _raw,
    "replaceToken": _json(lambda _: {"permissions": {}}),
    "saveGeneralEvents": _json(lambda _: {"events": [GENERAL_EVENT]}),
    "saveSample": lambda _: Asked(content=FACE, headers={"Content-Type": "image/png"}),
    "sdk": _image(
        detect_face=1, detect_body=1, extract_exif=1, aggregate_attributes=1, estimate_liveness=1
    ),
    "videosdk": lambda world: Asked(json=film(world)),
    "getVideoTask": lambda world: Asked(url=video_task(world)),
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


def numbered(name: str, world: World) -> str:
    """The number of a thing of the account that is made when it is first asked for."""
    if name not in world.ids:
        world.ids[name] = NUMBERED[name](world)
    return world.ids[name]


def granted(operation: Operation, world: World) -> Asked:
    """The request that must succeed."""
    for name in operation.ids:
        if name in NUMBERED:
            numbered(name, world)
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
