"""Human tracking: what a stream sees, over a web socket."""

import asyncio
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, WebSocket
from pydantic import BaseModel, ConfigDict
from starlette.websockets import WebSocketDisconnect

from api.authentication import MaybeAccountId, chosen_of, permitted
from api.errors import answers
from api.sender.refusals import UpgradeRequired
from api.services import Services
from domain.shared.fields import Id
from domain.stream_statuses import StreamNotFound
from projections.streams import get_stream

_VIEW: Final = Depends(permitted("video_stream", "view"))
_TOO_SLOW: Final = 1013


class TrackingQuery(BaseModel):
    """Which stream to watch, and whose it is."""

    model_config = ConfigDict(extra="forbid")

    stream_id: Id
    account_id: Id | None = None


async def subscribe(
    websocket: WebSocket, scope: MaybeAccountId, wanted: Annotated[TrackingQuery, Query()]
) -> None:
    """Tell what becomes of the tracks of a stream from now on."""
    services: Services = websocket.app.state.services
    owner = chosen_of(scope, wanted.account_id)
    await asyncio.to_thread(get_stream, services.reader, owner, wanted.stream_id)
    with services.live.subscribed(str(wanted.stream_id)) as queue:
        await websocket.accept()
        leaving = asyncio.create_task(_listen(websocket))
        try:
            while not leaving.done():
                getting = asyncio.create_task(queue.get())
                await asyncio.wait({getting, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if not getting.done():
                    getting.cancel()
                    break
                message = getting.result()
                if message is None:
                    await websocket.close(_TOO_SLOW, "the client reads too slowly")
                    break
                await websocket.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect:
            pass
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)


async def _listen(websocket: WebSocket) -> None:
    """Wait until the client leaves; what it says means nothing."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def ws_handshake(
    scope: MaybeAccountId, wanted: Annotated[TrackingQuery, Query()]
) -> None:
    """Subscribe to the tracks of a stream: one JSON text frame for each change of a track."""
    raise UpgradeRequired


router = APIRouter(prefix="/1", tags=["ws"])
router.add_api_websocket_route("/ws", subscribe, dependencies=[_VIEW])
router.add_api_route(
    "/ws",
    ws_handshake,
    status_code=101,
    responses=answers(StreamNotFound, UpgradeRequired),
    dependencies=[_VIEW],
)
