"""The sender's parts of one process: over the log alone, or with Redis between processes."""

from dataclasses import dataclass

from redis import Redis

from api.sender.feed import LogStretches, PostgresFeed
from api.sender.hub import Hub
from api.sender.redis_feed import PATIENCE, RedisFeed, RedisPublisher
from api.settings import Settings
from commands.writer import Observer
from domain.log.sealing import MasterKey
from projections.database import Reader


@dataclass(slots=True)
class Sender:
    """The hub for subscribers, and the observers that tell other processes."""

    hub: Hub
    publisher: RedisPublisher | None = None
    redis: Redis | None = None

    @property
    def observers(self) -> list[Observer]:
        """What the writer shall show its commits to."""
        return [] if self.publisher is None else [self.publisher.committed]

    def close(self) -> None:
        """Publish what waits and disconnect; the writer and the hub have ended."""
        if self.publisher is not None:
            self.publisher.stop()
        if self.redis is not None:
            self.redis.close()


def open_sender(settings: Settings, dsn: str, master: MasterKey, reader: Reader) -> Sender:
    """Nothing is connected before the first subscriber comes or something is committed."""
    stretches = LogStretches(reader, master)
    if settings.redis_url is None:
        return Sender(Hub(PostgresFeed(dsn, master), stretches))
    redis = Redis.from_url(settings.redis_url.get_secret_value(), **PATIENCE)
    return Sender(Hub(RedisFeed(redis, stretches), stretches), RedisPublisher(redis), redis)
