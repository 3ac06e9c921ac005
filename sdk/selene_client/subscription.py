"""Events over a web socket; a cut connection goes on where the last message was."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Generator
from typing import Any, Final
from urllib.parse import urlencode

from selene_client.calls import query
from selene_client.errors import Unreachable
from selene_client.values import Message

_LOST: Final = 10
"""How often in a row it is tried again before giving up."""


def _address(url: str, position: int | None, filters: dict[str, Any]) -> str:
    asked = urlencode(query(**filters, position=position))
    return f"ws{url.removeprefix('http')}/6/ws" + (f"?{asked}" if asked else "")


def _pause_s(lost: int) -> float:
    return float(min(0.1 * 2**lost, 5.0))


def listen(
    url: str, headers: dict[str, str], position: int | None, filters: dict[str, Any]
) -> Generator[Message, None, None]:
    """Messages as they come."""
    from websockets.exceptions import ConnectionClosed, InvalidStatus
    from websockets.sync.client import connect

    lost = 0
    while True:
        try:
            with connect(_address(url, position, filters), additional_headers=headers) as socket:
                while True:
                    message: Message = json.loads(socket.recv())
                    position, lost = message["position"], 0
                    yield message
        except InvalidStatus as refused:
            raise Unreachable(refused.response.body.decode()) from None
        except (ConnectionClosed, OSError) as cut:
            if (lost := lost + 1) > _LOST:
                raise Unreachable(str(cut)) from cut
            time.sleep(_pause_s(lost))


async def follow(
    url: str, headers: dict[str, str], position: int | None, filters: dict[str, Any]
) -> AsyncGenerator[Message, None]:
    """Messages as they come."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    lost = 0
    while True:
        address = _address(url, position, filters)
        try:
            async with connect(address, additional_headers=headers) as socket:
                while True:
                    message: Message = json.loads(await socket.recv())
                    position, lost = message["position"], 0
                    yield message
        except InvalidStatus as refused:
            raise Unreachable(refused.response.body.decode()) from None
        except (ConnectionClosed, OSError) as cut:
            if (lost := lost + 1) > _LOST:
                raise Unreachable(str(cut)) from cut
            await asyncio.sleep(_pause_s(lost))
