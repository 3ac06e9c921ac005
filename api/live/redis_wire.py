"""What processes tell each other of live streams, over Redis."""

from collections.abc import Iterator
from typing import Any, Final

from redis import Redis

from projections.live_wire import Body

CHANNEL: Final = b"selene:live"


class RedisWire:
    """Messages are published whole: the head, a line break and the body."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def publish(self, head: str, body: bytes = b"") -> None:
        """Tell all processes, this one included."""
        self._redis.publish(CHANNEL, head.encode() + b"\n" + body)

    def close(self) -> None:
        """Disconnect."""
        self._redis.close()

    def listen(self, timeout_s: float) -> Iterator[tuple[str, Body] | None]:
        """What was told since this began, without end; None after each time of silence."""
        heard_only: Any = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with heard_only as subscription:
            subscription.subscribe(CHANNEL)
            while True:
                message: Any = subscription.get_message(timeout=timeout_s)
                if message is None:
                    yield None
                    continue
                head, _, body = bytes(message["data"]).partition(b"\n")
                yield head.decode(), lambda body=body: body  # type: ignore[misc]
