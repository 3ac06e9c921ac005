"""What is too long is refused before it is read to the end."""

from collections.abc import AsyncIterator

import pytest

from api.http.limits import RequestLimits
from tests.api.kit.toy import THING, asking, toy

SMALL = RequestLimits(body=1000, url=200, headers=600)


async def chunks(size: int, count: int) -> AsyncIterator[bytes]:
    """A body sent without its length."""
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize(
    ("path", "kind", "declared"),
    [
        ("/6/things/raw", "text/plain", True),
        ("/6/things/raw", "text/plain", False),
        ("/6/things", "application/json", True),
        ("/6/things", "application/json", False),
        ("/6/things/images", "image/jpeg", False),
        ("/6/things/upload", "multipart/form-data; boundary=b", True),
    ],
)
async def test_large_bodies_are_refused_declared_or_not(
    path: str, kind: str, declared: bool
) -> None:
    async with asking(toy(limits=SMALL)) as client:
        body = b"x" * 1001 if declared else chunks(100, 11)
        headers = {"Content-Type": kind, "Luna-Account-Id": THING}
        answer = await client.post(path, content=body, headers=headers)

    assert (answer.status_code, answer.json()["error_code"]) == (413, 37003)
    assert answer.headers["luna-request-id"]


async def test_a_large_form_is_refused_while_it_is_read() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'

    async def form() -> AsyncIterator[bytes]:
        yield head
        async for chunk in chunks(100, 20):
            yield chunk

    async with asking(toy(limits=SMALL)) as client:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await client.post("/6/things/upload", content=form(), headers=headers)

    assert (answer.status_code, answer.json()["error_code"]) == (413, 37003)


async def test_a_body_as_long_as_the_limit_is_read() -> None:
    async with asking(toy(limits=SMALL)) as client:
        for body in (b"x" * 1000, chunks(100, 10)):
            answer = await client.post("/6/things/raw", content=body)
            assert answer.json() == {"bytes": 1000}


async def test_reading_stops_at_the_limit() -> None:
    sent = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 100

    async with asking(toy(limits=SMALL)) as client:
        answer = await client.post("/6/things/raw", content=counted())

    assert answer.status_code == 413
    assert sent < 20


async def test_long_urls_and_headers_are_refused() -> None:
    async with asking(toy(limits=SMALL)) as client:
        url = await client.get("/6/things", params={"a": "x" * 200})
        header = await client.get("/6/things", headers={"X-Long": "x" * 600})

    assert (url.status_code, header.status_code) == (414, 431)
    assert "the limit is 200" in url.json()["detail"]
    assert "the limit is 600" in header.json()["detail"]


@pytest.mark.parametrize("length", ["-1", "1e3", "\xb2", "9" * 30])
async def test_a_content_length_that_is_no_number_is_refused(length: str) -> None:
    async with asking(toy(limits=SMALL)) as client:
        headers = [(b"content-length", length.encode("latin-1"))]
        answer = await client.post("/6/things/raw", content=b"abc", headers=headers)
    assert answer.status_code in (400, 413)
