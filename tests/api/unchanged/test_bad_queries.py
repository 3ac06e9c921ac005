"""Every query parameter that has rules refuses what breaks them, by its name."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.belongings import belongings, numbered_belongings, own_names, state_of
from tests.api.files import KINDS
from tests.api.people import new_attribute, new_face, new_list, refused, some_id
from tests.support.running_api import RunningApi

LISTS = (
    "/6/attributes", "/6/events", "/6/events/deleted", "/6/faces", "/6/handlers", "/6/lists",
)  # fmt: skip


@pytest.fixture(scope="module")
def document(running: RunningApi) -> Any:
    """The document that the API serves."""
    answer = httpx.get(
        f"{running.url}/6/docs/spec", headers={"Accept": "application/json"}, timeout=60
    )
    return answer.json()


def broken(schema: Any) -> Iterator[str]:
    """Values of a query that a schema does not allow; none for what may be any text."""
    if "anyOf" in schema:
        wrong = [set(broken(one)) for one in schema["anyOf"]]
        yield from sorted(set.intersection(*wrong))
        return
    if schema.get("type") == "array":
        yield from broken(schema["items"])
        return
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    kind, form = schema.get("type"), schema.get("format")
    if "enum" in schema or "const" in schema or "pattern" in schema:
        yield "~ nonsense ~"
    elif kind in ("integer", "number") or form in ("uuid", "date-time"):
        yield "~ nonsense ~"
        yield "NaN"
    for bound, step in (("maximum", 1), ("minimum", -1)):
        if bound in schema:
            yield str(schema[bound] + step)


def parameters(document: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation's query parameters: the path, the method and the parameter."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                if parameter.get("in") == "query" and method not in ("head", "options"):
                    yield path, method, parameter


def resolved(schema: Any, document: Any) -> Any:
    """The schema with its references followed."""
    if isinstance(schema, list):
        return [resolved(one, document) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolved(target, document)
    return {key: resolved(value, document) for key, value in schema.items()}


def fields(detail: str) -> list[str]:
    """The parameters that an error names."""
    prefix = "Bad query parameters '"
    assert detail.startswith(prefix), detail
    return detail.removeprefix(prefix).removesuffix("'").split(", ")


def test_every_parameter_with_rules_refuses_what_breaks_them(
    client: httpx.Client, running: RunningApi, document: Any
) -> None:
    mine = {**belongings(client, running), **numbered_belongings(client)}
    before = state_of(running)
    asked, unlike = set(), []
    for path, method, parameter in parameters(document):
        if path == "/6/ws":
            continue
        name = parameter["name"]
        url = own_names(path).format(**mine, samples_type="faces")
        for value in broken(resolved(parameter["schema"], document)):
            answer = client.request(method, url, params={name: value})
            asked.add((path, name))
            told = (*refused(answer), answer.json()["detail"])
            if told[:2] != (400, 12012) or name not in fields(told[2]):
                unlike.append((method, path, name, value, told))

    assert not unlike
    assert {path for path, _ in asked} >= {*LISTS}
    assert len(asked) > 150
    assert state_of(running) == before


@pytest.mark.parametrize("path", [path for path in LISTS if path != "/6/attributes"])
def test_pages(client: httpx.Client, path: str) -> None:
    for page in (2**31, 2**63, 10**30):
        answer = client.get(path, params={"page": page})
        assert answer.status_code == 200, answer.text
        listed = answer.json() if path == "/6/handlers" else next(iter(answer.json().values()))
        assert listed == []
    for wrong in ("0", "-1", "1.5", "x", "", "1e3", "9" * 5000):
        answer = client.get(path, params={"page": wrong})
        assert refused(answer) == (400, 12012), wrong
        assert fields(answer.json()["detail"]) == ["page"]


@pytest.mark.parametrize("path", LISTS)
def test_texts_that_no_database_holds(client: httpx.Client, path: str) -> None:
    nul = client.get(f"{path}?user_data=a%00&page=1")
    assert refused(nul) == (400, 12012)
    assert fields(nul.json()["detail"]) == ["user_data"]


@pytest.mark.parametrize("path", ["/6/events", "/6/faces", "/6/lists"])
def test_bytes_that_are_no_utf_8_match_nothing(client: httpx.Client, path: str) -> None:
    answer = client.get(f"{path}?user_data=%ff")
    assert answer.status_code == 200, answer.text
    assert [*answer.json().values()] == [[]]


def test_parameters_that_an_operation_does_not_have_mean_nothing(
    client: httpx.Client, document: Any
) -> None:
    unknown = "not_of_any_operation"
    for path, item in document["paths"].items():
        url = re.sub(r"\{[^}]*\}", some_id(), path)
        for method in item:
            if method in ("get", "post", "put", "patch", "delete"):
                answer = client.request(method, url, params={unknown: "1"}, json=None)
                assert unknown not in answer.text, (method, path, answer.text)
                assert answer.status_code < 500, (method, path, answer.text)


def test_reads_may_name_their_account_in_the_query(
    client: httpx.Client, nobody: httpx.Client, account_id: UUID
) -> None:
    image_id = KINDS["image"].make(client)
    attribute_id = new_attribute(client, basic_attributes={"age": 30})
    ours, theirs = {"account_id": str(account_id)}, {"account_id": some_id()}
    for url in (f"/6/faces/{new_face(client)}", f"/6/lists/{new_list(client)}",
                f"/6/attributes/{attribute_id}", f"/6/images/{image_id}"):  # fmt: skip
        assert nobody.get(url, params=ours).status_code == 200, url
        assert nobody.get(url, params=theirs).status_code == 404, url
        assert refused(client.get(url, params=theirs)) == (400, 12012), url
        assert refused(nobody.get(url, params={"account_id": "me"})) == (400, 12012), url
    assert nobody.get("/6/faces", params=theirs).json() == {"faces": []}
    assert nobody.get("/6/faces/count", params=ours).json() == {"faces_count": 1}
