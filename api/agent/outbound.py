"""Requests of the agent to addresses that streams name."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from api.url_guard import UrlGuard


class Outbound:
    """Posts to the API of this installation by our own client, to all others through the guard."""

    def __init__(self, origin: str, guard: UrlGuard) -> None:
        self._origin, self._guard = origin.rstrip("/"), guard
        self._client = httpx.AsyncClient(timeout=60.0, trust_env=False)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    def is_own(self, url: str) -> bool:
        """Whether the address is one of this installation's API."""
        return url.startswith(f"{self._origin}/")

    async def post(
        self, url: str, data: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Status and content of the answer; empty where the answer is no JSON object."""
        if self.is_own(url):
            answer = await self._client.post(url, content=data, headers=dict(headers))
            status, content = answer.status_code, answer.content
        else:
            sent = await self._guard.send("POST", url, content=data, headers=dict(headers))
            status, content = sent.status, sent.content
        try:
            said = orjson.loads(content)
        except orjson.JSONDecodeError:
            said = {}
        return status, said if isinstance(said, dict) else {}


def authorization(said: Mapping[str, Any]) -> dict[str, str]:
    """The headers of who asks: the bearer of a token, or an account."""
    if said.get("token"):
        return {"Authorization": f"Bearer {said['token']}"}
    return {"Luna-Account-Id": str(said["account_id"])}
