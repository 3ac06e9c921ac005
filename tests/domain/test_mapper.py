"""Domain events survive the log unchanged, and their personal part only with its key."""

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from eventsourcing.domain import DomainEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.faces import Face
from domain.log.mapper import EventMapper
from domain.log.sealing import SealBroken, new_key
from domain.log.topics import event_classes
from domain.shared.owned import personal_fields
from tests.support.event_values import events_of, fields_of, has_type, made

MAPPER = EventMapper()
ANY_CLASS = pytest.mark.parametrize("topic", event_classes())


@ANY_CLASS
@settings(max_examples=25, deadline=None)
@given(data=st.data(), request_id=st.text(max_size=10))
def test_every_event_comes_back_as_it_was(topic: str, data: st.DataObject, request_id: str) -> None:
    event_class = event_classes()[topic]
    event, key = data.draw(events_of(event_class)), new_key()

    stored = MAPPER.encode(event, key, request_id)
    loaded, request = MAPPER.decode(stored, key)

    assert stored.topic == topic
    assert type(loaded) is event_class
    assert vars(loaded) == vars(event)
    assert request == request_id
    for name, hint in fields_of(event_class).items():
        assert has_type(getattr(loaded, name), hint), name


@ANY_CLASS
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_without_its_key_the_personal_part_is_nothing(topic: str, data: st.DataObject) -> None:
    event_class = event_classes()[topic]
    event = data.draw(events_of(event_class))
    personal = personal_fields(event_class)

    stored = MAPPER.encode(event, new_key())
    loaded, _ = MAPPER.decode(stored, None)

    assert vars(loaded) == {**vars(event), **dict.fromkeys(personal)}
    assert not orjson.loads(stored.state).keys() & personal


@ANY_CLASS
def test_personal_fields_are_fields(topic: str) -> None:
    event_class = event_classes()[topic]

    assert personal_fields(event_class) <= fields_of(event_class).keys()


def face_created(face_id: UUID, version: int = 1, said: str = "Ann Smith") -> Any:
    names = fields_of(Face.Created)
    values: dict[str, Any] = {**dict.fromkeys(names), "user_data": said, "external_id": "A-1"}
    values |= {"originator_id": face_id, "originator_version": version, "avatar": ""}
    return made(Face.Created, values)


def test_the_log_does_not_show_what_is_personal() -> None:
    stored = MAPPER.encode(face_created(uuid4()), new_key())

    assert b"Ann" not in stored.state
    assert b"A-1" not in stored.state


def test_a_personal_event_is_never_written_without_a_key() -> None:
    with pytest.raises(ValueError, match="no key"):
        MAPPER.encode(face_created(uuid4()))


def test_a_sealed_part_opens_nowhere_else() -> None:
    face_id, key = uuid4(), new_key()
    stored = MAPPER.encode(face_created(face_id), key)
    moved_in_time = type(stored)(face_id, 2, stored.topic, stored.state)
    moved_to_other = type(stored)(uuid4(), 1, stored.topic, stored.state)

    for moved in (moved_in_time, moved_to_other):
        with pytest.raises(SealBroken):
            MAPPER.decode(moved, key)
    with pytest.raises(SealBroken):
        MAPPER.decode(stored, new_key())


class Renamed(DomainEvent):
    """A class in its third version: `name` was `title` once, and had no `size` before that."""

    TOPIC = "test.renamed"
    class_version = 3
    name: str
    size: int

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Sizes were not known."""
        state["size"] = 0

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """A title became a name."""
        state["name"] = state.pop("title")


@pytest.mark.parametrize(
    ("written", "size"), [({"title": "t"}, 0), ({"title": "t", "size": 4, "_v": 2}, 4)]
)
def test_older_versions_are_brought_up_to_date(written: dict[str, Any], size: int) -> None:
    event_id = uuid4()
    now = Renamed.create_timestamp()
    event = Renamed(
        originator_id=event_id, originator_version=1, timestamp=now, name="t", size=size
    )
    stored = MAPPER.encode(event)
    old = type(stored)(event_id, 1, stored.topic, orjson.dumps({**written, "_t": now}))

    assert orjson.loads(stored.state)["_v"] == 3
    assert MAPPER.decode(old)[0] == MAPPER.decode(stored)[0] == event
