"""Analytics over HTTP: registered, found, replaced and removed, and who sees which."""

from typing import Any

import httpx

from tests.api.people import refused, some_id


def made(client: httpx.Client, **fields: Any) -> str:
    """The id of a new analytic."""
    answer = client.post("/6/analytics", json={"analytic_name": some_id(), **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["analytic_id"])


def test_an_analytic_is_what_was_registered(client: httpx.Client) -> None:
    name = some_id()
    analytic_id = made(
        client,
        analytic_name=name,
        description="counts cars",
        default_parameters={"lane": 1},
        validation_schema={"type": "object", "properties": {"lane": {"type": "integer"}}},
        documentation="<b>lanes</b>",
    )

    shown = client.get(f"/6/analytics/{analytic_id}").json()

    assert shown.pop("create_time") == shown.pop("last_update_time")
    assert shown == {
        "analytic_id": analytic_id,
        "account_id": client.headers["Luna-Account-Id"],
        "analytic_name": name,
        "analytic_version": 1,
        "description": "counts cars",
        "default_parameters": {"lane": 1},
        "validation_schema": {"type": "object", "properties": {"lane": {"type": "integer"}}},
    }
    page = client.get("/6/analytics", params={"analytic_names": name}).json()["analytics"]
    assert [one["analytic_id"] for one in page] == [analytic_id]
    read = client.get(f"/6/analytics/{analytic_id}/documentation")
    assert (read.text, read.headers["content-type"]) == (
        "<b>lanes</b>", "text/plain; charset=utf-8")  # fmt: skip


def test_replacing_changes_everything_but_the_id(client: httpx.Client) -> None:
    analytic_id = made(client, description="one", default_parameters={"a": 1})
    name = some_id()

    put = client.put(
        f"/6/analytics/{analytic_id}", json={"analytic_name": name, "analytic_version": 2}
    )

    assert (put.status_code, put.content) == (204, b"")
    shown = client.get(f"/6/analytics/{analytic_id}").json()
    told = [shown[key] for key in ("analytic_name", "analytic_version", "description")]
    assert (told, shown["default_parameters"]) == ([name, 2, ""], {})
    assert shown["create_time"] != shown["last_update_time"]


def test_analytics_are_removed_together(client: httpx.Client) -> None:
    gone, stays = [made(client), made(client)], made(client)

    answer = client.request("DELETE", "/6/analytics", json={"analytic_ids": [*gone, some_id()]})

    assert answer.status_code == 204
    ids = {"analytic_ids": ",".join([*gone, stays])}
    page = client.get("/6/analytics", params=ids).json()["analytics"]
    assert [one["analytic_id"] for one in page] == [stays]
    assert refused(client.get(f"/6/analytics/{gone[0]}")) == (404, 90090)


def test_a_name_is_there_once(client: httpx.Client, stranger: httpx.Client) -> None:
    name = some_id()
    made(client, analytic_name=name)
    other = made(client)

    assert refused(client.post("/6/analytics", json={"analytic_name": name})) == (409, 90091)
    put = client.put(f"/6/analytics/{other}", json={"analytic_name": name})
    assert (refused(put), name in put.json()["detail"]) == ((409, 90091), True)
    everybodys = {"analytic_name": "human_tracking"}
    assert refused(client.post("/6/analytics", json=everybodys)) == (409, 90091)
    made(stranger, analytic_name=name)


def test_pages_have_bounds_and_an_order(client: httpx.Client) -> None:
    first, second = made(client), made(client)
    mine = {"analytic_ids": f"{first},{second}"}

    def found(**wanted: Any) -> list[str]:
        page = client.get("/6/analytics", params={**mine, **wanted}).json()["analytics"]
        return [one["analytic_id"] for one in page]

    assert found() == [first, second]
    assert found(order="desc") == [second, first]
    assert found(page=2, page_size=1) == [second]
    least, most = sorted((first, second))
    assert found(analytic_id__gte=most) == [most]
    assert found(analytic_id__lt=most) == [least]
    made_at = client.get(f"/6/analytics/{second}").json()["create_time"]
    assert found(create_time__gte=made_at) == [second]
    assert found(create_time__lt=made_at) == [first]


def test_what_is_there_for_everybody_is_read_by_all_and_changed_by_none(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    wanted = {"analytic_names": "human_tracking"}
    (mine,) = client.get("/6/analytics", params=wanted).json()["analytics"]

    assert stranger.get("/6/analytics", params=wanted).json()["analytics"] == [mine]
    where = f"/6/analytics/{mine['analytic_id']}"
    assert "aggregated_face_samples" in client.get(f"{where}/documentation").text
    assert refused(client.put(where, json={"analytic_name": some_id()})) == (404, 90090)
    ids = {"analytic_ids": [mine["analytic_id"]]}
    assert client.request("DELETE", "/6/analytics", json=ids).status_code == 204
    assert client.get(where).json() == mine


def test_strangers_neither_see_nor_change_an_analytic(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    analytic_id = made(client)
    where, ids = f"/6/analytics/{analytic_id}", {"analytic_ids": [analytic_id]}

    assert refused(stranger.get(where)) == (404, 90090)
    assert refused(stranger.get(f"{where}/documentation")) == (404, 90090)
    assert refused(stranger.put(where, json={"analytic_name": "x"})) == (404, 90090)
    found = stranger.get("/6/analytics", params={"analytic_ids": analytic_id}).json()
    assert found == {"analytics": []}
    assert stranger.request("DELETE", "/6/analytics", json=ids).status_code == 204
    assert client.get(where).status_code == 200


def test_schemas_that_mean_nothing_or_lead_elsewhere_are_refused(client: httpx.Client) -> None:
    for schema in (
        {"type": "nothing"},
        {"$ref": "http://127.0.0.1:1/schema"},
        {"pattern": "("},
        {"$schema": "http://elsewhere.example/schema"},
    ):
        body = {"analytic_name": some_id(), "validation_schema": schema}
        answer = client.post("/6/analytics", json=body)
        assert refused(answer) == (400, 12022), schema
        assert "validation_schema" in answer.json()["detail"]
    large = {"analytic_name": some_id(), "default_parameters": {"a": "b" * (64 << 10)}}
    assert refused(client.post("/6/analytics", json=large)) == (400, 12022)
