"""Images in a bucket of an S3-like store, reached through the guard of user-given URLs."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

from api.url_guard import Fetched, UrlGuard, UrlRefused
from api.workers.tasks.kind import Work
from api.workers.tasks.sources import MOST_IMAGES, in_order, is_below, is_image_name
from domain.estimator_task import ImageOfSourceRefused, S3Source, SourceRefused
from domain.shared.image_refusals import TooManyBytes
from domain.shared.refusal import Refusal

_NO_BODY: Final = hashlib.sha256(b"").hexdigest()
_SIGNED_HEADERS: Final = "host;x-amz-content-sha256;x-amz-date"
_PLAIN: Final = "-_.~"


class S3Bucket:
    """The objects of a bucket whose keys have a prefix; each is fetched when it is read."""

    def __init__(self, work: Work, source: S3Source) -> None:
        self._work, self._source = work, source
        self._largest = work.services.image_limits.bytes
        endpoint = source.endpoint or f"https://s3.{source.region}.amazonaws.com"
        if urlsplit(endpoint).scheme not in ("http", "https"):
            raise SourceRefused("its endpoint is no URL of a store")
        self._bucket = f"{endpoint.rstrip('/')}/{source.bucket}"

    def names(self) -> list[str]:
        """The key of every object that may be an image."""
        found: list[str] = []
        token: str | None = None
        while True:
            self._work.check()
            page, token = _page_of(self._list(token))
            recursive = bool(self._source.recursive)
            found += [
                key
                for key in page
                if is_image_name(key) and is_below(key, self._source.prefix, recursive)
            ]
            if token is None or len(found) > MOST_IMAGES:
                return in_order(found)

    def read(self, names: Sequence[str]) -> list[bytes | Refusal]:
        """The bytes of some objects, or why they cannot be read; fetched side by side."""

        async def all_of_them() -> list[bytes | Refusal]:
            return list(await asyncio.gather(*map(self._read, names)))

        return self._work.wait(all_of_them())

    def origin(self, name: str) -> str | None:
        """The object's address, if images are to be referred to by it."""
        return (
            self._bucket + "/" + quote(name, safe="/" + _PLAIN)
            if self._source.save_origin
            else None
        )

    def close(self) -> None:
        """Nothing is held."""

    async def _read(self, name: str) -> bytes | Refusal:
        try:
            fetched = await self._get("/" + quote(name, safe="/" + _PLAIN), {})
        except UrlRefused as refused:
            return ImageOfSourceRefused(name, refused.args[1])
        if fetched.status != 200:
            return ImageOfSourceRefused(name, f"the store answers with status {fetched.status}")
        if len(fetched.content) > self._largest:
            return TooManyBytes(len(fetched.content), self._largest)
        return fetched.content

    def _list(self, token: str | None) -> bytes:
        query = {"list-type": "2", "prefix": self._source.prefix}
        if not self._source.recursive:
            query["delimiter"] = "/"
        if token is not None:
            query["continuation-token"] = token
        try:
            fetched = self._work.wait(self._get("", query))
        except UrlRefused as refused:
            raise SourceRefused(refused.args[1]) from None
        if fetched.status != 200:
            raise SourceRefused(f"the store answers with status {fetched.status}")
        return fetched.content

    async def _get(self, path: str, query: Mapping[str, str]) -> Fetched:
        url = self._bucket + path
        if query:
            url += "?" + urlencode(sorted(query.items()), quote_via=quote, safe=_PLAIN)
        guard: UrlGuard = self._work.services.guard
        return await guard.send("GET", url, headers=signature(self._source, url, datetime.now(UTC)))


def signature(source: S3Source, url: str, now: datetime) -> dict[str, str]:
    """The headers that sign a GET of a URL (version 4); none for a public bucket."""
    keys = source.authorization
    if keys is None:
        return {}
    parts, moment = urlsplit(url), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{source.region}/s3/aws4_request"
    headers = {"host": parts.netloc, "x-amz-content-sha256": _NO_BODY, "x-amz-date": moment}
    lines = [f"{name}:{value}\n" for name, value in headers.items()]
    request = ["GET", parts.path, parts.query, "".join(lines), _SIGNED_HEADERS, _NO_BODY]
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signed = hmac.digest(key, text.encode(), "sha256").hex()
    said = f"Credential={keys.public_key}/{scope}, SignedHeaders={_SIGNED_HEADERS}"
    del headers["host"]
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {said}, Signature={signed}"}


def _page_of(body: bytes) -> tuple[list[str], str | None]:
    """The keys of one page of a listing, and the token of the next one."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        raise SourceRefused("the store does not answer as S3 does") from None
    keys = [found.text or "" for found in root.iterfind("{*}Contents/{*}Key")]
    more = root.findtext("{*}IsTruncated") == "true"
    return keys, (root.findtext("{*}NextContinuationToken") or None) if more else None
