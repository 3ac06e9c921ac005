"""Clients that write, search and detect all the time, and know what has to be found."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from inference.drawn_face import drawn_face
from inference.image import encode_jpeg
from tests.api.enrolled import descriptor, named, search_of

_AGAIN_S = 0.1
_MOST_WAITED_S = 240.0
_POSITION_REFUSED = "Selene-Min-Position"


@dataclass
class Ledger:
    """What was acknowledged, what is in doubt, and what went wrong."""

    faces: dict[int, str] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    """Seeds of faces of which it is not known whether they are there."""

    position: int = 0
    searches: int = 0
    detections: int = 0
    excused: int = 0
    """Requests that failed while the database or Redis was away."""

    failed_writes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


class Outages:
    """The times when requests may fail: from when something was stopped until all works again."""

    def __init__(self) -> None:
        self._over: list[tuple[float, float]] = []
        self._since: float | None = None

    def begin(self) -> None:
        """Something is stopped from now on."""
        self._since = time.monotonic()

    def end(self) -> None:
        """It works again."""
        assert self._since is not None
        self._over.append((self._since, time.monotonic()))
        self._since = None

    def excuse(self, began: float) -> bool:
        """Whether a request that began then, and ends now, met an outage."""
        if self._since is not None:
            return True
        return any(end >= began for _, end in self._over)


class Load:
    """Requests to all processes until the block ends."""

    def __init__(self, urls: Sequence[str], headers: dict[str, str], outages: Outages) -> None:
        self._http = [httpx.AsyncClient(base_url=u, headers=headers, timeout=120) for u in urls]
        self.ledger, self._outages = Ledger(), outages
        self._seeds = count(1)
        self._ended = False
        self._image = encode_jpeg(drawn_face())

    async def __aenter__(self) -> "Load":
        clients = [self._write(), self._write(), self._search(), self._search(), self._detect()]
        self._clients = [asyncio.create_task(client) for client in clients]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        await asyncio.gather(*self._clients)

    async def close(self) -> None:
        """Disconnect."""
        for http in self._http:
            await http.aclose()

    async def works(self) -> bool:
        """Whether every process reads, writes and searches."""
        seed = next(self._seeds)
        for http in self._http:
            try:
                made = await http.post("/6/faces", json={"user_data": "probe"})
                found = await http.post("/6/matcher/faces", json=search_of(seed))
            except httpx.TransportError:
                return False
            if (made.status_code, found.status_code) != (201, 200):
                return False
        return True

    async def check(self) -> None:
        """Every face that was acknowledged is there and found; those removed are not."""
        for http in self._http:
            for seed in [*self.ledger.faces, *self.ledger.removed]:
                if seed not in self.ledger.doubtful:
                    await self._find(seed, http)
        for face_id in self.ledger.faces.values():
            answer = await self._http[0].get(f"/6/faces/{face_id}")
            if answer.status_code != 200:
                self.ledger.wrong.append(f"face {face_id} is lost: {answer.text}")

    async def _write(self) -> None:
        while not self._ended:
            await asyncio.sleep(0.02)
            seed, http = next(self._seeds), random.choice(self._http)
            self.ledger.doubtful.add(seed)
            body = {"attribute": {"face_descriptors": [descriptor(seed)]}}
            made = await self._asked(http, "POST", "/6/faces", 201, json=body)
            if made is None:
                continue
            self.ledger.faces[seed] = made.json()["face_id"]
            self._reached(made)
            self.ledger.doubtful.discard(seed)
            await self._find(seed, random.choice(self._http))
            if random.random() < 0.2:
                self.ledger.doubtful.add(seed)
                face_id = self.ledger.faces.pop(seed)
                gone = await self._asked(http, "DELETE", f"/6/faces/{face_id}", 204)
                if gone is not None:
                    self._reached(gone)
                    self.ledger.removed.add(seed)
                    self.ledger.doubtful.discard(seed)
                    await self._find(seed, random.choice(self._http))

    async def _search(self) -> None:
        while not self._ended:
            known = [*self.ledger.faces, *list(self.ledger.removed)[-20:]]
            sure = [seed for seed in known if seed not in self.ledger.doubtful]
            if sure:
                await self._find(random.choice(sure), random.choice(self._http))
            await asyncio.sleep(0.02)

    async def _detect(self) -> None:
        headers = {"Content-Type": "image/jpeg"}
        while not self._ended:
            http, began = random.choice(self._http), time.monotonic()
            try:
                answer = await http.post("/6/detector", content=self._image, headers=headers)
            except httpx.TransportError as error:
                self._problem(f"detector: {error!r}", began)
                continue
            if answer.status_code != 201:
                self._problem(f"detector: {answer.text}", began)
            elif len(answer.json()["images"][0]["detections"]["samples"]) != 1:
                self.ledger.wrong.append(f"detector: {answer.text}")
            else:
                self.ledger.detections += 1
            await asyncio.sleep(0.1)

    async def _find(self, seed: int, http: httpx.AsyncClient) -> None:
        """One search, compared with what is known before and after it."""
        before, position = self.ledger.faces.get(seed), self.ledger.position
        began = time.monotonic()
        while True:
            asked, headers = time.monotonic(), {"Selene-Min-Position": str(position)}
            try:
                answer = await http.post("/6/matcher/faces", json=search_of(seed), headers=headers)
            except httpx.TransportError as error:
                return self._problem(f"search: {error!r}", asked)
            # A process that has not read so far says so, which is no answer yet.
            waits = answer.status_code != 200 and _POSITION_REFUSED in answer.text
            if not waits or time.monotonic() - began > _MOST_WAITED_S:
                break
            await asyncio.sleep(_AGAIN_S)
        if answer.status_code != 200:
            return self._problem(f"search: {answer.text}", asked)
        self.ledger.searches += 1
        self.ledger.slowest_s = max(self.ledger.slowest_s, time.monotonic() - asked)
        same = before == self.ledger.faces.get(seed) and seed not in self.ledger.doubtful
        if same and (found := named(answer.json())) != ([before] if before else []):
            self.ledger.wrong.append(f"{seed}: {found} in place of {before}, {answer.headers}")

    async def _asked(
        self, http: httpx.AsyncClient, method: str, path: str, status: int, **body: Any
    ) -> httpx.Response | None:
        began = time.monotonic()
        try:
            answer = await http.request(method, path, **body)
        except httpx.TransportError as error:
            said = repr(error)
        else:
            if answer.status_code == status:
                return answer
            said = answer.text
        if self._outages.excuse(began):
            self.ledger.excused += 1
        else:
            self.ledger.failed_writes.append(f"{method}: {said}")
        await asyncio.sleep(_AGAIN_S)
        return None

    def _reached(self, answer: httpx.Response) -> None:
        self.ledger.position = max(self.ledger.position, int(answer.headers["Selene-Position"]))

    def _problem(self, what: str, began: float) -> None:
        if self._outages.excuse(began):
            self.ledger.excused += 1
        else:
            self.ledger.failed.append(what)
