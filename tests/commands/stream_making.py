"""Streams to begin stories with."""

from typing import Any
from uuid import UUID, uuid4

from commands.streams import CreateStream
from domain.streams_content.v2 import StreamDataV2

ACCOUNT = uuid4()


def content(kind: str = "tcp", **fields: Any) -> dict[str, Any]:
    """What a stream is, with all defaults."""
    handler = {
        "handler_id": str(uuid4()),
        "authorization": {"account_id": str(ACCOUNT)},
        "frame_store": None,
    }
    analytics = [{"event_handler": handler}]
    data = {"type": kind, "reference": "rtsp://camera/1", "analytics": analytics, **fields}
    return StreamDataV2.model_validate(data).as_dict()


def new_stream(account_id: UUID = ACCOUNT, kind: str = "tcp", **fields: Any) -> CreateStream:
    """The command that makes a stream."""
    return CreateStream(
        **{
            "account_id": account_id,
            "content": content(kind),
            "location": {},
            "autorestart": {"restart": 0, "attempt_count": 2, "delay": 60},
            **fields,
        }
    )
