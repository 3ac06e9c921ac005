"""Requests without their methods, and the account that they are asked for."""

import base64
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgpack

from domain.shared.biometrics import DescriptorKind
from tests.api.belongings import belongings
from tests.api.people import raw_descriptor, unit_vector
from tests.support.running_api import RunningApi

MSGPACK = "application/msgpack"


@dataclass(frozen=True)
class Asked:
    """A request without its method: where, with what, and under which headers.

    Where there are both a JSON body and bytes, the bytes are sent and the other is tried on.
    """

    url: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    """A Content-Length that promises more than is ever sent."""

    def sent(self, client: httpx.Client, method: str) -> httpx.Response:
        """The answer to it."""
        if self.declared is not None:
            return self._announced(client, method, self.declared)
        body: dict[str, Any] = {}
        if self.content is not None:
            body["content"] = self.content
        elif self.json is not None:
            body["json"] = self.json
        return client.request(method, self.url, params=self.params, headers=self.headers, **body)

    def _announced(self, client: httpx.Client, method: str, length: int) -> httpx.Response:
        place = urlsplit(str(client.base_url))
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        headers = {**client.headers, **self.headers, "Content-Length": str(length)}
        connection.request(method, self.url, headers=headers)
        answer = connection.getresponse()
        made = httpx.Response(answer.status, headers=dict(answer.headers), content=answer.read())
        connection.close()
        return made

    def packed(self) -> "Asked":
        """The same in MessagePack, as are the answers that it wants."""
        headers = {**self.headers, "Accept": MSGPACK}
        if self.json is None or self.content is not None:
            return replace(self, headers=headers)
        packed = msgpack.packb(self.json)
        return replace(
            self, json=None, content=packed, headers={**headers, "Content-Type": MSGPACK}
        )


@dataclass(frozen=True)
class World:
    """An account: who asks, and the ids of one thing of every kind that it has."""

    api: RunningApi
    client: httpx.Client
    ids: dict[str, str]
    login: dict[str, Any]
    made: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(api: RunningApi, client: httpx.Client, login: dict[str, Any]) -> "World":
        """A world with fresh things."""
        return World(api, client, belongings(client, api), login)

    @contextmanager
    def streams(self) -> Iterator[httpx.Client]:
        """Asks the streams service as the account."""
        base, headers = f"{self.api.url}/streams", self.client.headers
        with httpx.Client(base_url=base, headers=headers, timeout=60) as made:
            yield made

    def static_handler(self) -> str:
        """A handler with policies of its own, beside the dynamic one."""
        if "handler" not in self.made:
            answer = self.client.post("/6/handlers", json={"policies": {}})
            self.made["handler"] = answer.json()["handler_id"]
        return self.made["handler"]

    def descriptor(self, kind: DescriptorKind) -> dict[str, Any]:
        """A raw descriptor of a kind, as a reference of the matcher."""
        features = {f.kind: f for f in self.api.services.models.descriptors()}
        if kind is DescriptorKind.FACE:
            data = raw_descriptor(self.api)
        else:
            vector = base64.b64encode(unit_vector(features[kind].dimension)).decode()
            data = {"descriptor": vector, "version": features[kind].version}
        return {"id": "probe", "type": "raw_descriptor", "data": data}
