"""Events are found by every filter alone and by all of them together, and by nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import EventNotFound
from domain.log.port import Batch
from domain.recognitions import EventDeleted, EventRecorded
from domain.shared.fields import written
from projections.database import Reader
from projections.events import EventFilter, event_descriptor_ids, get_event, list_events
from tests.projections.event_oracle import CHECKS, flat, passes
from tests.support.events import EventPool, recorded, rich_event
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases

MINE, THEIRS = uuid4(), uuid4()
POOL = EventPool(7)
EVENTS = [POOL.one(MINE) for _ in range(150)] + [POOL.one(THEIRS) for _ in range(30)]
FLAT = [flat(event) for event in EVENTS]
EVER = {"create_time__gte": datetime(2000, 1, 1, tzinfo=UTC)}


@pytest.fixture(scope="module")
def db(databases: Databases) -> Iterator[Reader]:
    with databases.fresh(prepare) as dsn:
        log = open_log(dsn)
        log.commit(Batch(recognitions=[(event, "r") for event in EVENTS]))
        log.close()
        reader = Reader(dsn)
        reader.open()
        yield reader
        reader.close()


def found(db: Reader, account_id: UUID | None, **filters: Any) -> list[str]:
    """The ids of the events that pass, in order; the parameters as a query string has them."""
    whole: dict[str, Any] = {**EVER, "page_size": 1000, "target": ["event_id"], **filters}
    rows = list_events(db, account_id, EventFilter.model_validate(whole))
    return [str(row["event_id"]) for row in rows]


def expected(account_id: UUID | None, filters: dict[str, Any]) -> set[str]:
    return {
        event["event_id"]
        for event in FLAT
        if account_id in (None, UUID(event["account_id"])) and passes(event, filters)
    }


SAMPLES: dict[str, Any] = {
    "event_ids": [UUID(FLAT[0]["event_id"]), UUID(FLAT[1]["event_id"])],
    "event_id__gte": UUID(FLAT[0]["event_id"]),
    "event_id__lt": UUID(FLAT[0]["event_id"]),
    "create_time__gte": POOL.start + timedelta(hours=24),
    "create_time__lt": POOL.start + timedelta(hours=24),
    "end_time__gte": POOL.start + timedelta(hours=24),
    "end_time__lt": POOL.start + timedelta(hours=24),
    "insert_time__gte": EVENTS[75].timestamp,
    "insert_time__lt": EVENTS[75].timestamp,
    "handler_ids": POOL.ids[:1],
    "face_ids": POOL.ids[3:4],
    "external_ids": ["A-1"],
    "user_data": "nn",
    "tags": ["a", "b"],
    "sources": ["gate", "null"],
    "stream_ids": [POOL.ids[0], "null"],
    "track_ids": ["t1"],
    "cities": ["city 1"],
    "areas": ["area 2"],
    "districts": ["null"],
    "streets": ["street 1", "street 2"],
    "house_numbers": ["house_number 1", "null"],
    "top_matching_candidates_label": "good",
    "top_similar_object_ids": POOL.ids[5:6],
    "top_similar_external_ids": ["X"],
    "top_similar_object_similarity__gte": 0.5,
    "top_similar_object_similarity__lt": 0.75,
    "age__gte": 30,
    "age__lt": 30,
    "gender": [1],
    "emotions": [1, "null"],
    "masks": [2],
    "ethnic_groups": [1, 3],
    "liveness": [0],
    "deepfake": [1],
    "apparent_age__gte": 40,
    "apparent_age__lt": 40,
    "apparent_gender": [2],
    "headwear_states": [0],
    "headwear_apparent_colors": ["black"],
    "sleeve_lengths": ["short", "null"],
    "upper_clothing_colors": ["red"],
    "lower_garment_types": ["skirt"],
    "lower_garment_colors": ["black", "null"],
    "shoes_apparent_colors": ["white"],
    "backpack_states": [0, 1],
    "meta": "null",
    "meta.foo__in:string": "bar,nothing",
    "meta.n.size__gt:numeric": "3.5",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_filter_finds_those_that_pass_and_no_others(db: Reader, name: str) -> None:
    filters = {name: SAMPLES[name]}

    ids = found(db, MINE, **filters)

    assert set(ids) == expected(MINE, filters)
    assert 0 < len(ids) < 150


def test_every_filter_of_the_list_has_a_sample() -> None:
    page = {"page", "page_size", "order", "target"}
    box = {"origin_longitude", "origin_latitude", "longitude_delta", "latitude_delta"}

    assert set(EventFilter.model_fields) - page - box <= set(SAMPLES) == set(CHECKS)


def test_the_box_is_around_the_origin_and_may_cross_the_date_line(db: Reader) -> None:
    near = {"origin_longitude": 9.99, "origin_latitude": 49.99}  # just reached, but for rounding
    wide = {**near, "longitude_delta": 0.2}
    across = {"origin_longitude": 179.999, "origin_latitude": 50.0, "longitude_delta": 0.5}
    unknown = {"origin_longitude": "null", "origin_latitude": "null"}

    for box in (near, wide, across, unknown):
        ids = found(db, MINE, **box)
        assert set(ids) == expected(MINE, box)
        assert ids
    assert len(found(db, MINE, **near)) < len(found(db, MINE, **wide))


@settings(max_examples=150, deadline=None)
@given(
    filters=st.dictionaries(st.sampled_from(sorted(SAMPLES)), st.none(), max_size=4),
    account_id=st.sampled_from([MINE, THEIRS, None]),
    order=st.sampled_from(["asc", "desc"]),
    page_size=st.integers(1, 60),
)
def test_pages_hold_what_passes_all_filters_in_order(
    db: Reader, filters: dict[str, Any], account_id: UUID | None, order: str, page_size: int
) -> None:
    wanted = {name: SAMPLES[name] for name in filters}
    by_time = {e["event_id"]: (e["create_time"], e["event_id"]) for e in FLAT}
    right = sorted(expected(account_id, wanted), key=by_time.__getitem__, reverse=order == "desc")

    pages = [
        found(db, account_id, **wanted, order=order, page_size=page_size, page=page)
        for page in range(1, len(right) // page_size + 2)
    ]

    assert [event_id for page in pages for event_id in page] == right


def test_an_event_shows_what_was_recorded(db: Reader) -> None:
    for event, shown in zip(EVENTS[:40], FLAT, strict=False):
        row = get_event(db, None, event.originator_id)
        plain = {n: str(v) if isinstance(v, UUID) else v for n, v in row.items()}
        plain["attach_result"] = [str(list_id) for list_id in row["attach_result"]]
        times = {name: written(shown[name]) for name in ("create_time", "end_time")}
        right = {n: v for n, v in {**shown, **times}.items() if n != "insert_time"}
        assert plain == right


def test_targets_choose_fields(db: Reader) -> None:
    event = EVENTS[0]

    row = get_event(db, MINE, event.originator_id, ["location", "source"])

    assert row == {"location": FLAT[0]["location"], "source": FLAT[0]["source"]}
    page = list_events(db, MINE, EventFilter(**EVER, target=["age", "location"]))
    assert all(set(row) == {"age", "location"} for row in page)


def test_nobody_else_sees_an_event(db: Reader) -> None:
    with pytest.raises(EventNotFound):
        get_event(db, THEIRS, EVENTS[0].originator_id)
    with pytest.raises(EventNotFound):
        event_descriptor_ids(db, THEIRS, EVENTS[0].originator_id)


def test_only_the_last_month_is_searched_unless_ids_or_times_are_limited(dsn: str) -> None:
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    ages = {
        "new": timedelta(0),
        "old": timedelta(days=31, seconds=1),
        "last": timedelta(microseconds=1),
    }
    made = {
        name: recorded(MINE, rich_event(source=name), create_time=now - age)
        for name, age in ages.items()
    }
    made["edge"] = recorded(
        MINE, rich_event(source="edge"), create_time=datetime(2026, 2, 28, 12, tzinfo=UTC)
    )
    log = open_log(dsn)
    log.commit(Batch(recognitions=[(event, "") for event in made.values()]))
    log.close()
    reader = Reader(dsn)
    reader.open()

    def sources(**filters: Any) -> set[str]:
        wanted = EventFilter(target=["source"], page_size=1000, **filters)
        return {row["source"] for row in list_events(reader, MINE, wanted, now)}

    found_by_default = sources(sources=[*made])
    limits: list[dict[str, Any]] = [
        {"event_ids": [event.originator_id for event in made.values()]},
        {"event_id__gte": UUID(int=0)},
        {"event_id__lt": UUID(int=2**128 - 1)},
        {"create_time__gte": now - timedelta(days=365)},
        {"create_time__lt": now + timedelta(days=1)},
    ]
    everything = [sources(**limit) for limit in limits]
    reader.close()

    assert found_by_default == {"last", "edge"}  # from a month ago, included, to now, excluded
    assert everything == [set(made)] * len(limits)


def test_an_erased_event_shows_nulls(dsn: str) -> None:
    event = recorded(MINE, None, event_id=uuid4(), handler_id=POOL.ids[0])
    shown = _written_and_read(dsn, [event])

    known = {"event_id", "account_id", "create_time", "end_time", "handler_id"}
    assert {name for name, value in shown.items() if value is not None} == known


def test_what_fits_no_column_is_left_out_and_the_event_kept(dsn: str) -> None:
    basic = {"age": 10**9, "gender": "f", "ethnicities": {}}
    event = recorded(
        MINE,
        rich_event(
            source="gate",
            stream_id="cam 1",
            face={"face_id": "none", "lists": []},
            face_attributes={"basic_attributes": basic},
            aggregate_estimations={
                "body": {"attributes": {"upper_body": {"headwear": {"state": "x"}}}}
            },
        ),
    )

    shown = _written_and_read(dsn, [event])

    assert shown["source"] == "gate"
    assert [shown[n] for n in ("age", "gender", "stream_id", "face_id")] == [None] * 4
    assert shown["upper_body"] == {"headwear": {"state": "x"}}


def test_a_deleted_event_is_gone(dsn: str) -> None:
    event = recorded(MINE, rich_event())
    deleted = EventDeleted(event.originator_id, 2, datetime.now(UTC), account_id=MINE)

    with pytest.raises(EventNotFound):
        _written_and_read(dsn, [event, deleted])


def _written_and_read(dsn: str, facts: list[EventRecorded | EventDeleted]) -> dict[str, Any]:
    log = open_log(dsn)
    for fact in facts:
        log.commit(Batch(recognitions=[(fact, "")]))
    log.close()
    reader = Reader(dsn)
    reader.open()
    try:
        every = {"page_size": 1000, "headwear_states": [1, "null"]}
        list_events(reader, MINE, EventFilter.model_validate({**EVER, **every}))
        return get_event(reader, MINE, facts[0].originator_id)
    finally:
        reader.close()
