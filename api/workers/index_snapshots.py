"""Saves the match index now and then, so that the next start begins with it."""

import threading
from typing import Final

import psycopg
import structlog

from api.workers.index_source import log_mark
from ray_cluster.matching import Matching

log = structlog.get_logger("selene.index")

_RETRY_S: Final = 1.0


class IndexSnapshots:
    """A thread that saves the index every so many seconds, if it changed, and at the end."""

    def __init__(self, dsn: str, matching: Matching, every_s: int) -> None:
        self._dsn, self._matching, self._every_s = dsn, matching, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index-snapshots", daemon=True)
        self._saved: int | None = None

    def start(self) -> None:
        """Begin, unless no snapshots are wanted."""
        if self._every_s:
            self._thread.start()

    def stop(self) -> None:
        """Save what is left, and end."""
        if self._thread.is_alive():
            self._stop.set()
            self._thread.join()
            self._save()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._save()

    def _save(self) -> None:
        """Save the index if the log went on; what cannot be saved now is tried again later."""
        if self._matching.position == self._saved:
            return
        try:
            with psycopg.connect(self._dsn, autocommit=True) as connection:
                saved = self._matching.save(lambda position: log_mark(connection, position))
        except Exception:  # a full disk, say; searches and the log do without
            log.exception("the match index could not be saved")
            return
        if saved is not None:
            self._saved = saved
            log.info("match index saved", position=saved)
