"""The one way out to URLs that users give: checked, resolved once, pinned and bounded."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from domain.shared.refusal import Refusal

_NAT64 = IPv6Network("64:ff9b::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "ftp": 21}
Address = IPv4Address | IPv6Address


class UrlRefused(Refusal):
    """A URL given by the user may not be reached from here."""

    detail = "Url '{}' is refused: {}"


class DownloadFailed(Refusal):
    """The image behind a URL could not be fetched."""

    detail = "Failed to download image by url '{}': {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRules:
    """What user-given URLs may name and how much is fetched from them."""

    schemes: frozenset[str] = frozenset({"http", "https"})
    ports: frozenset[int] = frozenset({80, 443, 8000, 8080, 8443})
    private: tuple[str, ...] = ()
    """Hosts, host:port pairs or networks that are reached although they are not public."""
    longest_url: int = 2048
    largest_body: int = 32 << 20
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class PinnedUrl:
    """A checked URL with the one address it was resolved to."""

    url: httpx.URL
    host: str
    port: int
    address: Address

    def at_address(self) -> httpx.URL:
        """The URL with the host replaced by the address."""
        return self.url.copy_with(host=str(self.address), port=self.port)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The body of an answer and what it says it is."""

    content: bytes
    content_type: str
    status: int


@dataclass
class UrlGuard:
    """Checks URLs and sends requests to them; redirects are never followed.

    The name is resolved once and the connection goes to that address, so a name that changes
    its mind in between cannot lead inside; certificates are still checked against the name.
    """

    rules: UrlRules = field(default_factory=UrlRules)
    verify: bool | ssl.SSLContext = True
    """Whose certificates are believed; True is those the system ships with."""

    def __post_init__(self) -> None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            limits=limits,
            verify=self.verify,
            timeout=httpx.Timeout(self.rules.timeout_s, connect=min(5.0, self.rules.timeout_s)),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    async def check(self, text: str, schemes: frozenset[str] | None = None) -> PinnedUrl:
        """The URL, checked and resolved; other `schemes` are for readers other than ours."""
        url, host, port = self._parsed(text, schemes or self.rules.schemes)
        addresses = await _resolved(text, host, port)
        named = {host, f"{host}:{port}"} & set(self.rules.private)
        allowed = [one for one in addresses if named or self._may_reach(one)]
        if not allowed:
            raise UrlRefused(shown(text), "its address is not public")
        if schemes is None and port not in self.rules.ports and not named:
            raise UrlRefused(shown(text), f"port {port} is not allowed")
        return PinnedUrl(url, host, port, allowed[0])

    async def get(self, url: str) -> Fetched:
        """What a GET answers with status 200; anything else is a DownloadFailed."""
        try:
            fetched = await self.send("GET", url)
        except UrlRefused as refused:
            raise DownloadFailed(shown(url), refused.args[1]) from None
        if fetched.status != 200:
            raise DownloadFailed(shown(url), f"the answer has status {fetched.status}")
        return fetched

    async def save(self, url: str, path: Path, *, largest: int, patience_s: float) -> None:
        """Write what a GET answers with status 200 to a file; anything else is a UrlRefused."""
        with path.open("wb") as file, _explained(url, patience_s):
            async with (
                asyncio.timeout(patience_s),
                self._answer(await self.check(url), "GET", None, {}) as response,
            ):
                if response.status_code != 200:
                    status = response.status_code
                    raise UrlRefused(shown(url), f"the answer has status {status}")
                async for chunk in _bounded(response, url, largest):
                    await asyncio.to_thread(file.write, chunk)

    async def send(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Send one request and read a bounded answer; what fails is a UrlRefused."""
        with _explained(url, self.rules.timeout_s):
            async with (
                asyncio.timeout(self.rules.timeout_s),
                self._answer(await self.check(url), method, content, headers or {}) as response,
            ):
                chunks = _bounded(response, url, self.rules.largest_body)
                body = b"".join([chunk async for chunk in chunks])
                kind = response.headers.get("content-type", "")
                return Fetched(body, kind, response.status_code)

    async def post(
        self, url: str, content: bytes, headers: Mapping[str, str], *, patience_s: float
    ) -> int:
        """The status that a POST is answered with; nothing else of the answer is read."""
        with _explained(url, patience_s):
            async with (
                asyncio.timeout(patience_s),
                self._answer(
                    await self.check(url), "POST", content, headers, patience_s
                ) as response,
            ):
                return response.status_code

    @asynccontextmanager
    async def opened(self, url: str) -> AsyncIterator[httpx.Response]:
        """The answer to a GET, to be read piece by piece for as long as it goes on."""
        async with self._answer(await self.check(url), "GET", None, {}) as response:
            yield response

    @asynccontextmanager
    async def _answer(
        self,
        pinned: PinnedUrl,
        method: str,
        content: bytes | None,
        headers: Mapping[str, str],
        patience_s: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        own = {"Host": pinned.url.netloc.decode("ascii"), "Accept-Encoding": "identity"}
        url = pinned.at_address()
        async with self._client.stream(
            method,
            url,
            content=content,
            headers={**headers, **own},
            extensions={"sni_hostname": pinned.host},
            timeout=self._client.timeout if patience_s is None else patience_s,
        ) as response:
            yield response

    def _parsed(self, text: str, schemes: frozenset[str]) -> tuple[httpx.URL, str, int]:
        if len(text) > self.rules.longest_url:
            raise UrlRefused(shown(text), f"it has more than {self.rules.longest_url} characters")
        try:
            url = httpx.URL(text)
            host = url.raw_host.decode("ascii").rstrip(".")
        except (httpx.InvalidURL, ValueError, TypeError):
            raise UrlRefused(shown(text), "it is no URL") from None
        if url.scheme not in schemes:
            names = ", ".join(sorted(schemes))
            raise UrlRefused(shown(text), f"its scheme must be one of {names}")
        if not host:
            raise UrlRefused(shown(text), "it names no host")
        port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
        if not 0 < port < 1 << 16:
            raise UrlRefused(shown(text), "it names no port")
        return url, host, port

    def _may_reach(self, address: Address) -> bool:
        if is_public(address):
            return True
        for text in self.rules.private:
            try:
                if address in ip_network(text):
                    return True
            except ValueError:  # a host name; those were compared before
                continue
        return False


async def _bounded(response: httpx.Response, url: str, largest: int) -> AsyncIterator[bytes]:
    """The body piece by piece, as it is; refused as soon as it is too large."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise UrlRefused(shown(url), "the answer is compressed")
    declared = response.headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:20]) > largest:
        raise UrlRefused(shown(url), f"it has more than {largest} bytes")
    taken = 0
    async for chunk in response.aiter_raw():
        taken += len(chunk)
        if taken > largest:
            raise UrlRefused(shown(url), f"it has more than {largest} bytes")
        yield chunk


@contextmanager
def _explained(url: str, patience_s: float) -> Iterator[None]:
    """Refusals in place of what fails on the way."""
    try:
        yield
    except (TimeoutError, httpx.TimeoutException):
        raise UrlRefused(shown(url), f"no answer in {patience_s:g} s") from None
    except (httpx.HTTPError, OSError, ValueError):
        raise UrlRefused(shown(url), "it cannot be reached") from None


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, seen through IPv6 wrappings of IPv4."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(one is not None and not is_public(one) for one in inner):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def shown(url: str) -> str:
    """The URL as errors and logs may show it: shortened, and without the user's password."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return (scheme + separator + authority.rpartition("@")[2] + slash + path)[:256]


async def _resolved(text: str, host: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UrlRefused(shown(text), "its host is not known") from None
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
