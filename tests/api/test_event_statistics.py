"""Statistics of events over HTTP: the contract's query and answer."""

from typing import Any

import httpx
import pytest

from tests.api.people import refused, some_id

PATH = "/6/events/stats"
ETHNICITIES = {
    "predominant_ethnicity": "asian",
    "estimations": {"asian": 1.0, "indian": 0.0, "caucasian": 0.0, "african_american": 0.0},
}


@pytest.fixture
def hall(client: httpx.Client) -> None:
    """Five events: on a Tuesday and a Wednesday in the hall, and one elsewhere."""
    made = client.post("/6/handlers", json={"is_dynamic": True})
    handler_id = made.json()["handler_id"]
    seen = [("04", "hall", 0, 22), ("04", "hall", 0, 27), ("04", "hall", 1, 27)]
    for day, source, gender, age in [*seen, ("05", "hall", 0, 25), ("05", "yard", 0, 25)]:
        basic = {"age": age, "gender": gender, "ethnicities": ETHNICITIES}
        event = {
            "source": source,
            "face_attributes": {"basic_attributes": basic},
            "create_time": f"2020-02-{day}T12:00:00Z",
        }
        answer = client.post(f"/6/handlers/{handler_id}/events/raw", json=event)
        assert answer.status_code == 201, answer.text


def asked(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.post(PATH, json=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.usefixtures("hall")
def test_the_contracts_example(client: httpx.Client) -> None:
    answer = asked(
        client,
        targets=[
            {"column": "event_id", "aggregator": "count"},
            {"column": "age", "aggregator": "group_by"},
            {"column": "gender", "aggregator": "group_by"},
        ],
        filters=[{"column": "source", "operator": "eq", "value": "hall"}],
        period=[
            {"operator": "gt", "value": "2020-02-04T00:00:00.000Z"},
            {"operator": "lt", "value": "2020-02-06T00:00:00.000Z"},
        ],
        group_by="dayOfWeek",
    )

    assert answer == {
        "fields": [
            "Group by time: dayOfWeek",
            "gender, aggregator 'group_by'",
            "age, aggregator 'group_by'",
            "event_id, aggregator 'count'",
        ],
        "stats": [
            ["Tuesday", 0, 22, 1],
            ["Tuesday", 0, 27, 1],
            ["Tuesday", 1, 27, 1],
            ["Wednesday", 0, 25, 1],
        ],
    }


@pytest.mark.usefixtures("hall")
def test_without_targets_events_are_counted(client: httpx.Client, stranger: httpx.Client) -> None:
    counted = {"fields": ["event_id, aggregator 'count'"], "stats": [[5]]}

    assert asked(client) == counted
    assert asked(client, targets=[]) == counted
    assert asked(stranger)["stats"] == [[0]]


@pytest.mark.usefixtures("hall")
def test_functions_of_an_interval(client: httpx.Client) -> None:
    targets = [{"column": "age", "aggregator": name} for name in ("max", "min", "avg")]
    targets.append({"column": "city"})

    answer = asked(client, targets=targets, group_by="1d")

    assert answer["stats"] == [
        ["2020-02-04T00:00:00Z", 27, 22, pytest.approx(76 / 3), 0],
        ["2020-02-05T00:00:00Z", 25, 25, 25, 0],
    ]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"targets": [{"column": "password"}]}, "targets.0.column"),
        ({"targets": [{"column": "age; DROP TABLE events"}]}, "targets.0.column"),
        ({"targets": [{"column": "source", "aggregator": "avg"}]}, "targets.0"),
        ({"targets": [{"column": "age", "aggregator": "sum"}]}, "targets.0.aggregator"),
        ({"filters": [{"column": "age", "operator": "like", "value": "3"}]}, "filters.0"),
        ({"filters": [{"column": "age", "operator": "eq", "value": "3"}]}, "filters.0"),
        ({"filters": [{"column": "age", "operator": "in", "value": 3}]}, "filters.0"),
        ({"filters": [{"column": "age", "operator": "gt", "value": None}]}, "filters.0"),
        ({"filters": [{"column": "event_id", "operator": "eq", "value": "3"}]}, "filters.0"),
        ({"filters": [{"column": "source", "operator": "eq"}]}, "filters.0.value"),
        ({"period": [{"operator": "eq", "value": "2020-02-04T00:00:00Z"}]}, "period.0.operator"),
        ({"period": [{"operator": "gt", "value": "Tuesday"}]}, "period.0.value"),
        ({"group_by": "fortnight"}, "group_by"),
        ({"group_by": "0d"}, "group_by"),
        ({"group_by": ["dayOfWeek"]}, "group_by"),
        ({"group": "dayOfWeek"}, ""),
        ({"targets": [{"column": "age"}] * 101}, "targets"),
    ],
)
def test_a_bad_query_is_refused_by_its_place(
    client: httpx.Client, query: dict[str, Any], path: str
) -> None:
    answer = client.post(PATH, json=query)

    assert refused(answer) == (400, 12022)
    assert f"Path: '{path}'" in answer.json()["detail"]


def test_anybody_may_ask(nobody: httpx.Client) -> None:
    filters = [{"column": "account_id", "operator": "eq", "value": some_id()}]

    assert asked(nobody, filters=filters)["stats"] == [[0]]
