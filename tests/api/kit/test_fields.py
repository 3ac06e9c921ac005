"""Single fields take what the contract allows, and nothing else."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from api.http.fields import (
    CommaList,
    ExternalId,
    Flag,
    Probability,
    TrackId,
    UserData,
    Whole,
)
from domain.shared.fields import NowTime, Time, TimeOrNow, written
from projections.events import EventFilter
from projections.filtering import Page

TIME: TypeAdapter[datetime] = TypeAdapter(Time)
EITHER: TypeAdapter[datetime | NowTime] = TypeAdapter(TimeOrNow)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES))
def test_times_keep_their_moment_in_any_zone(moment: datetime) -> None:
    read = TIME.validate_python(moment.isoformat())

    assert read == moment
    assert read.tzinfo is UTC
    assert written(read).endswith("Z")
    assert TIME.validate_json(TIME.dump_json(read)) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2018-08-11T09:11:41.674Z",
        "2018-08-11t09:11:41z",
        "2018-08-11 09:11:41+00:00",
        "2018-08-11T12:11:41.000000+03:00",
    ],
)
def test_the_forms_of_rfc_3339_are_read(text: str) -> None:
    assert TIME.validate_python(text).replace(microsecond=0) == datetime(
        2018, 8, 11, 9, 11, 41, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "now",
        "1533978701",
        1533978701,
        None,
        True,
        "2018-08-11",
        "2018-08-11T09:11:41",
        "2018-08-11T09:11Z",
        "2018-13-11T09:11:41Z",
        "2018-08-11T25:11:41Z",
        "2018-08-11T09:11:41+25:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "२०१८-08-11T09:11:41Z",
        datetime(2018, 8, 11),
    ],
)
def test_other_times_are_refused(bad: Any) -> None:
    with pytest.raises(ValidationError):
        TIME.validate_python(bad)


NOW = datetime(2024, 3, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now-0s", NOW),
        ("now-90s", datetime(2024, 3, 31, 11, 58, 30, tzinfo=UTC)),
        ("now-30m", datetime(2024, 3, 31, 11, 30, tzinfo=UTC)),
        ("now-12h", datetime(2024, 3, 31, tzinfo=UTC)),
        ("now-31d", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("now-1w", datetime(2024, 3, 24, 12, tzinfo=UTC)),
        ("now-1M", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("now-3M", datetime(2023, 12, 31, 12, tzinfo=UTC)),
        ("now-2y", datetime(2022, 3, 31, 12, tzinfo=UTC)),
        ("now-999999y", datetime.min.replace(tzinfo=UTC)),
        ("now-999999d", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_relative_times_are_counted_back_by_the_calendar(text: str, moment: datetime) -> None:
    read = EITHER.validate_python(text)

    assert isinstance(read, NowTime)
    assert read.at(NOW) == moment
    assert json.loads(EITHER.dump_json(read)) == text


@given(st.integers(0, 999_999), st.sampled_from("smhdwMy"), st.datetimes(timezones=st.just(UTC)))
def test_a_relative_time_is_never_in_the_future(amount: int, unit: Any, now: datetime) -> None:
    assert NowTime(amount, unit).at(now) <= now


@pytest.mark.parametrize("bad", ["now", "now-", "now-1", "now-y", "now+1y", "now-1Y", "now-1.5d"])
def test_other_relative_times_are_refused(bad: str) -> None:
    with pytest.raises(ValidationError, match="relative time"):
        EITHER.validate_python(bad)


class Query(BaseModel):
    """A list of each kind."""

    ids: Annotated[list[UUID] | None, CommaList, Field(max_length=3)] = None
    names: Annotated[list[str], CommaList] = []


@given(st.lists(st.uuids(), max_size=3))
def test_comma_lists_are_read_joined_or_repeated(ids: list[UUID]) -> None:
    texts = [str(one) for one in ids]
    assert Query.model_validate({"ids": ",".join(texts)}).ids == ids
    assert Query.model_validate({"ids": texts}).ids == ids
    assert Query.model_validate({"ids": [", ".join(texts)]}).ids == ids


def test_comma_lists_may_be_empty_and_have_limits() -> None:
    assert Query.model_validate({"ids": "", "names": ["a,,b"]}) == Query(ids=[], names=["a", "b"])
    assert Query().ids is None
    given = {"event_ids": f"{UUID(int=1)},", "sources": "a,,b"}
    wanted = EventFilter.model_validate(given)
    assert (wanted.event_ids, wanted.sources) == ([UUID(int=1)], ["a", "b"])
    with pytest.raises(ValidationError):
        Query.model_validate({"ids": ",".join([str(UUID(int=1))] * 4)})


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (Flag, [0, 1, "0", "1"], [2, -1, True, False, "true", None, 0.5, ""]),
        (Whole, [0, 2**63 - 1, "7"], [-1, 2**63, True, "x", 10**400]),
        (TrackId, ["a", "A_-9" * 9], ["", "a" * 37, "a b", "ä", "a\n", None]),
        (UserData, ["", "x" * 128, "ü"], ["x" * 129, "\0", 5, None]),
        (ExternalId, ["", "x" * 36], ["x" * 37, "a\0b"]),
        (Probability, [0, 1, 0.5, "0.25"], [-0.1, 1.1, float("nan"), float("inf"), "NaN"]),
    ],
)
def test_fields_keep_their_limits(field: Any, good: list[Any], bad: list[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(field)
    for value in good:
        adapter.validate_python(value)
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_pages_have_the_limits_of_the_contract() -> None:
    assert Page().offset == 0
    assert Page(page=3, page_size=100).offset == 200
    assert EventFilter(page_size=1000).page_size == 1000
    assert Page(page=10**30).offset < 2**63
    for bad in ({"page": 0}, {"page_size": 0}, {"page_size": 101}):
        with pytest.raises(ValidationError):
            Page.model_validate(bad)


def test_the_schema_of_a_relative_time_is_that_of_the_contract() -> None:
    pattern = EITHER.json_schema()["anyOf"][1]["pattern"]
    assert re.fullmatch(pattern, "now-2y")
