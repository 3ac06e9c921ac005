"""The database of this installation, for commands beside the services or without them."""

import fcntl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import typer
from psycopg.conninfo import make_conninfo

from api.cannot_start import CannotStart
from api.database_setup import prepare_database
from api.embedded_postgres import DATABASE, EmbeddedPostgres
from api.master_key import load_master_key
from api.settings import Settings
from domain.log.sealing import MasterKey
from domain.shared.refusal import Refusal

REFUSED: Final = 2
"""The exit status of a command that was refused with a reason."""

_LONGEST_SOCKET: Final = 85


@contextmanager
def installation(*, make: bool = False) -> Iterator[tuple[str, MasterKey]]:
    """The database's address and the master key; every reason not to go on ends the command.

    The embedded Postgres is used as it runs, or started until the command ends. `make` lets the
    command be the first that this installation sees.
    """
    try:
        settings = Settings.load()
        if not make:
            _require(settings)
        with _database(settings) as dsn:
            master = load_master_key(settings)
            if make:
                prepare_database(dsn, master)
            yield dsn, master
    except (CannotStart, Refusal) as reason:
        print(f"selene: {reason}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    except psycopg.OperationalError as lost:
        print(f"selene: the database cannot be reached: {lost}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None


def _require(settings: Settings) -> None:
    key = settings.master_key_file or settings.data_dir / "master.key"
    if not key.is_file():
        raise CannotStart(f"there is no installation yet: {key} is missing")


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    directory = settings.data_dir / "postgres"
    if not _is_running(directory):
        with EmbeddedPostgres(directory) as dsn:
            yield dsn
        return
    with tempfile.TemporaryDirectory(prefix="selene-") as short:
        host = directory / "cluster"
        if len(str(host)) > _LONGEST_SOCKET:
            host = Path(short) / "db"
            host.symlink_to(directory / "cluster")
        yield make_conninfo(host=str(host), port=5432, user=DATABASE, dbname=DATABASE)


def _is_running(directory: Path) -> bool:
    """Whether another process holds the lock of the embedded Postgres."""
    try:
        lock = (directory / "lock").open("rb")
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
