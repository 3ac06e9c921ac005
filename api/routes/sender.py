"""The sender: subscriptions over web sockets, and messages that clients publish."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, WebSocket
from starlette.websockets import WebSocketDisconnect

from api.authentication import AccountId, permitted
from api.dependencies import Context, Send
from api.errors import answers
from api.http.fields import Whole
from api.http.refusals import BadHeader
from api.schemas.sender import PublishEvents
from api.sender.filters import SubscriptionFilter
from api.sender.general import GeneralFilter
from api.sender.hub import Hub
from api.sender.refusals import PositionAhead, UpgradeRequired
from api.sender.subscription import Ended, Subscription
from commands.events import PublishMessages

_CLOSING_S: Final = 10.0
"""How long a client that does not read may keep its socket after the end."""


class SubscriptionQuery(SubscriptionFilter):
    """The query of a handshake; what lies behind `position` in the log is told first."""

    position: Whole | None = None


class GeneralSubscriptionQuery(GeneralFilter):
    """The query of a handshake for general events."""

    position: Whole | None = None


async def subscribe(
    websocket: WebSocket,
    account_id: AccountId,
    wanted: Annotated[SubscriptionQuery, Query()],
    selene_position: Annotated[str | None, Header()] = None,
) -> None:
    """Tell what handlers see, from now on or from a position in the log."""
    await _tell(websocket, account_id, wanted, selene_position)


async def subscribe_to_general(
    websocket: WebSocket,
    account_id: AccountId,
    wanted: Annotated[GeneralSubscriptionQuery, Query()],
    selene_position: Annotated[str | None, Header()] = None,
) -> None:
    """Tell of general events that are published, from now on or from a position in the log."""
    await _tell(websocket, account_id, wanted, selene_position)


async def _tell(
    websocket: WebSocket,
    account_id: UUID,
    wanted: SubscriptionQuery | GeneralSubscriptionQuery,
    selene_position: str | None,
) -> None:
    hub: Hub = websocket.app.state.services.hub
    position = wanted.position if selene_position is None else _position(selene_position)
    async with hub.subscribed(account_id, wanted, position) as subscription:
        await websocket.accept()
        await _serve(websocket, hub, subscription)


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadHeader("Selene-Position")
    return int(text)


async def _serve(websocket: WebSocket, hub: Hub, subscription: Subscription) -> None:
    """Send until the client leaves, or the subscription ends and says why."""
    tasks = [
        asyncio.create_task(_send(websocket, hub, subscription)),
        asyncio.create_task(_listen(websocket)),
    ]
    try:
        ends: list[asyncio.Future[Any]] = [*tasks, subscription.ended]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        failed = await asyncio.gather(*tasks, return_exceptions=True)
    if subscription.ended.done():
        why = subscription.ended.result()
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            await asyncio.wait_for(websocket.close(why.code, why.reason), _CLOSING_S)
        return
    for error in failed:
        if isinstance(error, Exception) and not isinstance(error, Ended | WebSocketDisconnect):
            raise error


async def _send(websocket: WebSocket, hub: Hub, subscription: Subscription) -> None:
    async for message in hub.messages(subscription):
        await websocket.send_text(message.text)


async def _listen(websocket: WebSocket) -> None:
    """Wait until the client leaves; what it says means nothing."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def publish_events(
    body: PublishEvents, send: Send, context: Context, account_id: AccountId
) -> None:
    """Tell the subscribers of the account of events that are kept nowhere."""
    messages = body.messages(context.request_id)
    await send(PublishMessages(account_id=account_id, messages=messages))


async def ws_handshake(
    account_id: AccountId,
    wanted: Annotated[SubscriptionQuery, Query()],
    selene_position: Annotated[str | None, Header()] = None,
) -> None:
    """Subscribe to events over a web socket: one JSON text frame for each.

    Each message carries its `position` in the log. A client that comes back with the position of
    its last message, in the query or as the header Selene-Position, misses nothing and gets
    nothing twice. What lies between is read from the log; published events are only kept for
    some minutes.
    """
    raise UpgradeRequired


_VIEW: Final = Depends(permitted("event", "view"))


def _add_socket(router: APIRouter, version: str = "") -> APIRouter:
    router.add_api_websocket_route("/ws", subscribe, dependencies=[_VIEW])
    router.add_api_route(
        "/ws",
        ws_handshake,
        name="ws_handshake" + version,
        status_code=101,
        responses=answers(PositionAhead, UpgradeRequired),
        tags=["ws"],
        dependencies=[_VIEW],
    )
    return router


router = _add_socket(APIRouter())
router.add_api_websocket_route(
    "/ws/general", subscribe_to_general, name="general_connect", dependencies=[_VIEW]
)
router.add_api_route(
    "/ws/general",
    ws_handshake,
    name="general_handshake",
    status_code=101,
    include_in_schema=False,  # the document has it from the web socket
    dependencies=[_VIEW],
)


def sender_routers(prefixes: Sequence[str]) -> Sequence[APIRouter]:
    """What the sender serves, once below each prefix."""
    routers = []
    for number, prefix in enumerate(prefixes, 1):
        version = "" if number == 1 else f"_v{number}"
        made = _add_socket(APIRouter(prefix=prefix), version)
        made.add_api_route(
            "/events",
            publish_events,
            name="publish_events" + version,
            methods=["POST"],
            status_code=204,
            tags=["events"],
            dependencies=[Depends(permitted("event", "creation"))],
        )
        routers.append(made)
    return routers
