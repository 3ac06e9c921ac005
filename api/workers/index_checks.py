"""Asks running services to compare their match indexes, and lets them answer."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import uuid4

import psycopg
import structlog
from psycopg import Connection

from api.workers.index_running import RunningVerdict, check_running
from domain.shared.model_features import DescriptorFeature
from ray_cluster.matching import Difference, Matching

log = structlog.get_logger("selene.index")

_ASKED: Final = "selene_index_checks"
_ANSWERED: Final = "selene_index_verdicts"
_NAME: Final = "selene index "
_LISTENERS: Final = """SELECT application_name FROM pg_stat_activity
    WHERE datname = current_database() AND starts_with(application_name, %s)"""
_POLL_S: Final = 0.25
_RETRY_S: Final = 1.0
_ENDED_WITHIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class ServiceVerdict:
    """What one process says of its index: a verdict, or why there is none."""

    process: str
    verdict: RunningVerdict | None
    problem: str = ""


class IndexChecks:
    """A thread of a service that compares its index whenever somebody asks through Postgres."""

    def __init__(self, dsn: str, matching: Matching, features: Iterable[DescriptorFeature]) -> None:
        self._dsn, self._matching, self._features = dsn, matching, tuple(features)
        host = socket.gethostname()[:24]
        self.process = f"{host}:{os.getpid()}:{uuid4().hex[:6]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index-checks", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer; a comparison that is going on is given up."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_ENDED_WITHIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True) as connection:
                    connection.execute(f"LISTEN {_ASKED}")
                    name = _NAME + self.process  # known to those who ask once it is heard
                    connection.execute("SELECT set_config('application_name', %s, false)", [name])
                    while not self._stop.is_set():
                        # The connection can be used again when its notifications have ended.
                        for asked in [*connection.notifies(timeout=_POLL_S, stop_after=1)]:
                            self._answer(connection, asked.payload)
            except psycopg.Error as error:
                log.debug("nobody can ask for a check of the index", reason=str(error))
                self._stop.wait(_RETRY_S)

    def _answer(self, connection: Connection[Any], token: str) -> None:
        said: dict[str, Any] = {"token": token, "process": self.process}
        try:
            said["verdict"] = asdict(check_running(self._dsn, self._matching, self._features))
        except Exception as problem:
            log.exception("the index could not be compared")
            said["problem"] = f"{type(problem).__name__}: {problem}"[:500]
        connection.execute("SELECT pg_notify(%s, %s)", [_ANSWERED, json.dumps(said, default=str)])


def ask_services(dsn: str) -> list[ServiceVerdict]:
    """What every service on this database says, once all have compared; nothing if none runs."""
    token = uuid4().hex
    found: dict[str, ServiceVerdict] = {}
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"LISTEN {_ANSWERED}")
        waited = _listening(connection)
        if waited:
            connection.execute("SELECT pg_notify(%s, %s)", [_ASKED, token])
        looked = time.monotonic()
        while waited - found.keys():
            for answer in connection.notifies(timeout=_POLL_S, stop_after=1):
                said = json.loads(answer.payload)
                if said["token"] == token:
                    found[said["process"]] = _service_verdict(said)
            if time.monotonic() - looked > _RETRY_S:  # whoever ended says nothing any more
                waited &= _listening(connection) | found.keys()
                looked = time.monotonic()
    return [found[process] for process in sorted(found)]


def _listening(connection: Connection[Any]) -> set[str]:
    rows = connection.execute(_LISTENERS, [_NAME]).fetchall()
    return {str(row[0]).removeprefix(_NAME) for row in rows}


def _service_verdict(said: dict[str, Any]) -> ServiceVerdict:
    if "verdict" not in said:
        return ServiceVerdict(said["process"], None, said["problem"])
    verdict = RunningVerdict(**said["verdict"])
    verdict.examples = [Difference(*each) for each in verdict.examples]
    return ServiceVerdict(said["process"], verdict)
