"""Brings a database up to what this program needs, before anything is served."""

import structlog

from api.cannot_start import CannotStart
from domain.log.sealing import MasterKey
from projections.keys import WrongMasterKey
from projections.prepare import prepare
from projections.rebuild import CannotRebuild
from projections.schema import NewerSchema

log = structlog.stdlib.get_logger(__name__)


def prepare_database(dsn: str, master: MasterKey) -> None:
    """Create what is missing and rebuild read models whose shape has changed.

    `CannotStart` when a newer program or one with another master key wrote the database, or
    something keeps a table locked.
    """
    try:
        for done in prepare(dsn, master, _progress):
            log.info("rebuilt", table=done.name, seconds=round(done.seconds, 1))
    except (NewerSchema, WrongMasterKey, CannotRebuild) as reason:
        raise CannotStart(str(reason)) from None


def _progress(table: str, position: int, head: int) -> None:
    log.info("rebuilding", table=table, position=position, of=head)
