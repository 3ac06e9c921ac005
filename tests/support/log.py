"""A log with the product's read models on a database, for tests."""

from domain.log.sealing import MasterKey, new_key
from projections import prepare as preparing
from projections.history import PostgresLog
from projections.read_model import ReadModel
from projections.tables import INLINE

KEY = new_key()
MASTER = MasterKey(KEY)


def prepare(dsn: str) -> None:
    """Give an empty database the product's schema."""
    preparing.prepare(dsn, MASTER)


def open_log(dsn: str) -> PostgresLog:
    """The log with its inline read models."""
    return PostgresLog(dsn, MASTER, [ReadModel(table) for table in INLINE])
