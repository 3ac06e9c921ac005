"""Gives parts of the match index that were lost what they miss."""

import threading
from typing import Final

import structlog

from api.workers.index_source import IndexSource
from domain.log.sealing import MasterKey
from ray_cluster.matching import Matching

log = structlog.get_logger("selene.index")

_LOOK_S: Final = 0.1
_RETRY_S: Final = 1.0


class IndexMending:
    """A thread that looks after parts of the index that live in other processes."""

    def __init__(self, dsn: str, master: MasterKey, matching: Matching) -> None:
        self._source, self._matching = IndexSource(dsn, master), matching
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index-mending", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no longer."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._source.close()

    def _run(self) -> None:
        whole = True
        while not self._stop.wait(_LOOK_S):
            try:
                now = self._matching.mend(self._source)
            except Exception:  # the database is away, say; searches go on with what is whole
                log.exception("the match index could not be mended, trying again")
                self._stop.wait(_RETRY_S)
                continue
            if now != whole:
                log.warning("all of the match index is back" if now else "a part of it is lost")
                whole = now
