"""Whatever goes wrong is said in one form."""

import httpx
import pytest

from api.catalogue.entry import Entries, Entry
from api.errors import CATALOGUE, answers, error_body, merged
from api.http.refusals import BadApiBody, BadPublishedBody, BadQuery, PageNotFound
from domain.shared.biometrics import BadDescriptor
from tests.api.kit.toy import ACCOUNT, AS_ACCOUNT, THING, asking, toy


def said(answer: httpx.Response) -> tuple[int, int, str]:
    """Status, code and detail, after a look at the form."""
    body = answer.json()
    assert set(body) == {"error_code", "desc", "detail", "link"}
    assert body["link"] == f"/docs/errors/{body['error_code']}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["luna-request-id"]
    return answer.status_code, body["error_code"], body["detail"]


async def test_a_refusal_is_answered_with_its_entry(client: httpx.AsyncClient) -> None:
    answer = await client.get("/6/things/refused/known")

    code, status, desc = CATALOGUE[BadDescriptor]
    assert said(answer) == (status, code, "Bad descriptor: {odd} braces")
    assert answer.json()["desc"] == desc


@pytest.mark.parametrize("path", ["/6/things/broken/now", "/6/things/refused/unknown"])
async def test_what_breaks_is_answered_without_the_reason(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert said(answer) == (500, 1, "Internal server error")
    assert "secret" not in answer.text
    assert "hush" not in answer.text


async def test_an_answer_that_breaks_half_way_is_cut_off() -> None:
    transport = httpx.ASGITransport(toy())
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        with pytest.raises(KeyError):
            await client.get("/6/things/broken/later")


async def test_an_unknown_path_is_page_not_found(client: httpx.AsyncClient) -> None:
    assert said(await client.get("/6/nothing")) == (404, 12013, "Page not found")
    assert said(await client.get("/6/things/")) == (404, 12013, "Page not found")


@pytest.mark.parametrize("bad", ["x", "7acc35cf-a3b2-4f87-8d8b-5496a2782d3", "%00"])
async def test_a_malformed_identifier_in_the_path_is_page_not_found(
    client: httpx.AsyncClient, bad: str
) -> None:
    assert said(await client.get(f"/6/things/{bad}")) == (404, 12013, "Page not found")


async def test_a_wrong_method_names_the_right_ones(client: httpx.AsyncClient) -> None:
    answer = await client.put("/6/things", json={})

    assert said(answer) == (405, 12021, "Method not allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("page=0", "page"),
        ("page_size=101", "page_size"),
        ("page=x&page_size=x", "page, page_size"),
        ("thing_ids=1,2", "thing_ids"),
        (f"thing_ids={THING},x", "thing_ids"),
        ("create_time__gte=yesterday", "create_time__gte"),
        ("create_time__gte=1533978701", "create_time__gte"),
        ("anything=%00", "anything"),
    ],
)
async def test_bad_query_parameters_are_named(
    client: httpx.AsyncClient, query: str, names: str
) -> None:
    answer = await client.get(f"/6/things?{query}")
    assert said(answer) == (400, 12012, f"Bad query parameters '{names}'")


async def test_unknown_query_parameters_mean_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/6/things?what=ever")).status_code == 200


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "user_data", "field required"),
        (
            {"user_data": "a", "extra": 1},
            "",
            "Additional properties are not allowed ('extra' was unexpected)",
        ),
        (
            {"user_data": "a", "parts": [{"size": 1}, {"size": 1, "b": 2}]},
            "parts.1",
            "Additional properties are not allowed ('b' was unexpected)",
        ),
        (
            {"user_data": "a", "kind": "huge"},
            "kind",
            "unexpected value; permitted: 'big', 'small'",
        ),
        (
            {"user_data": "a", "kind": "small", "parts": [{"size": 1}]},
            "",
            "a small thing has no parts",
        ),
        ({"user_data": "a", "choice": {"size": {}}}, "choice.size", None),
        ({"user_data": "a", "choice": [1, "x"]}, "choice.1", None),
        ({"user_data": "a", "flag": True}, "flag", None),
        ({"user_data": "a", "flag": 2}, "flag", None),
        ({"user_data": "x" * 129}, "user_data", None),
        ({"user_data": "a\0b"}, "user_data", "text may not hold U+0000"),
        ({"user_data": "a", "meta": {"deep": ["a\0"]}}, "meta.deep.0", "text may not hold U+0000"),
        ({"user_data": "a", "meta": {"\0": 1}}, "meta", "names must be text without U+0000"),
        ([], "", None),
        (None, "", None),
    ],
)
async def test_a_bad_body_names_the_path(
    client: httpx.AsyncClient, body: object, path: str, message: str | None
) -> None:
    status, code, detail = said(await client.post("/6/things", json=body, headers=AS_ACCOUNT))

    assert (status, code) == (400, 12022)
    assert detail.startswith(f"Failed to validate input json. Path: '{path}', message: '")
    if message is not None:
        assert detail.endswith(f"message: '{message}'")


async def test_each_service_words_a_bad_body_as_its_contract_does() -> None:
    async with asking(toy(bad_body=BadPublishedBody)) as sender:
        answer = await sender.post("/6/things", json={}, headers=AS_ACCOUNT)
        assert said(answer)[:2] == (400, 11027)
    async with asking(toy(bad_body=BadApiBody)) as api:
        answer = await api.post("/6/things", content=b"{", headers={**AS_ACCOUNT, **JSON})
        assert said(answer)[1] == 12022
        assert "Path: '',  message: 'Invalid JSON" in said(answer)[2]


JSON = {"Content-Type": "application/json"}


async def test_the_account_is_required_to_change_things(client: httpx.AsyncClient) -> None:
    for given in (None, b"me", ACCOUNT.encode() + b"0", ACCOUNT.encode() + b"\xe9"):
        headers = {} if given is None else {b"Luna-Account-Id": given}
        answer = await client.post("/6/things", json={"user_data": "a"}, headers=headers)
        assert said(answer)[:2] == (403, 11036)


def test_a_refusal_catalogued_twice_is_a_mistake() -> None:
    one: Entries = {BadQuery: Entry(1, 400, "")}
    two: Entries = {BadQuery: Entry(2, 400, ""), PageNotFound: Entry(3, 404, "")}
    with pytest.raises(ValueError, match="BadQuery"):
        merged([one, two])


def test_routes_document_their_refusals_by_status() -> None:
    documented = answers(BadQuery, BadDescriptor, PageNotFound)

    assert set(documented) == {400, 404}
    assert "12012: Query parameters have values" in documented[400]["description"]
    assert f"{CATALOGUE[BadDescriptor].code}:" in documented[400]["description"]


def test_an_error_beside_an_image_has_the_same_form() -> None:
    body = error_body(BadQuery("a, b"))
    assert body.detail == "Bad query parameters 'a, b'"
    assert body.error_code == 12012
