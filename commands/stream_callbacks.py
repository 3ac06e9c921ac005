"""Telling others where a stream stands: messages that go with the facts."""

import orjson

from commands.store import Store
from domain.log.port import Delivery
from domain.shared.callbacks import HttpCallback
from domain.shared.fields import written
from domain.shared.ids import new_id
from domain.stream_statuses import as_number
from domain.streams import Stream


def keep(store: Store, *streams: Stream, request_id: str = "") -> None:
    """Keep what happened to the streams, and have those told who want to know where they stand."""
    for stream in streams:
        policy = (stream.of_v6 or {}).get("notification_policy") or {}
        if policy.get("enable"):
            _tell(stream, store, policy["stream_callbacks"], request_id)
    store.save(*streams)


def _tell(stream: Stream, store: Store, callbacks: list[object], request_id: str) -> None:
    passed = [one for one in stream.pending_events if isinstance(one, Stream.StatusChanged)]
    for change in passed:
        event = {
            "stream_id": stream.id,
            "version": change.stream_version,
            "status": as_number(change.status),
            "error": change.error,
        }
        message = orjson.dumps(
            {
                "account_id": stream.account_id,
                "event_type": "stream",
                "event_create_time": written(stream.create_time),
                "event_end_time": written(change.timestamp),
                "event": event,
            }
        )
        for said in callbacks:
            callback = HttpCallback.model_validate(said)
            if callback.enable:
                to = callback.as_dict()
                store.deliver(
                    Delivery(new_id(), stream.account_id, stream.id, request_id, to, message)
                )
