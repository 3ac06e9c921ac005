"""Brings a database up to what this program needs, before anything is served."""

import psycopg

from api.cannot_start import CannotStart
from projections.read_model import ReadModel
from projections.schema import NewerSchema, ensure_schema
from projections.tables import INLINE


def prepare_database(dsn: str) -> None:
    """Create what is missing; `CannotStart` when a newer program wrote the database."""
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            ensure_schema(connection)
            for table in INLINE:
                ReadModel(table).create(connection)
    except NewerSchema as newer:
        raise CannotStart(str(newer)) from None
