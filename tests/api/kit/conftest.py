"""A client of the toy service."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.kit.toy import asking, toy


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Asks a toy service with nothing configured."""
    async with asking(toy()) as client:
        yield client
