"""Paths find their routes; HEAD, OPTIONS and CORS are answered for all of them."""

from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse

from api.app_kit import Kit, build_app
from api.http.asgi import header
from api.http.route_table import path_of
from tests.api.kit.toy import SYSTEM, THING, asking, toy


async def test_head_answers_like_get_without_the_body(client: httpx.AsyncClient) -> None:
    got = await client.get(f"/6/things/{THING}")
    answer = await client.head(f"/6/things/{THING}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == got.headers["content-length"]
    assert (await client.head("/6/things/x")).status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/6/things", "GET, HEAD, OPTIONS, POST"),
        ("/6/things/count", "GET, HEAD, OPTIONS"),
        (f"/6/things/{THING}", "DELETE, GET, HEAD, OPTIONS"),
        ("/6/things/raw", "OPTIONS, POST"),
        ("/version", "GET, HEAD, OPTIONS"),
        ("/6/docs/spec", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_names_the_methods(
    client: httpx.AsyncClient, path: str, allowed: str
) -> None:
    answer = await client.options(path)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["allow"] == allowed


async def test_options_of_nothing_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.options("/6/nothing")).status_code == 404


async def test_methods_of_one_path_may_name_its_parameter_differently(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.delete("/6/things/Ann")).status_code == 204
    assert (await client.delete("/6/things/count")).status_code == 204
    assert (await client.get("/6/things/count")).json()["things_count"] == 3


async def test_a_word_is_no_id_whatever_the_method() -> None:
    router = APIRouter()

    @router.get("/count")
    async def count() -> int:
        return 3

    @router.get("/{thing_id}")
    async def get_thing(thing_id: UUID) -> str:
        return "thing"

    @router.delete("/{thing_id}", status_code=204)
    async def delete_thing(thing_id: UUID) -> None:
        pass

    async with asking(build_app("T", [router], Kit(system=SYSTEM), prefix="/6/t")) as client:
        wrong = await client.delete("/6/t/count")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert (await client.get("/6/t/count")).json() == 3
        assert (await client.delete(f"/6/t/{THING}")).status_code == 204
        assert (await client.delete("/6/t/other")).status_code == 404


async def test_a_fixed_segment_wins_whatever_the_order_of_registration() -> None:
    router = APIRouter()

    @router.get("/{name}/end")
    async def by_name(name: str) -> str:
        return f"name {name}"

    @router.get("/fixed/{rest}")
    async def fixed(rest: str) -> str:
        return f"rest {rest}"

    @router.get("/fixed/end")
    async def end() -> str:
        return "end"

    async with asking(build_app("T", [router], Kit(system=SYSTEM))) as client:
        assert (await client.get("/fixed/end")).json() == "end"
        assert (await client.get("/fixed/x")).json() == "rest x"
        assert (await client.get("/x/end")).json() == "name x"
        assert (await client.get("/fixed/a%20b")).json() == "rest a b"
        assert (await client.get("/x/y")).status_code == 404


async def test_routes_of_nested_routers_negotiate_too() -> None:
    inner, outer = APIRouter(prefix="/in"), APIRouter(prefix="/out")

    @inner.post("/{thing_id}")
    async def post_thing(thing_id: UUID, body: dict[str, int]) -> dict[str, int]:
        return body

    outer.include_router(inner)
    async with asking(build_app("T", [outer], Kit(system=SYSTEM), prefix="/6")) as client:
        path = f"/6/out/in/{THING}"
        headers = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
        answer = await client.post(path, content=b"\x81\xa1a\x01", headers=headers)
    assert answer.content == b"\x81\xa1a\x01"


async def test_mounts_and_paths_of_any_depth_are_left_to_the_router() -> None:
    app = toy()
    app.mount("/files", PlainTextResponse("mounted"))

    @app.get("/deep/{path:path}")
    async def deep(path: str) -> str:
        return path

    async with asking(app) as client:
        assert (await client.get("/files/a/b")).text == "mounted"
        assert (await client.get("/deep/a/b")).json() == "a/b"
        assert (await client.get("/nothing")).json()["error_code"] == 12013
        assert (await client.get(f"/6/things/{THING}")).status_code == 200


async def test_a_service_works_below_a_mount() -> None:
    outer = FastAPI()
    outer.mount("/inside", toy())
    async with asking(outer) as client:
        assert (await client.get(f"/inside/6/things/{THING}")).json() == {"thing_id": THING}
        assert (await client.get("/inside/6/nothing")).json()["error_code"] == 12013
        moved = await client.get("/inside/6/docs/dev")
    assert moved.headers["location"] == "/inside/docs/dev/index.html"


def test_the_path_below_a_mount_loses_the_mount_only() -> None:
    assert path_of({"path": "/a/b", "root_path": "/a"}) == "/b"
    assert path_of({"path": "/ab", "root_path": "/a"}) == "/ab"
    assert path_of({"path": "/b"}) == "/b"


def test_of_a_repeated_header_the_last_value_counts() -> None:
    assert header({"headers": [(b"a", b"1"), (b"a", b"2")]}, b"a") == "2"
    assert header({"headers": []}, b"a") is None


ORIGIN = {"Origin": "https://page.example"}


async def test_no_page_may_call_unless_the_settings_say_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/version", headers=ORIGIN)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origins", [{"*"}, {"https://page.example"}])
async def test_pages_of_allowed_origins_may_call(origins: set[str]) -> None:
    async with asking(toy(origins=frozenset(origins))) as client:
        simple = await client.get("/6/nothing", headers=ORIGIN)
        asked = {**ORIGIN, "Access-Control-Request-Method": "PATCH"}
        before = await client.options("/6/things", headers=asked)

    assert simple.headers["access-control-allow-origin"] == "https://page.example"
    assert "Luna-Request-Id" in simple.headers["access-control-expose-headers"]
    assert before.status_code == 200
    assert before.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert before.headers["access-control-allow-methods"] == "PATCH"
    assert "Luna-Account-Id" in before.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in before.headers


async def test_pages_of_other_origins_may_not() -> None:
    async with asking(toy(origins=frozenset({"https://other.example"}))) as client:
        answer = await client.get("/version", headers=ORIGIN)
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin"
