"""Handlers at work on photos: the API with models for everything, and how tests speak to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.test_handlers import make
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, running_api
from tests.support.shared import MEDIA, MODELS, needs_media, needs_models

NEEDS: list[pytest.MarkDecorator] = [needs_media, needs_models]
JPEG = {"content-type": "image/jpeg"}
DAD = "azure/Family1-Dad1.jpg"
DAD_AGAIN = "azure/Family1-Dad2.jpg"
MOM = "azure/Family1-Mom1.jpg"
STRANGER = "azure/Family2-Man1.jpg"
FOUR = "group/azure_identification1.jpg"


@contextmanager
def dev_api(databases: Databases, directory: Path, **settings: object) -> Iterator[RunningApi]:
    """The API with the development models, which can estimate more than the default pack."""
    pack = f"dev+ethnicities:{MODELS}"
    with databases.fresh() as dsn, running_api(dsn, directory, pack=pack, **settings) as api:
        yield api


def photo(name: str) -> bytes:
    """The bytes of a photo."""
    return (MEDIA / "images" / name).read_bytes()


def handler(client: httpx.Client, **policies: Any) -> str:
    """The id of a new handler with these policies."""
    return make(client, policies=policies)


def send(client: httpx.Client, handler_id: str, *names: str, **query: Any) -> httpx.Response:
    """The answer to the photos: one as the body, several as parts."""
    url = f"/6/handlers/{handler_id}/events"
    if len(names) == 1:
        return client.post(url, content=photo(names[0]), params=query, headers=JPEG, timeout=60)
    files = [("image", (name, photo(name), "image/jpeg")) for name in names]
    return client.post(url, files=files, params=query, timeout=60)


def run(client: httpx.Client, handler_id: str, *names: str, **query: Any) -> dict[str, Any]:
    """What the handler makes of the photos."""
    answer = send(client, handler_id, *names, **query)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def blobs_of(running: RunningApi) -> set[Path]:
    """The files in the blob store, once nobody works on it in the background."""
    running.rest()
    directory = running.services.settings.data_dir / "blobs"
    return {path for path in directory.rglob("*") if path.is_file()}
