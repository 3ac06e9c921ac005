"""Templates of schedules over HTTP."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.people import refused, some_id

PATH = "/6/schedules"
THURSDAYS = {
    "start_time": "2025-05-01T00:00:00.000000+00:00",
    "end_time": "2025-05-16T00:00:00.000000+00:00",
    "cron": "5 4 * * 4",
    "cron_timezone": "Europe/Riga",
    "duration": 11,
    "duration_type": "minute",
}
TIMES = [
    {"start_time": f"2025-05-{day}T01:05:00Z", "end_time": f"2025-05-{day}T01:16:00Z"}
    for day in ("01", "08", "15")
]


def made(client: httpx.Client, **changes: Any) -> str:
    """The id of a new template."""
    answer = client.post(PATH, json={**THURSDAYS, **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["schedule_id"])


def test_a_template_says_what_was_told_and_which_times_it_names(
    client: httpx.Client, account_id: UUID
) -> None:
    answer = client.post(PATH, json=THURSDAYS)

    assert (answer.status_code, answer.json()["intervals"]) == (201, TIMES)
    schedule_id = answer.json()["schedule_id"]
    shown = client.get(f"{PATH}/{schedule_id}").json()
    assert isinstance(shown.pop("create_time"), str)
    assert shown == {
        **THURSDAYS,
        "start_time": "2025-05-01T00:00:00Z",
        "end_time": "2025-05-16T00:00:00Z",
        "description": None,
        "schedule_id": schedule_id,
        "account_id": str(account_id),
        "intervals": TIMES,
    }
    assert client.get(f"{PATH}/{schedule_id}/intervals").json() == {"intervals": TIMES}


def test_times_can_be_asked_for_without_a_template(client: httpx.Client) -> None:
    answer = client.post(f"{PATH}/intervals", json=THURSDAYS)

    assert (answer.status_code, answer.json()) == (200, {"intervals": TIMES})
    assert client.get(PATH).json() == {"schedules": []}


def test_a_template_is_replaced_whole_and_removed(client: httpx.Client) -> None:
    schedule_id = made(client, description="old")
    other = {**THURSDAYS, "duration": 1, "duration_type": "hour"}
    other["cron_timezone"] = "local"

    answer = client.put(f"{PATH}/{schedule_id}", json=other)

    assert (answer.status_code, answer.json()["schedule_id"]) == (201, schedule_id)
    shown = client.get(f"{PATH}/{schedule_id}").json()
    assert (shown["description"], shown["cron_timezone"]) == (None, "local")
    assert shown["intervals"] == answer.json()["intervals"]
    assert client.delete(f"{PATH}/{schedule_id}").status_code == 204
    assert refused(client.get(f"{PATH}/{schedule_id}")) == (404, 90104)


def test_templates_are_found_page_by_page(client: httpx.Client) -> None:
    first, second = made(client), made(client)

    def listed(**params: Any) -> list[str]:
        page = client.get(PATH, params=params).json()["schedules"]
        return [one["schedule_id"] for one in page]

    assert listed() == [second, first]
    assert listed(page=2, page_size=1) == [first]
    assert listed(schedule_ids=f"{first},{some_id()}") == [first]


def test_accounts_do_not_see_each_other(client: httpx.Client, stranger: httpx.Client) -> None:
    schedule_id = made(client)

    for method in ("GET", "DELETE", "PUT"):
        body = {"json": THURSDAYS} if method == "PUT" else {}
        answer = stranger.request(method, f"{PATH}/{schedule_id}", **body)
        assert refused(answer) == (404, 90104)
    assert refused(stranger.get(f"{PATH}/{schedule_id}/intervals")) == (404, 90104)
    assert stranger.get(PATH).json() == {"schedules": []}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"cron": "often"}, "cron"),
        ({"cron_timezone": "Mars"}, "cron_timezone"),
        ({"duration_type": "eon"}, "duration_type"),
        ({"end_time": "2025-05-01T00:00:00Z"}, "end_time"),
        ({"cron": "* * * * *"}, "1000"),
    ],
)
@pytest.mark.parametrize("path", [PATH, f"{PATH}/intervals"])
def test_what_names_no_times_is_refused(
    client: httpx.Client, path: str, bad: dict[str, Any], said: str
) -> None:
    answer = client.post(path, json={**THURSDAYS, **bad})

    assert refused(answer)[0] == 400
    assert said in answer.json()["detail"]
    assert client.get(PATH).json() == {"schedules": []}
