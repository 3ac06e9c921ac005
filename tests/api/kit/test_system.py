"""What services tell about themselves, at the paths their contracts have."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter

from api.app_kit import Kit, build_app
from api.errors import CATALOGUE
from api.http.refusals import ComponentDown
from api.routes.system import System, Version, as_text, in_sections
from tests.api.kit.toy import SYSTEM, asking, toy


def told(**options: Any) -> System:
    """The toy's system with other options."""
    given = {"versions": SYSTEM.versions, "prefixes": ("/6",), **options}
    return System(**given)


async def fails() -> None:
    raise ComponentDown("Database connection timeout error")


async def breaks() -> None:
    raise KeyError("secret")


async def hangs() -> None:
    await asyncio.sleep(60)


async def works() -> None:
    await asyncio.sleep(0)


async def test_versions_have_the_form_of_the_contract(client: httpx.AsyncClient) -> None:
    version = {"api": 6, "major": 1, "minor": 2, "patch": 3}
    assert (await client.get("/version")).json() == {"Version": version}
    assert Version(1, 2, 3).shown() == {"major": 1, "minor": 2, "patch": 3}


async def test_a_healthy_service_tells_how_long_it_took() -> None:
    async with asking(toy(system=told(checks={"db": works}))) as client:
        answer = await client.get("/healthcheck")
    assert answer.status_code == 200
    assert set(answer.json()) == {"execution_time"}
    assert answer.json()["execution_time"] >= 0


async def test_an_unhealthy_service_names_each_component() -> None:
    checks = {"db": fails, "models": breaks, "blobs": hangs, "log": works}
    async with asking(toy(system=told(checks=checks, check_timeout_s=2))) as client:
        answer = await client.get("/healthcheck")

    assert answer.status_code == 502
    errors = {error["component"]: error for error in answer.json()["errors"]}
    assert set(errors) == {"db", "models", "blobs"}
    assert all(error["status"] == 0 for error in errors.values())
    assert errors["db"]["error"]["error_code"] == 10017
    assert errors["db"]["error"]["detail"] == "Database connection timeout error"
    assert errors["models"]["error"]["detail"] == "models does not work"
    assert errors["blobs"]["error"]["detail"] == "blobs did not answer in 2 s"
    assert "secret" not in answer.text


async def test_dependencies_are_checked_on_demand() -> None:
    async with asking(toy(system=told(dependencies={"streams": fails}))) as client:
        assert (await client.get("/healthcheck")).status_code == 200
        asked = await client.get("/healthcheck?include_luna_services=1")
        bad = await client.get("/healthcheck?include_luna_services=2")
    assert asked.status_code == 502
    assert bad.json()["detail"] == "Bad query parameters 'include_luna_services'"


async def test_the_api_reaches_its_health_by_a_redirect() -> None:
    async with asking(toy(system=told(health_below_prefix=True))) as client:
        answer = await client.get("/healthcheck?include_luna_services=1")
        assert answer.status_code == 302
        assert answer.headers["location"] == "/6/healthcheck?include_luna_services=1"
        followed = await client.get("/healthcheck", follow_redirects=True)
    assert set(followed.json()) == {"execution_time"}


async def test_metrics_count_requests_by_route() -> None:
    more = CollectorRegistry()
    Counter("frames", "Frames seen", registry=more).inc()
    async with asking(toy(system=told(registries=(more,)))) as client:
        await client.get("/healthcheck")
        await client.get("/6/things/x")
        await client.request("BREW", "/6/things")
        await client.get("/../../etc")
        answer = await client.get("/metrics")

    assert answer.headers["content-type"].lower() == "text/plain; charset=utf-8"
    assert 'request_count_total{path="GET:/healthcheck",status_code="200"} 1.0' in answer.text
    assert 'path="GET:/6/things/{thing_id}",status_code="404"} 1.0' in answer.text
    assert 'path="unknown:/6/things",status_code="405"} 1.0' in answer.text
    assert 'path="GET:unknown",status_code="404"} 1.0' in answer.text
    assert "frames_total 1.0" in answer.text


async def test_metrics_may_be_switched_off() -> None:
    async with asking(toy(system=told(metrics_enabled=False))) as client:
        answer = await client.get("/metrics")
    assert (answer.status_code, answer.json()["error_code"]) == (403, 12049)


SETTINGS = {
    "host": "127.0.0.1",
    "redis_url": None,
    "limits": {"body_bytes": 5, "deep": {"token": "t"}},
    "s3": {"secret_access_key": "hidden", "region": "eu"},
    "admin_password": "hidden",
}


async def test_settings_are_shown_with_secrets_masked() -> None:
    async with asking(toy(system=told(settings=lambda: SETTINGS))) as client:
        as_json = await client.get("/6/config")
        text = await client.get("/6/config", headers={"Accept": "text/plain"})
        other = await client.get("/6/config", headers={"Accept": "image/png"})

    assert as_json.json()["SELENE"] == {
        "HOST": "127.0.0.1",
        "REDIS_URL": None,
        "ADMIN_PASSWORD": "********",
    }
    assert as_json.json()["S3"] == {"SECRET_ACCESS_KEY": "********", "REGION": "eu"}
    assert as_json.json()["LIMITS"]["DEEP"] == {"TOKEN": "********"}
    assert text.headers["content-type"].startswith("text/plain")
    assert "[S3]\nSECRET_ACCESS_KEY = ********\nREGION = eu\n" in text.text
    assert "hidden" not in as_json.text + text.text
    assert (other.status_code, other.json()["error_code"]) == (415, 12024)
    assert as_text(in_sections({})) == "[SELENE]\n"


async def test_the_document_has_the_form_the_client_accepts(client: httpx.AsyncClient) -> None:
    async def form(accept: str) -> httpx.Response:
        return await client.get("/6/docs/spec", headers={"Accept": accept})

    as_yaml = await form("application/x-yaml")
    assert as_yaml.headers["content-type"].startswith("application/x-yaml")
    document = yaml.safe_load(as_yaml.text)
    assert document["info"] == {"title": "Toy", "version": "1.2.3"}
    assert orjson.loads((await form("application/json")).content) == document
    page = await form("text/html,*/*;q=0.8")
    assert page.headers["content-type"].startswith("text/html")
    assert "/6/things/{thing_id}" in page.text
    assert "http://" not in page.text + (await form("*/*")).text
    assert "https://" not in page.text
    refused = await form("image/png")
    assert (refused.status_code, refused.json()["error_code"]) == (415, 12024)


async def test_every_error_code_has_a_page(client: httpx.AsyncClient) -> None:
    for code in {0, 1, *(entry.code for entry in CATALOGUE.values())}:
        page = await client.get(f"/docs/errors/{code}")
        assert page.status_code == 200
        assert f"<h1>Error {code}</h1>" in page.text
    both = await client.get("/docs/errors/11027")
    assert "Failed to validate input json" in both.text
    assert "Failed to download image" in both.text
    assert (await client.get("/docs/errors/7")).status_code == 404
    assert (await client.get("/docs/errors/x")).status_code == 404
    assert 'href="errors/12022"' in (await client.get("/docs/errors")).text


async def test_the_manual_is_reached_by_a_redirect(client: httpx.AsyncClient) -> None:
    answer = await client.get("/6/docs/dev")
    assert (answer.status_code, answer.headers["location"]) == (302, "/docs/dev/index.html")
    followed = await client.get("/6/docs/dev", follow_redirects=True)
    assert "/6/docs/spec" in followed.text


PATHS = {
    "api": (
        System(
            versions={"LUNA PLATFORM": Version(1, 0, 0), "luna-api": Version(1, 0, 0, api=6)},
            prefixes=("/6",),
            health_below_prefix=True,
        ),
        {
            "/version": "getVersion",
            "/6/docs/spec": "getSpec",
            "/6/docs/dev": "getDevManual",
            "/6/config": "getConfig",
            "/6/healthcheck": "healthcheck",
            "/healthcheck": "healthcheckRedirect",
        },
    ),
    "streams": (
        System(
            versions={"Version": Version(1, 0, 0, api=2)},
            prefixes=("/1", "/2"),
            plugins=lambda: {"foo": True},
        ),
        {
            "/version": "getVersion",
            "/1/docs/spec": "getSpec",
            "/1/docs/dev": "getDevManual",
            "/1/config": "getConfig",
            "/1/plugins": "getPlugins",
            "/2/docs/spec": "getSpecV2",
            "/2/docs/dev": "getDevManualV2",
            "/2/config": "getConfigV2",
            "/2/plugins": "getPluginsV2",
            "/metrics": "metrics",
            "/healthcheck": "healthcheck",
        },
    ),
}


@pytest.mark.parametrize("service", PATHS)
async def test_each_service_has_the_operations_of_its_contract(service: str) -> None:
    system, expected = PATHS[service]
    app = build_app(service, [], Kit(system=system))
    paths = app.openapi()["paths"]
    assert (
        expected.items()
        <= {path: item["get"]["operationId"] for path, item in paths.items()}.items()
    )
    async with asking(app) as client:
        for path in expected:
            assert (await client.get(path)).status_code in (200, 302)
        plugins = await client.get("/2/plugins")
    if service == "streams":
        assert plugins.json() == {"plugins": [{"name": "foo", "running": 1}]}
    else:
        assert plugins.status_code == 404
