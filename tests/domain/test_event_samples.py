"""Yesterday's log loads: every event class, in every version that was ever written."""

import orjson
import pytest

from domain.log.mapper import EventMapper
from domain.log.topics import event_classes
from domain.shared.owned import personal_fields
from tests.support.event_samples import (
    DIRECTORY,
    Sample,
    digest_of,
    path_of,
    read_digests,
    read_samples,
)
from tests.support.event_values import fields_of, has_type

MAPPER = EventMapper()
SAMPLES = list(read_samples())
EACH = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path.stem)
HINT = "run `python -m tests.support.event_samples` and commit what it adds"


def test_every_event_class_has_a_sample_of_its_version() -> None:
    missing = [path_of(c).name for c in event_classes().values() if not path_of(c).exists()]

    assert not missing, HINT


def test_samples_never_change_and_never_go() -> None:
    now = {path.name: digest_of(path) for path in DIRECTORY.glob("*.json")}

    assert now == read_digests(), f"samples are history; a new version gets a new one: {HINT}"


@EACH
def test_a_sample_loads_as_its_class_is_now(sample: Sample) -> None:
    event, request_id = MAPPER.decode(sample.stored, sample.key)

    assert type(event) is event_classes()[sample.stored.topic]
    assert request_id
    assert vars(event).keys() == fields_of(type(event)).keys()
    for name, hint in fields_of(type(event)).items():
        assert has_type(getattr(event, name), hint), name


@EACH
def test_a_sample_loads_when_its_subject_was_erased(sample: Sample) -> None:
    event, _ = MAPPER.decode(sample.stored, None)
    whole, _ = MAPPER.decode(sample.stored, sample.key)

    # An older version may have been written before these fields were personal.
    sealed = personal_fields(type(event)) - orjson.loads(sample.stored.state).keys()
    assert vars(event) == {**vars(whole), **dict.fromkeys(sealed)}
    if sample.class_version == getattr(type(event), "class_version", 1):
        assert sealed == personal_fields(type(event))


@EACH
def test_a_sample_of_the_present_version_is_still_written_like_that(sample: Sample) -> None:
    event_class = event_classes()[sample.stored.topic]
    if sample.class_version < getattr(event_class, "class_version", 1):
        return
    event, request_id = MAPPER.decode(sample.stored, sample.key)

    again = MAPPER.encode(event, sample.key, request_id)

    states = [orjson.loads(stored.state) for stored in (sample.stored, again)]
    sealed = [state.pop("_p", "") for state in states]
    assert states[0] == states[1]
    assert len(sealed[0]) == len(sealed[1])
