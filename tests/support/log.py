"""A log with the product's read models on a database, for tests."""

import os

import psycopg

from domain.log.sealing import MasterKey
from projections.history import PostgresLog
from projections.read_model import ReadModel
from projections.schema import ensure_schema
from projections.tables import INLINE

MASTER = MasterKey(os.urandom(32))


def prepare(dsn: str) -> None:
    """Give an empty database the product's schema."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        ensure_schema(connection)
        for table in INLINE:
            ReadModel(table).create(connection)


def open_log(dsn: str) -> PostgresLog:
    """The log with its inline read models."""
    return PostgresLog(dsn, MASTER, [ReadModel(table) for table in INLINE])
