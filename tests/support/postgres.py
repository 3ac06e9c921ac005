"""Databases for tests: one server per run, one cheap database per test."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from api.embedded_postgres import EmbeddedPostgres

Prepare = Callable[[str], None]
"""Fills an empty database, given its dsn: the schema of the code under test."""


@contextmanager
def server(directory: Path) -> Iterator[str]:
    """The dsn of the server named by SELENE_TEST_DATABASE_URL, or of a private one."""
    if named := os.environ.get("SELENE_TEST_DATABASE_URL"):
        yield named
        return
    # Tests kill processes, never the power: nothing here needs to reach the disk.
    fast = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
    with EmbeddedPostgres(directory, settings=fast) as dsn:
        yield dsn


class Databases:
    """Makes databases on one server: empty ones, or copies of a prepared template."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._run = uuid4().hex[:8]
        self._numbers = count()
        self._templates: dict[str, str] = {}

    @contextmanager
    def fresh(self, prepare: Prepare | None = None) -> Iterator[str]:
        """The dsn of a new database; `prepare` runs once per run, then its result is copied."""
        template = "template1" if prepare is None else self._template(prepare)
        name = f"test_{self._run}_{next(self._numbers)}"
        self._create(name, template)
        try:
            yield self._dsn_of(name)
        finally:
            self._drop(name)

    def close(self) -> None:
        """Drop the templates."""
        for name in self._templates.values():
            self._drop(name)

    def _template(self, prepare: Prepare) -> str:
        key = f"{prepare.__module__}.{prepare.__qualname__}"
        if key not in self._templates:
            name = f"template_{self._run}_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
            self._create(name, "template1")
            prepare(self._dsn_of(name))
            self._templates[key] = name
        return self._templates[key]

    def _create(self, name: str, template: str) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as admin:
            # The default strategy writes every copied block to the WAL; for small databases
            # that is still quicker than the two checkpoints of FILE_COPY.
            create = SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(create.format(Identifier(name), Identifier(template)))

    def _drop(self, name: str) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as admin:
            admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))

    def _dsn_of(self, name: str) -> str:
        return make_conninfo(self._dsn, dbname=name)
