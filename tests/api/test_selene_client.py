"""The client package against the running service: calls, errors, repetitions, subscriptions."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, closing
from uuid import UUID, uuid4

import httpx
import pytest

from selene_client import (
    AsyncClient,
    BadRequest,
    Client,
    Forbidden,
    NotFound,
    Specification,
    Unauthorized,
    Unavailable,
    Unreachable,
    accounts,
    attributes,
    events,
    faces,
    files,
    handlers,
    lists,
    matcher,
    system,
    verifiers,
    vision,
)
from tests.api.eyes import DAD, DAD_AGAIN, MOM, photo
from tests.api.files import FACE, KINDS
from tests.api.people import raw_descriptor
from tests.architecture.luna_operations import read_table
from tests.support.ports import free_ports
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media, needs_models

BASIC = {"age": 30, "gender": 0, "ethnicity": 4}


@pytest.fixture
def selene(running: RunningApi, account_id: UUID) -> Iterator[Client]:
    """The client of the account."""
    with Client(running.url, account_id=account_id) as made:
        yield made


def test_faces_and_lists(selene: Client) -> None:
    staff = selene.send(lists.create(user_data="staff"))["list_id"]
    ann = selene.send(faces.create(user_data="Ann", lists=[UUID(staff)]))["face_id"]
    bob = selene.send(faces.create(external_id="B-1"))["face_id"]
    selene.send(lists.attach(staff, bob))

    assert selene.send(faces.count(list_id=staff)) == 2
    selene.send(lists.detach(staff, bob))
    selene.send(lists.rename(staff, "team"))
    selene.send(faces.edit(bob, user_data="Bob"))
    found = selene.send(faces.find(list_id=staff, targets=["user_data", "lists"]))
    assert found == [{"user_data": "Ann", "lists": [staff]}]
    assert selene.send(faces.get(bob, targets=["user_data"])) == {"user_data": "Bob"}
    assert [one["user_data"] for one in selene.send(lists.find())] == ["team"]
    assert selene.send(lists.get(staff))["user_data"] == "team"
    selene.send(faces.delete(ann, bob))
    selene.send(lists.delete(staff))
    assert (selene.send(faces.count()), selene.send(lists.count())) == (0, 0)


def test_attributes_and_matching(selene: Client, running: RunningApi) -> None:
    descriptors = [raw_descriptor(running)]
    made = selene.send(
        attributes.create(basic_attributes=BASIC, face_descriptors=descriptors, ttl=60)
    )["attribute_id"]
    ann = selene.send(faces.create(user_data="Ann", attribute={"attribute_id": made}))["face_id"]
    selene.send(faces.put_attributes(ann, {"face_descriptors": descriptors}))
    assert selene.send(faces.attributes(ann))["basic_attributes"] is None

    assert selene.send(attributes.get(made))["basic_attributes"] == BASIC
    assert len(selene.send(attributes.find([made]))) == 1
    (matched,) = selene.send(
        matcher.match_faces([matcher.attribute(made)], [matcher.among_faces(face_ids=[ann])])
    )
    (best,) = matched["matches"][0]["result"]
    assert (best["face"]["face_id"], best["similarity"]) == (ann, 1)
    selene.send(attributes.delete(made))
    with pytest.raises(NotFound):
        selene.send(attributes.get(made))


def test_files(selene: Client) -> None:
    for kind, stored in (("images", KINDS["image"]), ("objects", KINDS["object"])):
        made = selene.send(files.store(kind, stored.data, stored.content_type))  # type: ignore[arg-type]
        file_id = made[stored.key]  # type: ignore[literal-required]
        assert selene.send(files.get(kind, file_id)) == stored.data  # type: ignore[arg-type]
        selene.send(files.delete(kind, file_id))  # type: ignore[arg-type]
    sample = selene.send(files.store("samples/faces", FACE, "image/png"))["sample_id"]
    assert len(selene.send(vision.extract([sample]))) == 1


def test_what_is_refused_is_raised_with_its_code(selene: Client, running: RunningApi) -> None:
    gone = uuid4()
    with pytest.raises(NotFound) as missing:
        selene.send(faces.get(gone))
    assert (missing.value.code, missing.value.status) == (22002, 404)
    assert str(gone) in missing.value.detail
    with pytest.raises(BadRequest, match="user_data"):
        selene.send(faces.create(user_data="x" * 129))
    with Client(running.url) as nobody, pytest.raises(Forbidden):
        nobody.send(faces.create())
    with Client(running.url, login=("no@body.example", "x")) as nobody, pytest.raises(Unauthorized):
        nobody.send(faces.count())
    (port,) = free_ports(1)
    with Client(f"http://127.0.0.1:{port}", retries=1) as nowhere, pytest.raises(Unreachable):
        nowhere.send(system.version())


def test_an_account_and_its_token_ask_too(running: RunningApi) -> None:
    login = (f"{uuid4()}@example.com", "secret")
    with Client(running.url) as nobody:
        made = nobody.send(accounts.create(*login))["account_id"]
    with Client(running.url, login=login) as owner:
        assert owner.send(accounts.me())["account_id"] == made
        token = owner.send(accounts.create_token({"face": ["view"]}))
    with Client(running.url, token=token["token"]) as guest:
        assert guest.send(faces.count()) == 0
        with pytest.raises(Forbidden):
            guest.send(faces.create())


def _answering(selene: Client, *statuses: int) -> list[httpx.Request]:
    """Let the service look as if it answered so; gives what it was asked."""
    left, seen = list(statuses), []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        body = {"face_id": "f", "url": "u", "error_code": 90042, "desc": "busy", "detail": "-"}
        return httpx.Response(left.pop(0), json=body, headers={"Retry-After": "0"})

    selene.close()
    selene._http = httpx.Client(base_url=selene.url, transport=httpx.MockTransport(answer))
    return seen


def test_a_busy_service_is_asked_again_under_the_same_key(selene: Client) -> None:
    seen = _answering(selene, 503, 503, 201)
    assert selene.send(faces.create())["face_id"] == "f"
    assert len({request.headers["idempotency-key"] for request in seen}) == 1
    assert len(seen) == 3

    seen = _answering(selene, *[503] * 4)
    with pytest.raises(Unavailable):
        selene.send(faces.count())
    assert len(seen) == 4
    assert "idempotency-key" not in seen[0].headers


def test_a_repeated_call_changes_nothing_twice(selene: Client) -> None:
    sending = selene._sending
    request = sending.request(faces.create(user_data="once"), None)
    first, second = (selene._http.request(**request) for _ in range(2))
    assert first.json() == second.json()
    assert selene.send(faces.count()) == 1


def test_answers_can_be_demanded_up_to_a_position(selene: Client, account_id: UUID) -> None:
    selene.send(faces.create())
    with Client(selene.url, account_id=account_id) as other:
        assert other.send(faces.count(), at_least=selene.position) == 1
    assert other.position >= selene.position > 0


def test_every_operation_can_be_called_by_its_name(selene: Client) -> None:
    specification = Specification.of(selene)
    done = {
        one.operation_id for one in read_table() if (one.service, one.status) == ("api", "done")
    }
    assert not done - set(specification.names())

    made = selene.send(specification.call("createList", body={"user_data": "staff"}))
    shown = selene.send(specification.call("getList", list_id=made["list_id"]))
    assert shown["user_data"] == "staff"
    assert selene.send(specification.call("deleteList", list_id=made["list_id"])) is None
    stored = specification.call("getLists", page_size=5, user_data="staff")
    assert selene.send(stored) == {"lists": []}
    for wrong in ({"name": "noSuch"}, {"name": "getLists", "colour": "red"}):
        with pytest.raises(ValueError, match=r"has no (operation|parameter)"):
            specification.call(**wrong)


def test_events_are_saved_found_and_told(selene: Client) -> None:
    gate = selene.send(handlers.create(description="gate"))["handler_id"]
    with closing(selene.subscribe()) as told:
        made = selene.send(handlers.save_event(gate, {"source": "door", "tags": ["a"]}))
        saved = made["event_id"]
        assert next(told)["event"]["event_id"] == saved

    assert selene.send(events.get(saved, target=["source"])) == {"source": "door"}
    (found,) = selene.send(events.find(sources=["door"], tags=["a"], target=["event_id"]))
    assert found["event_id"] == saved
    stats = selene.send(events.statistics([{"column": "event_id", "aggregator": "count"}]))
    assert stats["stats"]
    assert selene.send(handlers.count(is_dynamic=True)) == 1
    assert selene.send(handlers.find(is_dynamic=True))[0]["description"] == "gate"
    selene.send(handlers.replace(gate, {"detect_policy": {}}))
    selene.send(handlers.validate({"detect_policy": {}}))
    selene.send(events.delete(saved))
    selene.send(handlers.delete(gate))
    verifier = selene.send(verifiers.create(description="door"))["verifier_id"]
    assert selene.send(verifiers.get(verifier))["description"] == "door"
    assert len(selene.send(verifiers.find())) == 1
    selene.send(verifiers.delete(verifier))


async def test_the_same_without_blocking(running: RunningApi, account_id: UUID) -> None:
    async with AsyncClient(running.url, account_id=account_id) as selene:
        made = await asyncio.gather(*(selene.send(faces.create()) for _ in range(8)))
        assert len({one["face_id"] for one in made}) == await selene.send(faces.count()) == 8
        with pytest.raises(NotFound):
            await selene.send(faces.get(uuid4()))
        gate = (await selene.send(handlers.create()))["handler_id"]
        async with aclosing(selene.subscribe()) as told:
            await selene.send(handlers.save_event(gate, {"source": "door"}))
            assert (await anext(told))["event"]["source"] == "door"
        specification = await Specification.of_async(selene)
        assert await selene.send(specification.call("getVersion"))


@needs_media
@needs_models
def test_photos(eyes: RunningApi, account_id: UUID) -> None:
    with Client(eyes.url, account_id=account_id) as selene:
        assert selene.send(system.features())
        seen = selene.send(vision.sdk([photo(DAD), photo(MOM)], detect_face=True))
        assert [one["status"] for one in seen["images_estimations"]] == [1, 1]
        enrol = selene.send(
            handlers.create({"storage_policy": {"face_policy": {"store_face": 1}}})
        )["handler_id"]
        kept = selene.send(handlers.run(enrol, photo(DAD), user_data="dad"))["events"][0]
        known = [kept["face"]["face_id"]]
        gate = selene.send(handlers.create())["handler_id"]
        told = selene.send(
            handlers.run(
                gate,
                photo(DAD_AGAIN),
                policies={"match_policy": [{"label": "all", "candidates": {"origin": "faces"}}]},
            )
        )
        best = told["events"][0]["matches"][0]["candidates"][0]
        assert best["face"]["user_data"] == "dad"
        door = selene.send(verifiers.create())["verifier_id"]
        for name, same in ((DAD_AGAIN, True), (MOM, False)):
            answer = selene.send(verifiers.verify(door, photo(name), face_ids=known))
            faces_found = answer["images"][0]["detections"]["face_detections"]
            assert faces_found[0]["verifications"][0]["status"] is same
        assert selene.send(vision.liveness(photo(DAD)))["images"]
        assert selene.send(vision.iso(photo(DAD)))["images"]
        assert selene.send(vision.detect(photo(DAD)))["images"]
