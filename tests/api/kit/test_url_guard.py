"""URLs of users lead to public places only, once, and not for long."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.image_downloads import with_downloads
from api.images_in_request import ImageLimits, RequestImage
from api.url_guard import DownloadFailed, UrlGuard, UrlRefused, UrlRules, is_public, shown
from domain.shared.image_refusals import TooManyBytes
from tests.api.kit.web import HEAD, certified, says, web


def guard(**rules: Any) -> UrlGuard:
    """A guard that lets requests through to this machine."""
    return UrlGuard(UrlRules(**{"private": ("127.0.0.0/8",), "timeout_s": 60.0, **rules}))


@asynccontextmanager
async def fetching(raw: bytes, **rules: Any) -> AsyncIterator[tuple[UrlGuard, str]]:
    """A guard and the URL of a server that answers so."""
    async with web(says(raw)) as port, guard(ports=frozenset({port}), **rules) as through:
        yield through, f"http://127.0.0.1:{port}/a.jpg"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://localhost./",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0/",
        "http://10.0.0.1/",
        "http://172.16.5.5/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
    ],
)
async def test_addresses_inside_are_refused(url: str) -> None:
    async with UrlGuard() as closed:
        with pytest.raises(UrlRefused, match=r"not public|not known"):
            await closed.check(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://1.1.1.1/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://1.1.1.1/", "scheme"),
        ("//1.1.1.1/", "scheme"),
        ("1.1.1.1", "scheme"),
        ("", "scheme"),
        ("http:///path", "no host"),
        ("http://[::1", "no URL"),
        ("http://a\nb/", "no URL"),
        ("http://1.1.1.1:22/", "port 22 is not allowed"),
        ("http://1.1.1.1:99999/", "no port"),
        ("http://" + "a" * 3000, "more than 2048 characters"),
        ("http://no-such-host.invalid/", "not known"),
        ("http://" + "a" * 70 + ".example/", "not known|no URL"),
    ],
)
async def test_what_is_not_allowed_is_refused_with_the_reason(url: str, reason: str) -> None:
    async with UrlGuard() as closed:
        with pytest.raises(UrlRefused, match=reason):
            await closed.check(url)


async def test_a_public_url_is_pinned_to_its_address() -> None:
    async with UrlGuard() as open_:
        pinned = await open_.check("https://user:pw@1.1.1.1/a?b=c")
    assert str(pinned.at_address()) == "https://user:pw@1.1.1.1/a?b=c"
    assert pinned.address == ip_address("1.1.1.1")


async def test_readers_other_than_ours_have_their_own_schemes() -> None:
    async with guard() as through:
        pinned = await through.check("rtsp://127.0.0.1/live", frozenset({"rtsp"}))
        assert pinned.port == 554
        with pytest.raises(UrlRefused, match="scheme"):
            await through.check("http://127.0.0.1/", frozenset({"rtsp"}))


@pytest.mark.parametrize("private", ["127.0.0.1", "127.0.0.0/8", "localhost", "localhost:{port}"])
async def test_private_places_are_reached_where_the_settings_allow(private: str) -> None:
    async with web(says(HEAD + b"\r\nhi")) as port:
        rules = UrlRules(private=(private.format(port=port),), ports=frozenset({port}))
        async with UrlGuard(rules) as through:
            assert (await through.get(f"http://localhost:{port}/")).content == b"hi"


async def test_an_image_is_fetched() -> None:
    async with fetching(HEAD + b"Content-Length: 5\r\n\r\nimage") as (through, url):
        fetched = await through.get(url)
    assert (fetched.content, fetched.content_type, fetched.status) == (b"image", "image/jpeg", 200)


async def test_the_server_is_asked_by_the_name_and_found_by_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bytes] = []
    asked: list[str] = []
    real = asyncio.get_running_loop().getaddrinfo

    async def once(host: str, port: int, **more: Any) -> Any:
        # A name server that says something else the second time must not be asked twice.
        asked.append(host)
        return await real("127.0.0.1" if asked.count(host) < 2 else "192.0.2.1", port, **more)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HEAD + b"\r\nhi")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", once, raising=False)
    async with web(answer) as port, guard(ports=frozenset({port})) as through:
        await through.get(f"http://images.example:{port}/")

    assert f"Host: images.example:{port}".encode() in seen[0]
    assert asked == ["images.example"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "status 404"),
        (b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "302"),
        (HEAD + b"Content-Length: 101\r\n\r\n", "more than 100 bytes"),
        (HEAD + b"\r\n" + b"x" * 101, "more than 100 bytes"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x"), "compressed"),
        (HEAD + b"Content-Length: 50\r\n\r\nshort", "cannot be reached"),
        (b"nonsense\r\n\r\n", "cannot be reached"),
        (b"", "cannot be reached"),
    ],
)
async def test_what_cannot_be_fetched_says_why(raw: bytes, reason: str) -> None:
    async with fetching(raw, largest_body=100) as (through, url):
        with pytest.raises(DownloadFailed, match=reason):
            await through.get(url)


async def test_a_slow_answer_is_given_up_as_a_whole() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with web(drip) as port, guard(ports=frozenset({port}), timeout_s=0.3) as through:
        with pytest.raises(DownloadFailed, match=r"no answer in 0\.3 s"):
            await through.get(f"http://127.0.0.1:{port}/")


async def test_nobody_there_is_said_without_details() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        async with guard(ports=frozenset({port})) as through:
            with pytest.raises(DownloadFailed, match="cannot be reached"):
                await through.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("name", ["localhost", "other.example"])
async def test_certificates_are_checked_against_the_name(name: str, tmp_path: Path) -> None:
    server, client = certified(name, tmp_path)
    async with web(says(HEAD + b"\r\nhi"), server) as port:
        rules = UrlRules(private=("localhost",), ports=frozenset({port}), timeout_s=60.0)
        async with UrlGuard(rules, verify=client) as through:
            url = f"https://localhost:{port}/"
            if name == "localhost":
                assert (await through.get(url)).content == b"hi"
            else:
                with pytest.raises(DownloadFailed, match="cannot be reached"):
                    await through.get(url)


async def test_callbacks_are_sent_with_their_body() -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(b"HTTP/1.1 204 OK\r\n\r\n")

    async with web(answer) as port, guard(ports=frozenset({port})) as through:
        url = f"http://user:pw@127.0.0.1:{port}/hook?a=b"
        told = await through.send("POST", url, content=b"{}", headers={"X-A": "b", "Host": "evil"})

    assert told.status == 204
    assert seen[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert b"X-A: b" in seen[0]
    assert b"evil" not in seen[0]
    assert seen[0].endswith(b"{}")


async def test_images_by_url_get_their_bytes_or_the_reason_for_none() -> None:
    images = [RequestImage(data=b"here"), RequestImage(url="http://10.0.0.1/")]
    async with fetching(HEAD + b"\r\nimage") as (through, url):
        images += [RequestImage(url=url, filename="a"), RequestImage(url=url)]
        found = await with_downloads(images, through, ImageLimits(bytes=5))
        small = await with_downloads(images[2:3], through, ImageLimits(bytes=4))

    assert [image.data for image in found] == [b"here", None, b"image", b"image"]
    assert isinstance(found[1].error, DownloadFailed)
    assert (found[2].filename, found[2].content_type) == ("a", "image/jpeg")
    assert isinstance(small[0].error, TooManyBytes)


def test_passwords_are_not_shown() -> None:
    assert shown("http://user:pw@host/a?b") == "http://host/a?b"
    assert len(shown("http://host/" + "a" * 5000)) == 256


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_does_not_make_it_public(address: Any) -> None:
    number = int(address)
    for wrapped in (
        ip_address(f"::ffff:{address}"),
        ip_address(int(ip_address("64:ff9b::")) + number),
        ip_address(int(ip_address("2002::")) + (number << 80)),
    ):
        assert not is_public(wrapped) or is_public(address)


@settings(deadline=None, max_examples=50)  # some of the texts are names that are looked up
@given(st.text(st.sampled_from("0127.:@/[]?#%ä x"), max_size=12))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    closed = UrlGuard()

    async def check() -> None:
        async with closed:
            with suppress(UrlRefused):
                await closed.check(f"http://{text}")

    asyncio.run(check())


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment must not be used, whatever it is."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")


async def test_a_large_answer_is_written_to_a_file(tmp_path: Path) -> None:
    body = bytes(range(256)) * 4096
    async with fetching(HEAD + b"\r\n" + body, largest_body=10) as (through, url):
        await through.save(url, tmp_path / "a", largest=len(body), patience_s=5)
    assert (tmp_path / "a").read_bytes() == body


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (HEAD + b"\r\n" + b"x" * 101, "more than 100 bytes"),
        (HEAD + b"Content-Length: 101\r\n\r\n" + b"x" * 101, "more than 100 bytes"),
        (b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", "status 404"),
    ],
)
async def test_a_file_that_cannot_be_had_is_refused(
    raw: bytes, reason: str, tmp_path: Path
) -> None:
    async with fetching(raw) as (through, url):
        with pytest.raises(UrlRefused, match=reason):
            await through.save(url, tmp_path / "a", largest=100, patience_s=5)
