"""The bus of one process: over Redis where there is one, else over the database."""

from redis import Redis

from api.live.bus import LiveBus
from api.live.redis_wire import RedisWire
from api.sender.redis_feed import PATIENCE
from api.settings import Settings
from projections.database import Reader
from projections.live_wire import PostgresWire


def open_bus(settings: Settings, dsn: str, reader: Reader) -> LiveBus:
    """Nothing is connected before the bus is started."""
    if settings.redis_url is None:
        return LiveBus(PostgresWire(dsn, reader))
    return LiveBus(RedisWire(Redis.from_url(settings.redis_url.get_secret_value(), **PATIENCE)))
